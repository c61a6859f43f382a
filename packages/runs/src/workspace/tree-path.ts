import { checkBundlePath } from '@mex/artifacts';
import { ChangeRefusal } from '../errors.ts';

/** Begins the name of the directory in which a change is prepared, at the top of the workspace. */
export const STAGING_PREFIX = '.mex-change-';

/**
 * Refuses paths that a change set may not name (CONTRACT §14 B).
 * @param forbidden places below the workspace that stay out of reach, e.g. the MEX home; `/`-separated
 * @throws MexError `POLICY_PATH_ESCAPE`
 */
export function verifyPaths(paths: readonly string[], forbidden: readonly string[]): void {
  const closed = forbidden.map(foldPath);
  for (const path of paths) {
    const objection = checkBundlePath(path) ?? checkNames(path) ?? checkForbidden(foldPath(path), closed);
    if (objection === undefined) continue;
    throw new ChangeRefusal(
      'POLICY_PATH_ESCAPE',
      `The path ${JSON.stringify(path.slice(0, 200))} is refused: ${objection}.`,
      [path],
    );
  }
}

/** How a file system that ignores case, and one that ignores how an accent is written, knows a name. */
function foldPath(path: string): string {
  return path.normalize('NFC').toLowerCase().normalize('NFC');
}

/** All directories on the way to a path, the topmost first. */
export function ancestorsOf(path: string): string[] {
  const found: string[] = [];
  for (let at = path.indexOf('/'); at !== -1; at = path.indexOf('/', at + 1)) found.push(path.slice(0, at));
  return found;
}

export function parentOf(path: string): string {
  const at = path.lastIndexOf('/');
  return at === -1 ? '' : path.slice(0, at);
}

export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

// Characters that some file systems leave out of names: .g<ZWNJ>it is .git there.
const IGNORED = /\p{Default_Ignorable_Code_Point}/gu;

/** Git runs what it finds in its directory; whoever writes there runs programs. */
function checkNames(path: string): string | undefined {
  for (const name of path.split('/')) {
    const known = foldPath(name.replace(IGNORED, ''))
      .replace(/[. ]+$/, '')
      .replace(/:.*$/, '');
    if (known === '.git' || /^git~\d+$/.test(known)) return 'it is inside a git directory';
    // The default home of whoever works in this directory next: who writes its policy decides what they may do.
    if (known === '.mex') return 'it is inside a MEX home';
    if (known.startsWith(STAGING_PREFIX)) return 'the name is reserved for changes under way';
    if (/\p{Cc}/u.test(name)) return 'it has control characters';
  }
  return undefined;
}

function checkForbidden(folded: string, closed: readonly string[]): string | undefined {
  const inside = closed.some((place) => folded === place || folded.startsWith(`${place}/`));
  return inside ? 'it is inside the MEX home' : undefined;
}

/**
 * Refuses names that differ in case only, among themselves, and from what is there and stays.
 * @param staying names in a directory (`''` is the top) that the change leaves there; asked once a directory
 * @throws MexError `CHANGE_SET_CASE_CLASH`
 */
export function verifyCase(created: readonly string[], staying: (directory: string) => readonly string[]): void {
  const spelled = new Map<string, string>();
  const taken = new Map<string, Map<string, string>>();
  for (const path of created) {
    const folded = foldPath(path);
    const other = spelled.get(folded);
    if (other !== undefined && other !== path) throw clash(path, other);
    spelled.set(folded, path);
    const directory = parentOf(path);
    let names = taken.get(directory);
    if (names === undefined) {
      names = new Map(staying(directory).map((name) => [foldPath(name), name]));
      taken.set(directory, names);
    }
    const there = names.get(foldPath(nameOf(path)));
    if (there !== undefined && there !== nameOf(path))
      throw clash(path, directory === '' ? there : `${directory}/${there}`);
  }
}

function clash(path: string, other: string): ChangeRefusal {
  const named = [path, other].map((one) => JSON.stringify(one.slice(0, 200)));
  return new ChangeRefusal(
    'CHANGE_SET_CASE_CLASH',
    `${named.join(' and ')} are one name where upper and lower case, or ways to write accents, do not count.`,
    [path, other],
  );
}
