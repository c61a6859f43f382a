import type { Environment, IsolationTier } from '@mex/envelope';

/** Version of the contract this runtime keeps. */
export const CONTRACT_VERSION = 'mex-1.0';

const fixed = {
  runtime: 'node',
  runtime_version: process.versions.node,
  os: process.platform,
  arch: process.arch,
  tool_versions: {
    v8: process.versions.v8,
    icu: process.versions['icu'] ?? 'none',
    unicode: process.versions['unicode'] ?? 'none',
  },
  contract_version: CONTRACT_VERSION,
} as const;

/** Where and with what an operation ran (CONTRACT §4). ICU and Unicode versions are there because they change Intl output. */
export function describeEnvironment(
  tier: IsolationTier,
  /** External programs that ran, by name. */
  tools: Readonly<Record<string, string>> = {},
  advisoryDbVersion?: string,
): Environment {
  return {
    ...fixed,
    tool_versions: { ...fixed.tool_versions, ...tools },
    isolation_tier: tier,
    ...(advisoryDbVersion === undefined ? {} : { advisory_db_version: advisoryDbVersion }),
  };
}
