/*
 * The snapshot file: the first line names the format, the second is the header, then come the records (one JSON text a
 * line, sorted by id), the packages (`ecosystem TAB key TAB JSON`, sorted by bytes), and for both a table of line offsets
 * (32-bit, little end first, one more than there are lines). Lines are found by binary search without reading the rest.
 * Equal records give equal bytes, wherever they came from.
 */
import type { SeverityEntry } from '../osv/record.ts';

export const FORMAT = 'mex.advisories@1';

/** Bytes of a whole snapshot: offsets are 32-bit, and the engine holds it in memory. */
export const MAX_SNAPSHOT_BYTES = 1024 * 1024 * 1024;

export interface EcosystemCoverage {
  readonly packages: number;
  /** Records that name a package of this ecosystem. */
  readonly records: number;
  /**
   * Records that name packages of this ecosystem and of no other. None means: the source was another ecosystem's, which
   * happens to mention some packages of this one; then absence of advisories says nothing.
   */
  readonly own: number;
  /** Newest time among its own records; `null` when none states a credible one. */
  readonly newest: string | null;
}

/** Something that could not be used, and why. */
export interface RejectedRecord {
  /** File, entry or line, or the record's id. */
  readonly source: string;
  readonly reason: string;
}

export interface SnapshotHeader {
  readonly format: typeof FORMAT;
  readonly records: number;
  readonly packages: number;
  readonly newest: string | null;
  readonly ecosystems: Readonly<Record<string, EcosystemCoverage>>;
  readonly skipped: {
    readonly withdrawn: number;
    /** Older copies of a record that came more than once. */
    readonly superseded: number;
    /** Packages that are only described by commits. */
    readonly commits_only: number;
    /** Records by ecosystem whose versions cannot be ordered here. */
    readonly other_ecosystems: Readonly<Record<string, number>>;
  };
  readonly rejected: { readonly count: number; readonly first: readonly RejectedRecord[] };
  readonly sections: {
    readonly record_bytes: number;
    readonly package_bytes: number;
  };
}

/** One advisory as a reader gets it. */
export interface SnapshotRecord {
  readonly id: string;
  readonly aliases: readonly string[];
  readonly modified: string;
  readonly published?: string;
  readonly summary: string;
  readonly severity: readonly SeverityEntry[];
  readonly severity_word?: string;
  readonly cwes: readonly string[];
  readonly url?: string;
  /** SHA-256 of the record's bytes as they were imported. */
  readonly sha256: string;
}

/** Letters of events in package lines. */
export const EVENT_LETTERS = { introduced: 'i', fixed: 'f', last_affected: 'l', limit: 'm' } as const;
