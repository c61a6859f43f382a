import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { VerifyOptions, VerifyReport } from '@mex/flight-recorder';
import { type CommandRun, type Invocation, optionText } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { keyFolder, logFile, openLog } from '../home.ts';
import { dim, green, red, yellow } from '../output/style.ts';
import type { Terminal } from '../output/terminal.ts';
import { plural } from '../output/units.ts';
import { usageError } from '../usage-error.ts';

const MAX_FINDINGS = 50;

/** `mex log verify`: recomputes the whole log from what is stored and compares it with what was signed. */
export const verifyLog: CommandRun = async (invocation, terminal) => {
  const options = await readOptions(invocation);
  terminal.progress('verifying');
  const { verifyLog: verify } = await import('@mex/flight-recorder');
  const report = await verify(logFile(invocation), options);
  terminal.document(report);
  printReport(terminal, report);
  return report.ok ? EXIT.done : EXIT.integrity;
};

async function readOptions(invocation: Invocation): Promise<VerifyOptions> {
  // Says in words when there is no log, before anything else is looked at.
  await (await openLog(invocation)).close();
  const kept = optionText(invocation, 'checkpoint');
  return { ...(await readSigner(invocation)), ...(kept === undefined ? {} : { keptCheckpoint: readCheckpoint(kept) }) };
}

/** Verifying makes no key: a home whose key is gone is checked with what the log itself says. */
async function readSigner(invocation: Invocation): Promise<Pick<VerifyOptions, 'signer'>> {
  const dir = keyFolder(invocation);
  if (!existsSync(join(dir, 'log-signing-key.json'))) return {};
  const { createFileSigner } = await import('@mex/flight-recorder');
  return { signer: createFileSigner(dir) };
}

function readCheckpoint(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    throw usageError(
      `The checkpoint ${path} cannot be read.`,
      'Name the file in which you kept it.',
      'CLI_FILE_UNREADABLE',
    );
  }
}

const TRUST: Readonly<Record<VerifyReport['trust'], string>> = {
  signer: 'checked with the signing key of this home',
  'public-key': 'checked with the public key',
  none: 'the signing key is not there: only accidents can be found',
};

function printReport(terminal: Terminal, report: VerifyReport): void {
  const { ok, size, first, root, signed_size, problems, more_problems, trust } = report;
  const verdict = ok ? green('The log is what was recorded.') : red('The log is NOT what was recorded.');
  terminal.line(verdict);
  const pruned = first > 0 ? `, the first ${first} removed by retention` : '';
  terminal.line('  ', `${plural(size, 'event')}${pruned}; ${signed_size} under a signed checkpoint`);
  terminal.line('  ', dim('root  '), root);
  terminal.line('  ', trust === 'none' ? yellow(TRUST[trust]) : dim(TRUST[trust]));
  for (const { code, seq, message } of problems.slice(0, MAX_FINDINGS)) {
    terminal.line('  ', red('✗ '), seq === undefined ? '' : `event ${seq}: `, message, dim(` (${code})`));
  }
  const more = more_problems + Math.max(0, problems.length - MAX_FINDINGS);
  if (more > 0) terminal.line(`  and ${plural(more, 'more finding', 'more findings')}`);
  if (!ok) terminal.line('  → ', 'Keep the home as evidence, and compare it with a copy from before.');
}
