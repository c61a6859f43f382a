import type { CheckInputs, ScanRequest } from './run-checks.ts';
import type { AcceptedUnlocked } from './scan-policy.ts';
import { type ProblemContext, report } from './scan-problems.ts';
import { findUnlocked, type Unlocked } from './unlocked-manifests.ts';
import type { ReportedCheck, Unseen } from './verdict.ts';

const MAX_NAMED = 20;

const TOLD = {
  manifest: {
    title: 'Manifests without a lockfile',
    code: 'SCAN_MANIFEST_UNLOCKED',
    what: 'No lockfile beside or above them pins what these manifests ask for',
    why: 'no lockfile pins the packages that it asks for',
  },
  lockfile: {
    title: 'Lockfiles that are not read',
    code: 'SCAN_LOCKFILE_UNREAD',
    what: 'These lockfiles are of a format that is not read',
    why: 'it is a lockfile of a format that is not read',
  },
} as const;

/**
 * Tells what names packages that are in no SBOM, and answers with what the scan policy does not accept. Without any lockfile
 * there is nothing but this to say, and the engine says it.
 */
export async function reportUnlocked(
  context: ProblemContext,
  { target, policy }: Pick<ScanRequest, 'target' | 'policy'>,
  checks: readonly ReportedCheck[],
  { asOf }: Pick<CheckInputs, 'asOf'>,
): Promise<Unseen[]> {
  const sbom = checks.find(({ check, report: found }) => check.name === 'sbom' && found !== undefined);
  if (sbom === undefined) return [];
  const day = asOf.slice(0, 10);
  const found = findUnlocked(target);
  const open = found.filter(({ path }) => !policy.unlocked.some((one) => one.expires >= day && isAbout(one, path)));
  const told = (['manifest', 'lockfile'] as const).map((kind) =>
    reportKind(
      context,
      sbom,
      kind,
      open.flatMap((one) => (one.kind === kind ? one.path : [])),
    ),
  );
  const lapsed = policy.unlocked.filter((one) => one.expires < day && open.some(({ path }) => isAbout(one, path)));
  await Promise.all([...told, ...lapsed.map((one) => reportLapsed(context, sbom, one))]);
  return open.map(({ path, kind }) => ({ check: 'sbom', path, why: TOLD[kind].why }));
}

function isAbout({ path }: AcceptedUnlocked, found: string): boolean {
  return path.endsWith('/') ? found.startsWith(path) : found === path;
}

async function reportKind(
  context: ProblemContext,
  { check, result }: ReportedCheck,
  kind: Unlocked['kind'],
  paths: readonly string[],
): Promise<void> {
  if (paths.length === 0) return;
  const { title, code, what } = TOLD[kind];
  const named = `${paths.slice(0, MAX_NAMED).join(', ')}${paths.length > MAX_NAMED ? ` and ${paths.length - MAX_NAMED} more` : ''}`;
  await report(context, check.job, result.op_id, {
    title,
    message: `${what}, so these packages were not checked: ${named}.`,
    severity: 'warning',
    surface: 'scan',
    tool: check.engineId,
    code,
    locations: paths.slice(0, MAX_NAMED).map((path) => ({ path })),
  });
}

function reportLapsed(
  context: ProblemContext,
  { check, result }: ReportedCheck,
  { path, expires, author }: AcceptedUnlocked,
): Promise<void> {
  return report(context, check.job, result.op_id, {
    title: `An entry of the scan policy has expired: ${path}`,
    message: `unlocked of the scan policy accepted ${path} until ${expires} (${author}), so it counts as absent.`,
    severity: 'warning',
    surface: 'scan',
    code: 'SCAN_UNLOCKED_EXPIRED',
    locations: [{ path }],
  });
}
