import { type CommandRun, optionFlag } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { openStore } from '../home.ts';
import { dim, green, red } from '../output/style.ts';
import type { Terminal } from '../output/terminal.ts';
import { formatBytes, plural, shortHash } from '../output/units.ts';
import { usageError } from '../usage-error.ts';

/** `mex artifacts verify <id> | --all` */
export const verifyArtifacts: CommandRun = async (invocation, terminal) => {
  const wanted = invocation.arguments.get('artifact');
  if ((wanted !== undefined) === optionFlag(invocation, 'all')) {
    throw usageError('Say what to verify: one artifact, or --all.', 'Try: mex artifacts verify --all');
  }
  const store = await openStore(invocation);
  terminal.progress('verifying');
  try {
    const report = await store.verify(wanted ?? { all: true });
    terminal.document(report);
    printReport(terminal, report);
    return report.ok ? EXIT.done : EXIT.integrity;
  } finally {
    await store.close();
  }
};

type Report = Awaited<ReturnType<Awaited<ReturnType<typeof openStore>>['verify']>>;

function printReport(terminal: Terminal, report: Report): void {
  terminal.line(report.ok ? green('Everything is what was stored.') : red('The store is NOT what was stored.'));
  terminal.line(
    '  ',
    `${plural(report.objects, 'object')}, ${formatBytes(report.bytes)}, ${plural(report.manifests, 'manifest')}`,
  );
  for (const { sha256, reason } of report.corrupt)
    terminal.line('  ', red('corrupt '), shortHash(sha256), '… ', reason);
  for (const { sha256, neededBy } of report.missing) {
    terminal.line('  ', red('missing '), shortHash(sha256), dim(`…  needed by ${neededBy}`));
  }
  for (const { artifact_id, reason } of report.unreadable)
    terminal.line('  ', red('unreadable '), artifact_id, ' ', reason);
  if (report.orphaned.length > 0) {
    terminal.line('  ', dim(`${plural(report.orphaned.length, 'object')} that nothing refers to; harmless`));
  }
  if (!report.ok)
    terminal.line('  → ', 'Corrupt objects are in quarantine and are never served. Scan or put the originals again.');
}
