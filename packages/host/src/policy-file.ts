import { findCapability, type JsonValue, parseStrictJson } from '@mex/envelope';
import { z } from 'zod';
import { DEFAULT_POLICY, type Policy } from './policy.ts';

const capability = z.string().refine((id) => findCapability(id) !== undefined, {
  error: (issue) => `"${String(issue.input)}" is not a known capability; write e.g. fs.read:inputs`,
});
const count = z.int().nonnegative();

const policyFile = z.strictObject({
  schema_version: z.literal('mex.policy@1.0'),
  allow_uncertified_engines: z.boolean().optional(),
  default_profile: z.string().optional(),
  profiles: z.record(z.string(), z.array(capability)).optional(),
  callers: z.record(z.string(), z.array(z.string()).min(1)).optional(),
  denied_capabilities: z.array(capability).optional(),
  budget_ceilings: z
    .strictObject({
      wall_time_ms: count,
      cpu_time_ms: count,
      memory_bytes: count,
      output_bytes: count,
      net_requests: count,
      net_bytes: count,
      exec_count: count,
      file_writes: count,
    })
    .partial()
    .optional(),
  require_run_budget: z.boolean().optional(),
  quota: z
    .strictObject({ max_concurrent: count.min(1), max_per_minute: count.min(1) })
    .partial()
    .optional(),
  tier: z.enum(['thread', 'process', 'wasm']).optional(),
});

type PolicyFile = z.infer<typeof policyFile>;

/** Reads a policy file's text. Answers with the policy, or with what is wrong in words a person can act on. */
export function parsePolicy(text: string): { policy: Policy } | { problem: string } {
  let value: JsonValue;
  try {
    value = parseStrictJson(text);
  } catch (error) {
    return { problem: error instanceof Error ? error.message : 'it is not JSON' };
  }
  const parsed = policyFile.safeParse(value);
  if (!parsed.success) return { problem: z.prettifyError(parsed.error).replaceAll('\n', ' ') };
  return checkProfiles(toPolicy(parsed.data));
}

function toPolicy(file: PolicyFile): Policy {
  const { quota = {}, budget_ceilings = {} } = file;
  return {
    allowUncertified: file.allow_uncertified_engines ?? DEFAULT_POLICY.allowUncertified,
    defaultProfile: file.default_profile ?? DEFAULT_POLICY.defaultProfile,
    profiles: file.profiles ?? DEFAULT_POLICY.profiles,
    callers: file.callers ?? {},
    deniedCapabilities: file.denied_capabilities ?? [],
    ceilings: Object.fromEntries(Object.entries(budget_ceilings).filter(([, value]) => value !== undefined)),
    requireRunBudget: file.require_run_budget ?? false,
    quota: {
      ...(quota.max_concurrent === undefined ? {} : { maxConcurrent: quota.max_concurrent }),
      ...(quota.max_per_minute === undefined ? {} : { maxPerMinute: quota.max_per_minute }),
    },
    tier: file.tier ?? DEFAULT_POLICY.tier,
  };
}

function checkProfiles(policy: Policy): { policy: Policy } | { problem: string } {
  const known = new Set(Object.keys(policy.profiles));
  const named = [policy.defaultProfile, ...Object.values(policy.callers).flat()];
  const missing = named.find((name) => !known.has(name));
  return missing === undefined
    ? { policy }
    : { problem: `it names the profile "${missing}", which it does not define.` };
}
