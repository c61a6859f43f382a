import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { VerifyOptions, VerifyReport } from '@mex/flight-recorder';
import { type CommandRun, type Invocation, optionText } from '../command.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { keyFolder, logFile, openLog } from '../home.ts';
import { dim, green, red, yellow } from '../output/style.ts';
import type { Terminal } from '../output/terminal.ts';
import { plural } from '../output/units.ts';
import { usageError } from '../usage-error.ts';
import { linesOfExport } from './log-export-lines.ts';

const MAX_FINDINGS = 50;

/**
 * `mex log verify`: recomputes the whole log from what is stored, or an export of it, and compares it with what was signed.
 */
export const verifyLog: CommandRun = async (invocation, terminal) => {
  const exported = optionText(invocation, 'export');
  return exported === undefined ? verifyOwn(invocation, terminal) : verifyExported(exported, invocation, terminal);
};

async function verifyOwn(invocation: Invocation, terminal: Terminal): Promise<ExitCode> {
  const options = await readOptions(invocation);
  terminal.progress('verifying');
  const { verifierKeyOf, verifyLog: verify } = await import('@mex/flight-recorder');
  const report = await verify(logFile(invocation), options);
  const publicKey = options.signer === undefined ? undefined : verifierKeyOf(options.signer);
  terminal.document({ ...report, ...(publicKey === undefined ? {} : { public_key: publicKey }) });
  printReport(terminal, report, 'The log');
  if (publicKey !== undefined) terminal.line('  ', dim('key   '), publicKey);
  if (!report.ok) terminal.line('  → ', 'Keep the home as evidence, and compare it with a copy from before.');
  return report.ok ? EXIT.done : EXIT.integrity;
}

/** What an auditor does: an export and the public key, without the home. */
async function verifyExported(file: string, invocation: Invocation, terminal: Terminal): Promise<ExitCode> {
  const key = optionText(invocation, 'public-key');
  if (key === undefined)
    throw usageError(
      'An export is checked with the public key of its log.',
      'Name it: --public-key <key, or a file that holds it>. The owner of the log reads it with: mex log verify',
    );
  terminal.progress('verifying');
  const { verifyExport } = await import('@mex/flight-recorder');
  const report = await verifyExport(linesOfExport(file), { publicKey: readKey(key), ...readKept(invocation) });
  terminal.document(report);
  printReport(terminal, report, 'The export');
  return report.ok ? EXIT.done : EXIT.integrity;
}

async function readOptions(invocation: Invocation): Promise<VerifyOptions> {
  // Says in words when there is no log, before anything else is looked at.
  await (await openLog(invocation)).close();
  return { ...(await readSigner(invocation)), ...readKept(invocation) };
}

function readKept(invocation: Invocation): { keptCheckpoint?: string } {
  const kept = optionText(invocation, 'checkpoint');
  return kept === undefined ? {} : { keptCheckpoint: readCheckpoint(kept) };
}

/** A key has two plus signs and no slash at its beginning; everything else is the name of a file. */
function readKey(key: string): string {
  if (/^[^+\s]+\+[0-9a-f]{8}\+[A-Za-z0-9+/=]+$/.test(key)) return key;
  try {
    return readFileSync(key, 'utf8').trim();
  } catch {
    throw usageError(
      `The key ${key} is neither a verifier key nor a file that can be read.`,
      'Name the key as mex log verify prints it, or the file in which it is.',
      'CLI_FILE_UNREADABLE',
    );
  }
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

function printReport(terminal: Terminal, report: VerifyReport, what: string): void {
  const { ok, size, first, root, signed_size, problems, more_problems, trust } = report;
  const verdict = ok ? green(`${what} is what was recorded.`) : red(`${what} is NOT what was recorded.`);
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
}
