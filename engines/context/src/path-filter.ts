import { EngineError } from '@mex/engine-sdk';
import { type Glob, matchesGlob, namesOf, parseGlob } from './glob.ts';

/** What is left out unless `exclude` says otherwise: data of version control and installed packages. */
export const DEFAULT_EXCLUDE: readonly string[] = ['.git/', '.hg/', '.svn/', 'node_modules/'];

/** Which files of a tree are looked at. */
export interface PathFilter {
  readonly isWanted: (path: string) => boolean;
}

/**
 * @param include patterns of which the last that matches must not begin with `!`; none: every file
 * @param exclude the same, for what is left out, also of what `include` names
 * @throws EngineError `CONTEXT_GLOB_INVALID`
 */
export function createPathFilter(include: readonly string[] | undefined, exclude: readonly string[]): PathFilter {
  const [wanted, unwanted] = [parseAll(include ?? []), parseAll(exclude)];
  const everything = wanted.length === 0;
  return { isWanted: (path) => (everything || selects(wanted, path)) && !excludes(unwanted, path) };
}

function parseAll(patterns: readonly string[]): Glob[] {
  return patterns.flatMap((pattern, at) => {
    const glob = parseGlob(pattern);
    if (glob === 'invalid')
      throw new EngineError('CONTEXT_GLOB_INVALID', `Pattern ${at + 1} of the path patterns is no pattern.`);
    return glob === undefined ? [] : [glob];
  });
}

/** A pattern that names a directory names what is in it. */
function selects(globs: readonly Glob[], path: string): boolean {
  const names = namesOf(path);
  const fits = (glob: Glob): boolean =>
    names.some((_, at) => matchesGlob(glob, names.slice(0, at + 1), at + 1 < names.length));
  return globs.findLast(fits)?.negated === false;
}

/** As git does: what an excluded directory holds cannot be taken back. */
function excludes(globs: readonly Glob[], path: string): boolean {
  if (globs.length === 0) return false;
  const names = namesOf(path);
  return names.some((_, at) => {
    const [above, isDirectory] = [names.slice(0, at + 1), at + 1 < names.length];
    return globs.findLast((glob) => matchesGlob(glob, above, isDirectory))?.negated === false;
  });
}
