import { isAbsolute } from 'node:path';
import { findCapability, type JsonValue, parseStrictJson } from '@mex/envelope';
import { type ToolPolicies, verifyToolPolicy } from '@mex/runtime';
import { z } from 'zod';
import { certificatesFile, toCertificatePolicy } from './certificates/certificate-policy-file.ts';
import { governanceFile, toGovernance } from './governance/governance-policy-file.ts';
import { DEFAULT_POLICY, type Policy } from './policy.ts';
import { retentionFile, toRetention } from './prune/retention-policy-file.ts';
import { resultCacheFile, toResultCache } from './result-cache-policy.ts';

const engineId = z.string().max(128);
const capability = z.string().refine((id) => findCapability(id) !== undefined, {
  error: (issue) => `"${String(issue.input)}" is not a known capability; write e.g. fs.read:inputs`,
});
const count = z.int().nonnegative();

const tierName = z.enum(['thread', 'process', 'wasm']);
const scopeName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/, 'a name is letters, digits, ".", "_" and "-"');
const hostScope = z.string().refine((host) => findCapability(`net.http:${host}`) !== undefined, {
  error: (issue) =>
    `"${String(issue.input)}" is no host; write api.example, api.example:8443 or *.api.example, in lower case`,
});
const absolutePath = z.string().refine((path) => isAbsolute(path) && !path.includes('\0'), 'a path must be absolute');
const texts = z.array(z.string().max(4_096)).max(256);
const tool = z.strictObject({
  path: absolutePath.optional(),
  sha256: z.string().optional(),
  interpreter: absolutePath.optional(),
  args_prefix: texts.optional(),
  options: z.union([z.literal('any'), texts]).optional(),
  option_prefixes: texts.optional(),
  end_of_options: z.boolean().optional(),
  env: z.record(z.string(), z.string().max(4_096)).optional(),
  read_only: texts.optional(),
  max_output_bytes: count.optional(),
  timeout_ms: count.optional(),
  version_args: texts.optional(),
});

/** What `policy.json` may say. */
export const policyFile = z.strictObject({
  schema_version: z.literal('mex.policy@1.0'),
  allow_uncertified_engines: z.boolean().optional(),
  certificates: certificatesFile.optional(),
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
  governance: governanceFile.optional(),
  quota: z
    .strictObject({ max_concurrent: count.min(1), max_per_minute: count.min(1) })
    .partial()
    .optional(),
  tier: tierName.optional(),
  tiers: z.strictObject({ trusted: tierName, untrusted: tierName }).partial().optional(),
  engine_tiers: z.record(z.string(), tierName).optional(),
  read_scopes: z
    .record(scopeName, absolutePath)
    .refine(
      (scopes) => !Object.hasOwn(scopes, 'inputs'),
      '"inputs" means the inputs of an operation; choose another name',
    )
    .optional(),
  private_hosts: z.array(hostScope).max(256).optional(),
  tools: z.record(scopeName, tool).optional(),
  implementations: z.record(engineId, scopeName).optional(),
  readable_secrets: z.record(z.string(), z.array(scopeName)).optional(),
  secret_hosts: z.record(scopeName, z.array(hostScope)).optional(),
  result_cache: resultCacheFile.optional(),
  retention: retentionFile.optional(),
});

type PolicyFile = z.infer<typeof policyFile>;

/** One thing that is wrong. Without a path its message says where. */
export interface PolicyIssue {
  readonly path?: readonly PropertyKey[];
  readonly message: string;
}

/** What is wrong: in one sentence, and one by one. */
export interface PolicyRefusal {
  readonly problem: string;
  readonly issues: readonly PolicyIssue[];
}

