import type { ResultCacheOptions } from '@mex/runtime';
import { z } from 'zod';

/** `result_cache` of a policy file: `"on"`, `"off"`, or its bounds. */
export const resultCacheFile = z.union([
  z.enum(['on', 'off']),
  z.strictObject({
    max_age_days: z.int().min(1).max(3_650).optional(),
    max_entries: z.int().min(1).max(1_000_000).optional(),
  }),
]);

/** Whether results are served again, and within which bounds. */
export type ResultCachePolicy = 'off' | ResultCacheOptions;

export function toResultCache(file: z.infer<typeof resultCacheFile>): ResultCachePolicy {
  if (file === 'off') return 'off';
  if (file === 'on') return {};
  const { max_age_days, max_entries } = file;
  return {
    ...(max_age_days === undefined ? {} : { maxAgeDays: max_age_days }),
    ...(max_entries === undefined ? {} : { maxEntries: max_entries }),
  };
}
