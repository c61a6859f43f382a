import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { cacheUse } from '../cache-use.ts';
import { argumentText, type CommandRun, type Invocation, optionFlag, optionText } from '../command.ts';
import { closeHost, logFile, openWiredHost } from '../home.ts';
import { onInterrupt } from '../interrupt.ts';
import type { Terminal } from '../output/terminal.ts';
import { CHECKS, type CheckName, parseOnly } from '../scan/checks.ts';
import { printScan } from '../scan/print-scan.ts';
import type { ScanRequest } from '../scan/run-checks.ts';
import { runScan } from '../scan/run-scan.ts';
import { scanDocument } from '../scan/scan-document.ts';
import { exitOfScan } from '../scan/scan-exit.ts';
import { loadScanPolicy } from '../scan/scan-policy.ts';
import { openTarget, type ScanTarget } from '../scan/scan-target.ts';
import { verifyTargets, writeTargets } from '../scan/write-out.ts';
import { usageError } from '../usage-error.ts';

/** `mex scan <path>` */
export const scan: CommandRun = async (invocation, terminal) => {
  const target = openTarget(argumentText(invocation, 'path'));
  const checks = parseOnly(optionText(invocation, 'only'));
  const history = readHistoryOption(invocation, checks, target);
  const targets = { out: optionText(invocation, 'out'), sarif: optionText(invocation, 'sarif') };
  verifyTargets(targets);
  const policy = await loadScanPolicy(optionText(invocation, 'policy'), resolve(invocation.home), target.root);
  const interrupt = onInterrupt(terminal);
  const host = await openWiredHost(invocation, enginesToWarm(invocation, checks));
  try {
    const outcome = await runScan(host, {
      target,
      checks,
      release: optionFlag(invocation, 'release'),
      history,
      policy,
      osv: optionText(invocation, 'osv'),
      signal: interrupt.signal,
      cache: cacheUse(invocation),
      onProgress: showProgress(terminal, target.root),
    });
    const written = await writeTargets(host, targets, outcome);
    terminal.document(scanDocument(outcome));
    if (terminal.format === 'text') printScan(terminal, invocation, target.root, outcome);
    for (const path of written) terminal.note('wrote ', path);
    return exitOfScan(outcome);
  } finally {
    interrupt.stop();
    await closeHost(host);
  }
};

/** A history that nobody would look at must not look as if somebody had. @throws MexError `CLI_USAGE` */
function readHistoryOption(invocation: Invocation, checks: ReadonlySet<CheckName>, { only }: ScanTarget): boolean {
  if (!optionFlag(invocation, 'history')) return false;
  if (!checks.has('secret'))
    throw usageError('--history is for the secret scan, which --only leaves out.', 'Add secret to --only.');
  if (only !== undefined) throw usageError('--history needs a directory.', 'Name the directory of the repository.');
  return true;
}

/**
 * Engines that are sure to run: those of a first scan, or of one without the cache. A later scan mostly needs none of them,
 * and starting four for nothing would take longer than all the rest.
 */
function enginesToWarm(invocation: Invocation, checks: ReadonlySet<CheckName>): readonly string[] {
  if (cacheUse(invocation) === 'use' && existsSync(logFile(invocation))) return [];
  return CHECKS.filter(({ name }) => checks.has(name)).map(({ engineId }) => engineId);
}

/** One line that says which checks are under way and which are done. */
function showProgress(terminal: Terminal, root: string): ScanRequest['onProgress'] {
  const states = new Map<string, string>();
  terminal.progress(`scanning ${root}`);
  return (name, state) => {
    states.set(name, state === 'running' ? '…' : state === 'succeeded' ? '✓' : '✗');
    terminal.progress(`scanning ${root}  ${[...states].map(([check, mark]) => `${check} ${mark}`).join('  ')}`);
  };
}
