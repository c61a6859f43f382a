import { lstatSync, realpathSync, type Stats } from 'node:fs';
import { dirname, join } from 'node:path';

/*
 * A home of MEX holds the key that signs its log, secrets, and the log. It often lies in the very tree that is
 * scanned (`./.mex`), so whatever reads trees for others never enters one (CONTRACT §9, §14 B).
 */

/** Whether a directory is a home of MEX, by what every home has. @param entry path of one of its entries */
export function isHome(entry: (name: string) => string): boolean {
  if (look(entry('log.db')) === undefined) return false;
  return look(entry('keys'))?.isDirectory() === true || look(entry('artifacts'))?.isDirectory() === true;
}

/** What cannot be looked at cannot be read either. */
function look(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

/** Whether a path lies in a home of MEX, or is one. Links are resolved. */
export function isInHome(path: string): boolean {
  let at: string;
  try {
    at = realpathSync(path);
  } catch {
    // What cannot be resolved cannot be opened either.
    return false;
  }
  for (;;) {
    const here = at;
    if (isHome((name) => join(here, name))) return true;
    const above = dirname(at);
    if (above === at) return false;
    at = above;
  }
}
