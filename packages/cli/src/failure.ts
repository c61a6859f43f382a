import type { ErrorKind } from '@mex/envelope';
import { type ExitCode, exitOfError } from './exit-codes.ts';
import { dim, red } from './output/style.ts';
import type { Terminal } from './output/terminal.ts';

/** What a command ended with, as everyone sees it. */
interface Failure {
  readonly code: string;
  readonly kind: ErrorKind;
  readonly message: string;
  readonly remedy?: string | undefined;
}

/**
 * Tells a person, or a program, what went wrong: the message, what to do, the code. Never a stack trace, unless
 * `MEX_DEBUG` asks for one. Returns the exit code.
 */
export function reportFailure(terminal: Terminal, thrown: unknown, env: NodeJS.ProcessEnv): ExitCode {
  const failure = describeFailure(thrown);
  const { code, kind, message, remedy } = failure;
  terminal.document({ error: { code, kind, message, ...(remedy === undefined ? {} : { remedy }) } });
  terminal.note(red('mex: '), message, dim(` (${code})`));
  if (remedy !== undefined) terminal.note('  → ', remedy);
  if (env['MEX_DEBUG']) for (const line of debugText(thrown).split('\n')) terminal.note(dim(line));
  return exitOfError(failure);
}

function describeFailure(thrown: unknown): Failure {
  if (isCoded(thrown)) return thrown;
  const system = describeSystemError(thrown);
  if (system !== undefined) return system;
  return {
    code: 'INTERNAL',
    kind: 'internal',
    message: `Something inside MEX failed that should not: ${thrown instanceof Error ? thrown.message : 'unknown cause'}`,
    remedy: 'Run it again with MEX_DEBUG=1 to see the details, and report them.',
  };
}

/** Errors are compared by what they say: commands are bundled apart from this file and have a MexError of their own. */
function isCoded(thrown: unknown): thrown is Failure {
  return thrown instanceof Error && thrown.name === 'MexError' && 'code' in thrown && 'kind' in thrown;
}

const SYSTEM_ERRORS: Readonly<Record<string, string>> = {
  EACCES: 'Permission was denied',
  EPERM: 'Permission was denied',
  EROFS: 'The file system is read-only',
  ENOSPC: 'The disk is full',
  EDQUOT: 'The disk quota is used up',
  ENOTDIR: 'A part of the path is not a directory',
  EEXIST: 'Something that is not a directory is in the way',
  ENAMETOOLONG: 'The name is too long',
  ELOOP: 'There are too many links in the path',
};

/** The operating system's refusals, in words. */
function describeSystemError(thrown: unknown): Failure | undefined {
  if (!(thrown instanceof Error) || !('code' in thrown) || typeof thrown.code !== 'string') return undefined;
  const words = SYSTEM_ERRORS[thrown.code];
  if (words === undefined) return undefined;
  const where = 'path' in thrown && typeof thrown.path === 'string' ? `: ${thrown.path}` : '';
  return {
    code: thrown.code,
    kind: 'validation',
    message: `${words}${where}`,
    remedy: 'Check the path and its permissions, or choose another with --home.',
  };
}

function debugText(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  const cause = thrown.cause === undefined ? '' : `\ncaused by ${debugText(thrown.cause)}`;
  return `${thrown.stack ?? thrown.message}${cause}`;
}
