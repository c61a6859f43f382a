import { z } from 'zod';
import type { RetentionPolicy } from './retention-policy.ts';

const days = z.int().nonnegative().max(36_500);

/** `retention` of `policy.json`. */
export const retentionFile = z.strictObject({
  days: z
    .strictObject({
      raw: days,
      derived: days,
      evidence: days,
      log: days,
      cache: days,
      file: days,
      tool_output: days,
      transcript: days,
      dataset_slice: days,
      prompt_payload: days,
      report: days,
      bundle: days,
    })
    .partial()
    .optional(),
  min_versions: z.int().nonnegative().max(1_000).optional(),
});

/** Absent members stay absent. */
export function toRetention(file: z.infer<typeof retentionFile>): RetentionPolicy {
  const given = Object.entries(file.days ?? {}).filter(([, value]) => value !== undefined);
  return {
    days: Object.fromEntries(given),
    ...(file.min_versions === undefined ? {} : { minVersions: file.min_versions }),
  };
}
