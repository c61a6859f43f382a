import type { Environment, IsolationTier } from '@mex/envelope';

/** Version of the contract this runtime keeps. */
export const CONTRACT_VERSION = 'mex-1.0';

/** Version of this package; a test holds it against `package.json`. */
export const RUNTIME_VERSION = '0.1.0';

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

/**
 * What an engine's code runs on, whatever its tier: another version of any part may give other bytes, so a result that is
 * kept counts only where all of it is the same.
 */
export const CODE_ENVIRONMENT = { ...fixed, mex_version: RUNTIME_VERSION } as const;

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
