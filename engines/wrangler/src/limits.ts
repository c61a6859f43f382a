/** What one table may hold. A table beyond these is refused with `WRANGLER_TOO_LARGE`, whatever the budget. */
export const LIMITS = {
  maxColumns: 4_096,
  maxColumnNameChars: 1_024,
  maxRows: 50_000_000,
  /** Characters of one CSV record, and bytes of one JSON row. */
  maxRowChars: 64 * 1024 * 1024,
  /** Nesting inside of one JSON row. */
  maxDepth: 64,
  /** Members of one JSON row, all levels together. */
  maxRowMembers: 1_000_000,
  /** Values of one Parquet row group: they are in memory together. */
  maxGroupValues: 32 * 1024 * 1024,
  /** Unpacked bytes of one Parquet page. */
  maxPageBytes: 256 * 1024 * 1024,
  /** Unpacked bytes of one Parquet row group. */
  maxGroupBytes: 768 * 1024 * 1024,
  maxParquetElements: 16_384,
  maxParquetDepth: 32,
} as const;

/** What a report describes; the rest is counted. */
export const REPORT = {
  maxFindings: 1_000,
  maxGroups: 1_000,
  maxRowsOfGroup: 100,
  maxProblems: 20,
  maxExcerptChars: 80,
} as const;
