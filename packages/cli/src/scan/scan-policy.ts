import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { usageError } from '../usage-error.ts';

/** An entry of the policy about something that no lockfile pins. */
export interface AcceptedUnlocked {
  /** Relative to the scanned tree; a directory ends in a slash and means everything in it. */
  readonly path: string;
  readonly reason: string;
  readonly author: string;
  /** The last day on which it counts, `2026-12-31`, in UTC. */
  readonly expires: string;
}

/** What an operator decides about scans. Documents are allow lists, and absolute paths here. */
export interface ScanPolicy {
  /** The file it was read from; absent for the built-in one. */
  readonly file: string | undefined;
  /** Its exact bytes, kept as an artifact; absent for the built-in one. */
  readonly bytes: Uint8Array | undefined;
  /** Days after which the newest advisory of an ecosystem is a warning. */
  readonly warnAgeDays: number;
  /** Days after which a release does not pass. */
  readonly maxAgeDays: number;
  /** The OSV server that `--osv online` asks. */
  readonly osvApi: string;
  /** Whether an external tool is taken at its word that does not say how old its database is. */
  readonly acceptUnknownAge: boolean;
  /** OpenVEX documents. */
  readonly vex: readonly string[];
  readonly licensePolicy: string | undefined;
  readonly secretBaseline: string | undefined;
  /** What a release passes with although no lockfile pins it. */
  readonly unlocked: readonly AcceptedUnlocked[];
  /** A file that was found and not used, because it lies in the scanned tree. */
  readonly refused: string | undefined;
}

/** Without a policy file. */
const BUILT_IN_POLICY: ScanPolicy = {
  file: undefined,
  bytes: undefined,
  warnAgeDays: 7,
  maxAgeDays: 14,
  osvApi: 'https://api.osv.dev',
  acceptUnknownAge: false,
  vex: [],
  licensePolicy: undefined,
  secretBaseline: undefined,
  unlocked: [],
  refused: undefined,
};

/** Name of the policy file in a home. */
const SCAN_POLICY_FILE = 'scan-policy.json';

const MAX_BYTES = 1024 * 1024;

/**
 * Reads the file that `--policy` names, else the one in the home. Never one of the scanned tree that nobody named, also
 * when the home lies in it: who writes the code that is scanned must not be who says what counts (CONTRACT §2).
 * @param root absolute path of the scanned directory
 * @throws MexError `CLI_FILE_UNREADABLE`, `CLI_USAGE`
 */
export async function loadScanPolicy(named: string | undefined, home: string, root: string): Promise<ScanPolicy> {
  const file = resolve(named ?? join(home, SCAN_POLICY_FILE));
  if (named === undefined && isBelow(home, root) && existsSync(file)) return { ...BUILT_IN_POLICY, refused: file };
  const bytes = readPolicy(file, named !== undefined);
  if (bytes === undefined) return BUILT_IN_POLICY;
  // zod is needed only where a person's file is read; a scan without one does not pay for it.
  const { parseScanPolicy } = await import('./scan-policy-file.ts');
  const parsed = parseScanPolicy(bytes);
  if ('problem' in parsed) throw invalid(file, parsed.problem);
  const below = (path: string): string => resolve(dirname(file), path);
  const { advisories, vex, license_policy, secret_baseline, unlocked = [] } = parsed.policy;
  return {
    file,
    bytes,
    warnAgeDays: advisories?.warn_age_days ?? BUILT_IN_POLICY.warnAgeDays,
    maxAgeDays: advisories?.max_age_days ?? BUILT_IN_POLICY.maxAgeDays,
    osvApi: advisories?.osv_api ?? BUILT_IN_POLICY.osvApi,
    acceptUnknownAge: advisories?.accept_unknown_age ?? BUILT_IN_POLICY.acceptUnknownAge,
    vex: (vex ?? []).map(below),
    licensePolicy: license_policy === undefined ? undefined : below(license_policy),
    secretBaseline: secret_baseline === undefined ? undefined : below(secret_baseline),
    unlocked,
    refused: undefined,
  };
}

/** By their real places: a link must not make a tree look like another. */
function isBelow(path: string, root: string): boolean {
  const way = relative(realpathSync(root), existsSync(path) ? realpathSync(path) : path);
  return way === '' || !(way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way));
}

function readPolicy(file: string, isNamed: boolean): Uint8Array | undefined {
  try {
    const stats = statSync(file, { throwIfNoEntry: false });
    if (stats === undefined && !isNamed) return undefined;
    if (stats === undefined) throw invalid(file, 'it does not exist');
    if (!stats.isFile()) throw invalid(file, 'it is no regular file');
    if (stats.size > MAX_BYTES) throw invalid(file, `it has more than ${MAX_BYTES} bytes`);
    return readFileSync(file);
  } catch (error) {
    if (error instanceof Error && error.name === 'MexError') throw error;
    throw invalid(file, error instanceof Error && 'code' in error ? String(error.code) : 'it cannot be read');
  }
}

function invalid(file: string, what: string): Error {
  return usageError(
    `The scan policy ${file} cannot be used: ${what}.`,
    'Correct it, or leave it out for the built-in rules. Its form is in docs/how-to/release-gate.md.',
  );
}
