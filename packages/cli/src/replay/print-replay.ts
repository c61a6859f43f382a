import type { Replay, ReplayDifference } from '@mex/host';
import type { Invocation } from '../command.ts';
import { hint } from '../output/hint.ts';
import { bold, dim, green, type Piece, red, yellow } from '../output/style.ts';
import type { Terminal } from '../output/terminal.ts';
import { shortHash } from '../output/units.ts';
import type { ReplayTally } from './replay-tally.ts';

const MAX_DIFFERENCES = 20;
const MAX_LISTED = 50;

/** One replay as `--format json` has it. */
export function replayDocument(replay: Replay): unknown {
  const { replayedOpId, engineId, operation, determinism, startedAt, opId, verdict, compared, artifacts } = replay;
  return {
    replayed_op_id: replayedOpId,
    op_id: opId ?? null,
    engine_id: engineId,
    operation,
    determinism,
    recorded_at: startedAt,
    verdict,
    compared,
    artifacts,
    differences: replay.differences,
    environment: replay.environment,
    ...(replay.reason === undefined ? {} : { reason: replay.reason }),
  };
}

const VERDICTS: Readonly<Record<Replay['verdict'], (text: string) => Piece>> = {
  equal: green,
  evidence_checked: green,
  differs: red,
  not_replayable: yellow,
  damaged: red,
};

const COMPARED: Readonly<Record<Replay['compared'], string>> = {
  bytes: 'run again, compared byte for byte',
  canonical: 'run again, compared by canonical JSON, and by bytes what is no JSON',
  evidence: 'not run again: evidence checked',
  nothing: 'nothing was compared',
};

/** One replay for a person: the verdict, each difference with its place, what else is another one now. */
export function printReplay(terminal: Terminal, invocation: Invocation, replay: Replay): void {
  const { verdict, engineId, operation, determinism, startedAt, compared, artifacts } = replay;
  terminal.line(VERDICTS[verdict](verdict.replaceAll('_', ' ')), '  ', bold(`${engineId} ${operation}`));
  terminal.line('  ', dim(`${determinism}, recorded ${startedAt}; ${COMPARED[compared]}, ${artifacts} artifacts`));
  if (replay.reason !== undefined) terminal.line('  ', replay.reason.message, dim(` (${replay.reason.code})`));
  for (const difference of replay.differences.slice(0, MAX_DIFFERENCES)) printDifference(terminal, difference);
  const more = replay.differences.length - MAX_DIFFERENCES;
  if (more > 0) terminal.line(dim(`  and ${more} more differences`));
  if (replay.environment.length > 0 && verdict === 'differs') terminal.line('  ', bold('Another environment'));
  if (verdict === 'differs') {
    for (const { name, before, now } of replay.environment) terminal.line('    ', `${name}: ${before} → ${now}`);
  }
  if (replay.opId !== undefined)
    terminal.line(dim('  The second run: '), hint(invocation, `mex log list --op ${replay.opId}`));
}

function printDifference(terminal: Terminal, { what, name, before, now, place }: ReplayDifference): void {
  const isHash = what !== 'status' && what !== 'errors';
  const show = (side: string | undefined): string => {
    if (side === undefined) return 'absent';
    return isHash ? `${shortHash(side)}…` : side || 'none';
  };
  terminal.line('  ', red(name === undefined ? what : `${what} ${name}`), `  ${show(before)} → ${show(now)}`);
  if (place === undefined) return;
  const { offset, line, pointer } = place;
  const where = [
    `byte ${offset}`,
    ...(line === undefined ? [] : [`line ${line}`]),
    ...(pointer === undefined ? [] : [pointer]),
  ];
  terminal.line('    ', dim(`from ${where.join(', ')}`));
  if (place.before !== undefined) terminal.line('    ', red('- '), place.before);
  if (place.now !== undefined) terminal.line('    ', green('+ '), place.now);
}

/** An audit for a person: the counts, then those that are not equal, each with its reason. */
export function printReplays(terminal: Terminal, invocation: Invocation, tally: ReplayTally): void {
  terminal.line(bold(tally.words || 'Nothing was recorded that could be replayed.'));
  const rows = tally.kept.slice(0, MAX_LISTED).map((replay): Piece[] => [
    VERDICTS[replay.verdict](replay.verdict.replaceAll('_', ' ')),
    replay.replayedOpId,
    `${replay.engineId} ${replay.operation}`,
    dim(
      replay.reason?.code ??
        replay.differences
          .map(({ what, name }) => name ?? what)
          .join(', ')
          .slice(0, 80),
    ),
  ]);
  terminal.table(rows, { indent: 2 });
  const more = tally.kept.length + tally.notListed - rows.length;
  if (more > 0) terminal.line(dim(`  and ${more} more`));
  const [first] = tally.kept;
  if (first !== undefined) terminal.line(dim('See one: '), hint(invocation, `mex replay ${first.replayedOpId}`));
}
