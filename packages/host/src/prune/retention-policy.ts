import type { RetentionDays } from '@mex/envelope/retention';

/** How long artifacts stay; absent members take CONTRACT §5: logs 30 days, cached ones 7, three versions. */
export interface RetentionPolicy {
  /** By layer or kind; the longest that applies counts, and what has no window stays. */
  readonly days?: RetentionDays;
  /** Newest versions that survive their window. */
  readonly minVersions?: number;
}

/** CONTRACT §5. */
export const DEFAULT_DAYS: RetentionDays = { log: 30, cache: 7 };
/** CONTRACT §5. */
export const DEFAULT_MIN_VERSIONS = 3;
