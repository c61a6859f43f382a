import type { SpareReason } from '@mex/envelope/retention';
import type { Pruned } from '@mex/host';
import { type CommandRun, optionFlag } from '../command.ts';
import { EXIT, exitOfResult } from '../exit-codes.ts';
import { withHost } from '../home.ts';
import { hint } from '../output/hint.ts';
import { bold, dim, green, type Piece, red, yellow } from '../output/style.ts';
import type { Terminal } from '../output/terminal.ts';
import { formatBytes, plural } from '../output/units.ts';

const DAY_MS = 86_400_000;
/** Lines of what goes; the report has all. */
const MOST_SHOWN = 50;

/** `mex artifacts gc [--dry-run]` */
export const collectGarbage: CommandRun = (invocation, terminal) =>
  withHost(invocation, async (host) => {
    terminal.progress('looking at what is stored');
    const pruned = await host.prune({ dryRun: optionFlag(invocation, 'dry-run') });
    terminal.document(gcDocument(pruned));
    if (pruned.report === undefined) {
      printFailure(terminal, pruned);
      return exitOfResult(pruned.result);
    }
    printGone(terminal, pruned);
    printStays(terminal, pruned);
    const [report] = pruned.result.outputs;
    if (report !== undefined) {
      terminal.line();
      terminal.line(
        dim('Every artifact, and why: '),
        hint(invocation, `mex artifacts cat ${report.artifact_id.slice(0, 8)}`),
      );
    }
    return EXIT.done;
  });

function gcDocument({ result, report, removal, sweptBytes, forgottenResults }: Pruned): object {
  return {
    op_id: result.op_id,
    status: result.status,
    errors: result.errors,
    report: result.outputs[0] ?? null,
    dry_run: report?.dry_run ?? null,
    totals: report?.totals ?? null,
    removed: removal?.removed ?? [],
    spared_meanwhile: removal?.spared ?? [],
    bytes_freed: removal?.bytesFreed ?? 0,
    swept_bytes: sweptBytes,
    forgotten_results: forgottenResults,
  };
}

function printFailure(terminal: Terminal, { result }: Pruned): void {
  terminal.line(red('Nothing was removed: '), `the operation ${result.status}.`);
  for (const { code, message, remedy } of result.errors) {
    terminal.line('  ', message, dim(` (${code})`));
    if (remedy !== undefined) terminal.line('  → ', remedy);
  }
}

function printGone(terminal: Terminal, { report, removal, sweptBytes, forgottenResults }: Pruned): void {
  if (report === undefined) return;
  const { pruned, totals, now } = report;
  const amount =
    removal === undefined
      ? `${plural(totals.pruned, 'artifact')} would go, ${formatBytes(totals.bytes)}`
      : `${plural(removal.removed.length, 'artifact')} removed, ${formatBytes(removal.bytesFreed)} freed`;
  terminal.line(removal === undefined ? bold(amount) : green(amount), dim(` of ${plural(totals.scanned, 'artifact')}`));
  const spared = new Map(removal?.spared.map(({ artifact_id, reason }) => [artifact_id, reason]));
  const gone = pruned.filter(({ artifact_id }) => !spared.has(artifact_id));
  const rows = gone
    .slice(0, MOST_SHOWN)
    .map(({ artifact_id, layer, kind, name = '', created_at, window_days, size_bytes }): Piece[] => {
      const age = Math.floor((Date.parse(now) - Date.parse(created_at)) / DAY_MS);
      return [
        '  ',
        artifact_id.slice(0, 8),
        layer,
        dim(kind),
        name,
        `${age} days old`,
        dim(`stays ${window_days}`),
        formatBytes(size_bytes),
      ];
    });
  terminal.table(rows, { right: [5, 7] });
  if (gone.length > rows.length) terminal.line(dim(`  and ${gone.length - rows.length} more`));
  for (const [id, reason] of spared) terminal.line(yellow('  stays after all '), id.slice(0, 8), ': ', reason);
  if (sweptBytes > 0) terminal.line(dim(`  ${formatBytes(sweptBytes)} of files that nothing referred to`));
  if (forgottenResults > 0) terminal.line(dim(`  ${plural(forgottenResults, 'kept result')} forgotten`));
}

const STAYS: Readonly<Record<SpareReason, string>> = {
  pinned: 'pinned',
  held: 'needed',
  window: 'not past their time, or without one',
  min_versions: 'newest versions',
};

function printStays(terminal: Terminal, { report }: Pruned): void {
  if (report === undefined) return;
  const { totals, spared } = report;
  const all = Object.entries(STAYS).map(([reason, words]) => ({ words, count: countOf(totals, reason) }));
  const stays = all.filter(({ count }) => count > 0).map(({ words, count }) => `${count} ${words}`);
  if (stays.length > 0) terminal.line('Stays: ', stays.join(' · '));
  const holds = Map.groupBy(
    spared.filter(({ held_by }) => held_by !== undefined),
    ({ held_by }) => held_by ?? '',
  );
  for (const [code, { length }] of holds) terminal.line(dim(`  ${length} needed: ${code}`));
}

function countOf(totals: Readonly<Record<string, number>>, reason: string): number {
  return totals[reason] ?? 0;
}