/** Reads a policy file's text. Answers with the policy, or with what is wrong in words a person can act on. */
export function parsePolicy(text: string): { policy: Policy } | PolicyRefusal {
  let value: JsonValue;
  try {
    value = parseStrictJson(text);
  } catch (error) {
    const problem = error instanceof Error ? error.message : 'it is not JSON';
    return { problem, issues: [{ message: problem }] };
  }
  const parsed = policyFile.safeParse(value);
  if (!parsed.success) {
    const issues = parsed.error.issues.map(toIssue);
    return { problem: z.prettifyError(parsed.error).replaceAll('\n', ' '), issues };
  }
  const policy = toPolicy(parsed.data);
  const wrong = checkTools(policy.tools) ?? checkProfiles(policy);
  return wrong === undefined ? { policy } : { problem: wrong.message, issues: [wrong] };
}

/** An unknown member is reported at its parent; a person looks for the member. */
function toIssue(issue: z.core.$ZodIssue): PolicyIssue {
  const { path, message } = issue;
  const [key] = issue.code === 'unrecognized_keys' ? issue.keys : [];
  return { path: key === undefined ? path : [...path, key], message };
}

function toPolicy(file: PolicyFile): Policy {
  const { quota = {}, budget_ceilings = {} } = file;
  return {
    allowUncertified: file.allow_uncertified_engines ?? DEFAULT_POLICY.allowUncertified,
    ...(file.certificates === undefined ? {} : { certificates: toCertificatePolicy(file.certificates) }),
    defaultProfile: file.default_profile ?? DEFAULT_POLICY.defaultProfile,
    profiles: file.profiles ?? DEFAULT_POLICY.profiles,
    callers: file.callers ?? {},
    deniedCapabilities: file.denied_capabilities ?? [],
    ceilings: Object.fromEntries(Object.entries(budget_ceilings).filter(([, value]) => value !== undefined)),
    requireRunBudget: file.require_run_budget ?? false,
    ...(file.governance === undefined ? {} : { governance: toGovernance(file.governance) }),
    quota: {
      ...(quota.max_concurrent === undefined ? {} : { maxConcurrent: quota.max_concurrent }),
      ...(quota.max_per_minute === undefined ? {} : { maxPerMinute: quota.max_per_minute }),
    },
    tiers: {
      engines: file.engine_tiers ?? {},
      trusted: file.tiers?.trusted ?? file.tier ?? DEFAULT_POLICY.tiers.trusted,
      untrusted: file.tiers?.untrusted ?? file.tier ?? DEFAULT_POLICY.tiers.untrusted,
    },
    readScopes: file.read_scopes ?? {},
    privateHosts: file.private_hosts ?? [],
    tools: toToolPolicies(file.tools ?? {}),
    ...(file.implementations === undefined ? {} : { implementations: file.implementations }),
    readableSecrets: file.readable_secrets ?? {},
    secretHosts: file.secret_hosts ?? {},
    ...(file.result_cache === undefined ? {} : { resultCache: toResultCache(file.result_cache) }),
    ...(file.retention === undefined ? {} : { retention: toRetention(file.retention) }),
  };
}

/** Absent members stay absent. */
function toToolPolicies(tools: NonNullable<PolicyFile['tools']>): ToolPolicies {
  return Object.fromEntries(
    Object.entries(tools).map(([name, entry]) => [
      name,
      Object.fromEntries(Object.entries(entry).filter(([, value]) => value !== undefined)),
    ]),
  );
}

function checkProfiles(policy: Policy): PolicyIssue | undefined {
  const known = new Set(Object.keys(policy.profiles));
  const named: PolicyIssue['path'][] = [
    ['default_profile', policy.defaultProfile],
    ...Object.entries(policy.callers).flatMap(([caller, names]) => names.map((name) => ['callers', caller, name])),
  ];
  const missing = named.find((path) => !known.has(String(path?.at(-1))));
  if (missing === undefined) return undefined;
  return {
    path: missing.slice(0, -1),
    message: `it names the profile "${String(missing.at(-1))}", which it does not define.`,
  };
}

function checkTools(tools: ToolPolicies): PolicyIssue | undefined {
  for (const [name, entry] of Object.entries(tools)) {
    try {
      verifyToolPolicy(name, entry);
    } catch (error) {
      const message = error instanceof Error ? error.message : `the tool ${name} cannot be used`;
      return { path: ['tools', name], message };
    }
  }
  return undefined;
}
