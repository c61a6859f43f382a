import { EngineError } from '../context.ts';

/** From the working directory of a program up to the root of what it sees. */
const CLIMB = /^(?:\.\.\/){1,8}/;

/** Turns what a program calls a file into the path that the input has for it. */
export type TreePaths = (told: string) => string;

/**
 * Paths of an input as a program tells them that found it at `/inputs/<as>`: absolute, relative to that place, or to the
 * directory of the program.
 * @param files paths of the input
 * @throws (when called) EngineError `TOOL_REPORT_OUTSIDE` for anything that is no file of the input
 */
export function treePaths(tool: string, as: string, files: Iterable<string>): TreePaths {
  const known = new Set(files);
  const root = `/inputs/${as}/`;
  return (told) => {
    const below = told.startsWith(root) ? told.slice(root.length) : told.replace(/^\.?\/+/, '');
    if (known.has(below)) return below;
    // cdxgen says where it is from its own directory.
    const again = below.replace(CLIMB, '');
    if (again.startsWith(root.slice(1)) && known.has(again.slice(root.length - 1))) return again.slice(root.length - 1);
    // What it named is a stranger's text, and may be a secret itself.
    throw new EngineError('TOOL_REPORT_OUTSIDE', `The report of ${tool} speaks of a file that it was not given.`);
  };
}
