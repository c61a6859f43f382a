import { delimiter, dirname } from 'node:path';
import type { Invocation } from '../command.ts';

/** A command line to try next, as it can be typed: for the home that this command used, and the way it was started. */
export function hint(invocation: Invocation, line: string): string {
  const home = invocation.options.get('home')?.at(-1);
  const command = line.replace(/^mex(?= )/, commandName(process.env));
  return home === undefined ? command : `${command} --home ${quoteForShell(home)}`;
}

/** The launcher of a checkout says how it was called; found on the PATH, its name is enough. */
function commandName({ MEX_INVOKED_AS: called, PATH: path = '' }: NodeJS.ProcessEnv): string {
  if (!called || path.split(delimiter).includes(dirname(called))) return 'mex';
  return quoteForShell(called);
}

/** As a POSIX shell takes it back. */
export function quoteForShell(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
