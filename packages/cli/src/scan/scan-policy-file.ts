import { type JsonValue, parseStrictJson } from '@mex/envelope';
import { z } from 'zod';

const days = z.int().min(0).max(36_500);
const endpoint = z
  .string()
  .regex(/^https?:\/\/[A-Za-z0-9.:-]+\/?$/, 'the address of an OSV server is e.g. https://api.osv.dev, without a path')
  .max(300);
const path = z.string().min(1).max(4_096);

/** A file, or a directory with a slash at its end, whose packages no lockfile pins and which a release passes with. */
const accepted = z.strictObject({
  path: z
    .string()
    .regex(/^(?!\/)(?!.*(?:^|\/)\.{1,2}(?:\/|$))[^\\]+$/, 'a path of the scanned tree, without . and ..')
    .max(4_096),
  reason: z.string().trim().min(1).max(2_000),
  author: z.string().trim().min(1).max(300),
  expires: z.iso.date(),
});

const scanPolicy = z.strictObject({
  schema_version: z.literal('mex.scan_policy@1.0'),
  advisories: z
    .strictObject({ warn_age_days: days, max_age_days: days, osv_api: endpoint, accept_unknown_age: z.boolean() })
    .partial()
    .optional(),
  vex: z.array(path).max(16).optional(),
  license_policy: path.optional(),
  secret_baseline: path.optional(),
  unlocked: z.array(accepted).max(1_000).optional(),
});

/** Reads the text of a scan policy. Answers with it, or with what is wrong in words a person can act on. */
export function parseScanPolicy(
  bytes: Uint8Array,
): { readonly policy: z.infer<typeof scanPolicy> } | { readonly problem: string } {
  let value: JsonValue;
  try {
    value = parseStrictJson(bytes);
  } catch (error) {
    return { problem: error instanceof Error ? error.message : 'it is no JSON' };
  }
  const parsed = scanPolicy.safeParse(value);
  return parsed.success ? { policy: parsed.data } : { problem: z.prettifyError(parsed.error).replaceAll('\n', ' ') };
}
