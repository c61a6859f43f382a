import { lstatSync, readFileSync, statSync } from 'node:fs';
import { type FullBudget, MexError } from '@mex/envelope';
import { digestJson } from '@mex/envelope/digest';
import type { QuotaLimits, ToolPolicies } from '@mex/runtime';
import type { CertificatePolicy } from './certificates/certificate-policy.ts';
import type { GovernancePolicy } from './governance/governance-policy.ts';
import type { RetentionPolicy } from './prune/retention-policy.ts';
import type { ResultCachePolicy } from './result-cache-policy.ts';

/** What an operator decides, in force for a whole home (CONTRACT §7, §9). */
export interface Policy {
  /** Development switch: engines without a certificate may run; one that is refused or over still denies. */
  readonly allowUncertified: boolean;
  /** Whose certificates count; default: those this home signed. */
  readonly certificates?: CertificatePolicy;
  readonly defaultProfile: string;
  /** Profile name → capability ids. */
  readonly profiles: Readonly<Record<string, readonly string[]>>;
  /** Caller id → names of the profiles it may use; the first is its default. */
  readonly callers: Readonly<Record<string, readonly string[]>>;
  /** Capabilities nobody gets. */
  readonly deniedCapabilities: readonly string[];
  readonly ceilings: Partial<FullBudget>;
  readonly requireRunBudget: boolean;
  /** Who lets what happen (CONTRACT §12); default: nothing waits for anybody. */
  readonly governance?: GovernancePolicy;
  /** A policy file says the first two; the rest is for applications. */
  readonly quota: Partial<QuotaLimits>;
  readonly tiers: TierPolicy;
  /** `fs.read:<scope>`: name → absolute directory. */
  readonly readScopes: Readonly<Record<string, string>>;
  /** Hosts (`host` or `host:port`) whose private addresses `net.http` may reach. */
  readonly privateHosts: readonly string[];
  /** `proc.exec:<name>`: the external programs there are. */
  readonly tools: ToolPolicies;
  /** Engine id → id of the implementation that does its work, where it is not its own (CONTRACT §13). */
  readonly implementations?: Readonly<Record<string, string>>;
  /** Engine id → ids of secrets whose value that engine may see, where its manifest asks for it. */
  readonly readableSecrets: Readonly<Record<string, readonly string[]>>;
  /** Secret id → scopes of `net.http` it may be sent to; one that is not here goes to any host that is granted. */
  readonly secretHosts: Readonly<Record<string, readonly string[]>>;
  /** How long artifacts stay (CONTRACT §5); default: logs 30 days, cached ones 7, everything else for good. */
  readonly retention?: RetentionPolicy;
  /** Whether results of D3 operations are served again (CONTRACT §6); default: for 7 days. */
  readonly resultCache?: ResultCachePolicy;
}

/** A tier by its name. */
export type TierName = 'thread' | 'process' | 'wasm';

/** Which tier an engine runs in (CONTRACT §9): the first that applies. */
export interface TierPolicy {
  /** By engine id. */
  readonly engines: Readonly<Record<string, TierName>>;
  /** Engines that somebody vouches for: shipped with the application, or certified with a trusted key. */
  readonly trusted: TierName;
  /** All others. */
  readonly untrusted: TierName;
}

/** In force when a home has no policy file. */
export const DEFAULT_POLICY: Policy = {
  allowUncertified: true,
  defaultProfile: 'Analyst',
  profiles: { Analyst: ['fs.read:inputs', 'fs.write:artifacts'] },
  callers: {},
  deniedCapabilities: [],
  ceilings: {},
  requireRunBudget: false,
  quota: {},
  tiers: { engines: {}, trusted: 'thread', untrusted: 'process' },
  readScopes: {},
  privateHosts: [],
  tools: {},
  readableSecrets: {},
  secretHosts: {},
};

/** A policy together with the digest that goes into every record (CONTRACT §14 K). */
export interface LoadedPolicy {
  readonly policy: Policy;
  readonly sha256: string;
  /** Where it came from; `built-in` without a file. */
  readonly source: string;
}

/**
 * Reads `policy.json` of a home.
 * @throws MexError `POLICY_INVALID`, naming each wrong place in words.
 */
export async function loadPolicy(file: string): Promise<LoadedPolicy> {
  const entry = lstatSync(file, { throwIfNoEntry: false });
  if (entry === undefined) return wrapPolicy(DEFAULT_POLICY, 'built-in');
  const text = readPolicyText(file);
  // zod is needed only where a person's file is read; start-up without one does not pay for it.
  const { parsePolicy } = await import('./policy-file.ts');
  const parsed = parsePolicy(text);
  if ('problem' in parsed) throw invalid(file, parsed.problem);
  return wrapPolicy(parsed.policy, file);
}

/**
 * The text of a policy file. A link that leads nowhere is a policy somebody meant to be there; a pipe would keep the start
 * waiting for ever.
 * @throws MexError `POLICY_INVALID`
 */
export function readPolicyText(file: string): string {
  try {
    const stat = statSync(file);
    if (!stat.isFile()) throw invalid(file, 'it is not a regular file');
    // Whoever can write it decides what everybody may do.
    if (process.platform !== 'win32' && (stat.mode & 0o002) !== 0)
      throw invalid(file, 'everybody may write it; chmod o-w it');
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof MexError) throw error;
    throw invalid(file, error instanceof Error ? error.message : 'unreadable', error);
  }
}

export function wrapPolicy(policy: Policy, source: string): LoadedPolicy {
  return { policy, sha256: digestJson(policy), source };
}

function invalid(file: string, problem: string, cause?: unknown): MexError<'POLICY_INVALID'> {
  return new MexError({
    code: 'POLICY_INVALID',
    kind: 'policy',
    message: `The policy file ${file} cannot be used: ${problem}`,
    remedy: 'Correct it, or move it away to use the built-in policy.',
    cause,
  });
}
