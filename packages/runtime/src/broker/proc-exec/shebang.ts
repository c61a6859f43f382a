import { quoteText } from '@mex/envelope';
import { toolError } from './errors.ts';

/** What a script says it is run by. */
export interface Shebang {
  /** An absolute path, or a name that is looked for in the system's directories. */
  readonly interpreter: string;
  readonly args: readonly string[];
}

/** The kernel reads no more of the line. */
const MAX_LINE = 255;
/** `env -S` has a language of its own, with variables and quotes: only plain words are read. */
const PLAIN_WORD = /^[A-Za-z0-9._+/-]+$/;

/**
 * Reads the `#!` line of a script. MEX starts the interpreter itself: what runs is what was resolved and recorded.
 * @param head the first bytes of a file
 * @returns `undefined` for a file that is no script
 * @throws MexError `TOOL_START_FAILED` for a line that is not understood
 */
export function readShebang(path: string, head: Uint8Array): Shebang | undefined {
  const text = Buffer.from(head.buffer, head.byteOffset, Math.min(head.byteLength, MAX_LINE)).toString('latin1');
  if (!text.startsWith('#!')) return undefined;
  const end = text.indexOf('\n');
  const line = end < 0 ? undefined : text.slice(2, end).trim();
  const [, command, rest = ''] = /^(\/\S+)(?:[ \t]+(.+))?$/u.exec(line ?? '') ?? [];
  if (command === undefined || line?.includes('\0')) throw unreadable(path, line ?? text);
  if (!/^\/(?:usr\/)?bin\/env$/u.test(command)) return { interpreter: command, args: rest === '' ? [] : [rest] };
  return readEnv(path, rest);
}

/** `env node`, `env -S node --flag`: env itself would search PATH; MEX searches the system's directories. */
function readEnv(path: string, rest: string): Shebang {
  const words = rest.split(/[ \t]+/u);
  const isSplit = words[0] === '-S';
  const [interpreter, ...args] = isSplit ? words.slice(1) : words;
  const isPlain = [interpreter ?? '', ...args].every((word) => PLAIN_WORD.test(word));
  if (interpreter === undefined || interpreter.startsWith('-') || !isPlain || (!isSplit && args.length > 0))
    throw unreadable(path, rest);
  return { interpreter, args };
}

function unreadable(path: string, line: string) {
  return toolError(
    'TOOL_START_FAILED',
    `The first line of ${quoteText(path, 400)}, ${quoteText(line)}, names no interpreter that MEX understands.`,
    'Name the program that runs the script as `interpreter` in the policy of the tool.',
  );
}
