import { createReadStream } from 'node:fs';
import { usageError } from '../usage-error.ts';

/** Longest line that is kept whole, in characters; no event is as long, and what is cut off is no line of an export. */
const MAX_LINE = 4 * 1024 * 1024;

/** The lines of an exported log, one at a time: it may be larger than memory, and a stranger may have written it. */
export async function* linesOfExport(file: string): AsyncGenerator<string, void, undefined> {
  let rest = '';
  try {
    for await (const chunk of createReadStream(file, 'utf8')) {
      const lines = `${rest}${String(chunk)}`.split('\n');
      rest = (lines.pop() ?? '').slice(0, MAX_LINE);
      yield* lines;
    }
  } catch (error) {
    throw usageError(
      `The export ${file} cannot be read: ${error instanceof Error ? error.message : 'unreadable'}`,
      'Name the file that mex log export wrote.',
      'CLI_FILE_UNREADABLE',
    );
  }
  if (rest !== '') yield rest;
}
