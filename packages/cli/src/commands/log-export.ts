import { parseStrictJson } from '@mex/envelope';
import type { CommandRun } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { logFile, openLog } from '../home.ts';

/** How much is written at a time. */
const BLOCK_CHARS = 64 * 1024;

/**
 * `mex log export`: the log as it can be verified by whoever has its public key. A terminal gets each line with its control
 * characters escaped; a file gets the very bytes that were hashed.
 */
export const exportLog: CommandRun = async (invocation, terminal) => {
  // Says in words when there is no log, before anything else is looked at.
  await (await openLog(invocation)).close();
  const { exportLog: linesOf } = await import('@mex/flight-recorder');
  let block = '';
  for await (const line of linesOf(logFile(invocation))) {
    if (terminal.closed) return EXIT.done;
    if (terminal.stdoutIsTerminal) terminal.json(parseStrictJson(line));
    else block += line;
    if (block.length < BLOCK_CHARS) continue;
    terminal.bytes(Buffer.from(block));
    block = '';
  }
  if (block !== '') terminal.bytes(Buffer.from(block));
  return EXIT.done;
};
