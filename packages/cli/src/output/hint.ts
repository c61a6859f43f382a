import type { Invocation } from '../command.ts';

/** A command line to try next, for the home that this command used. */
export function hint(invocation: Invocation, line: string): string {
  const home = invocation.options.get('home')?.at(-1);
  return home === undefined ? line : `${line} --home ${quoteForShell(home)}`;
}

/** As a POSIX shell takes it back. */
export function quoteForShell(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
