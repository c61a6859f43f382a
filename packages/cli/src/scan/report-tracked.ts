import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { IgnoredPaths } from './ignored-paths.ts';
import type { ScanRequest } from './run-checks.ts';
import { type ProblemContext, report } from './scan-problems.ts';
import { isNeverScanned } from './secret-candidates.ts';
import { readTracked } from './tracked-paths.ts';
import type { ReportedCheck, Unseen } from './verdict.ts';

const MAX_NAMED = 20;

/**
 * Files that git tracks although an ignore file names them: they are in every clone, and the secret scan leaves out what is
 * ignored. One line in an ignore file must not hide what is published (CONTRACT §14 E).
 */
export async function reportTracked(
  context: ProblemContext,
  { target }: Pick<ScanRequest, 'target'>,
  checks: readonly ReportedCheck[],
): Promise<Unseen[]> {
  const secret = checks.find(({ check, report: found }) => check.name === 'secret' && found !== undefined);
  if (secret === undefined || target.only !== undefined) return [];
  const hidden = findHidden(target.root, context.host.home);
  const paths = hidden ?? ['.git/index'];
  if (paths.length === 0) return [];
  const named = `${paths.slice(0, MAX_NAMED).join(', ')}${paths.length > MAX_NAMED ? ` and ${paths.length - MAX_NAMED} more` : ''}`;
  const why =
    hidden === undefined
      ? 'it cannot be read, so nobody knows which of the ignored files git tracks'
      : 'git tracks it, and an ignore file names it, so it was not looked at';
  await report(context, secret.check.job, secret.result.op_id, {
    title: 'Files that git tracks and ignores',
    message: `${why[0]?.toUpperCase()}${why.slice(1)}: ${named}. Take them out of the ignore file (a line with ! before the path), or have git forget them (git rm --cached).`,
    severity: 'warning',
    surface: 'scan',
    tool: secret.check.engineId,
    code: 'SCAN_TRACKED_IGNORED',
    locations: paths.slice(0, MAX_NAMED).map((path) => ({ path })),
  });
  return paths.map((path) => ({ check: 'secret', path, why }));
}

/** `undefined` when git's list cannot be read. */
function findHidden(root: string, home: string): string[] | undefined {
  const ignored = new IgnoredPaths(root);
  const directories = new Map<string, boolean>();
  const isHiddenDirectory = (path: string): boolean => {
    if (path === '') return false;
    const known = directories.get(path);
    if (known !== undefined) return known;
    const slash = path.lastIndexOf('/');
    const hidden = isHiddenDirectory(path.slice(0, Math.max(0, slash))) || ignored.has(path, true);
    directories.set(path, hidden);
    return hidden;
  };
  return readTracked(root)?.filter((path) => {
    if (isNeverScanned(root, home, path)) return false;
    const directory = path.slice(0, Math.max(0, path.lastIndexOf('/')));
    if (!isHiddenDirectory(directory) && !ignored.has(path, false)) return false;
    return lstatSync(join(root, path), { throwIfNoEntry: false })?.isFile() === true;
  });
}
