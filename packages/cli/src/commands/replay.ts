import type { Host, Replay } from '@mex/host';
import { type CommandRun, type Invocation, optionCount, optionFlag, optionText } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { withHost } from '../home.ts';
import { onInterrupt } from '../interrupt.ts';
import type { Terminal } from '../output/terminal.ts';
import { printReplay, printReplays, replayDocument } from '../replay/print-replay.ts';
import { ReplayTally } from '../replay/replay-tally.ts';
import { parseSince } from '../time-option.ts';
import { usageError } from '../usage-error.ts';

/** `mex replay <op_id> | --all` */
export const replay: CommandRun = async (invocation, terminal) => {
  const opId = invocation.arguments.get('op_id');
  if ((opId !== undefined) === optionFlag(invocation, 'all'))
    throw usageError('Say what to replay: one operation, or --all.', 'Try: mex replay --all --since 24h');
  const since = optionText(invocation, 'since');
  const now = Date.now();
  const from = since === undefined ? undefined : parseSince(since, now);
  // An audit that looked at nothing must not look like one that found nothing (CONTRACT §14 E).
  if (from !== undefined && from > now)
    throw usageError(`--since ${since} is in the future.`, 'Try: mex replay --all --since 24h');
  return withHost(invocation, async (host) => {
    const interrupt = onInterrupt(terminal, 'Ending after those under way. Press Ctrl-C again to quit at once.');
    try {
      const run = opId === undefined ? replayAll(host, invocation, terminal, from, interrupt.signal) : undefined;
      return await (run ?? replayOne(host, invocation, terminal, opId ?? '', interrupt.signal));
    } finally {
      interrupt.stop();
    }
  });
};

async function replayOne(host: Host, invocation: Invocation, terminal: Terminal, opId: string, signal: AbortSignal) {
  terminal.progress('replaying');
  const tally = new ReplayTally();
  const one: Replay = await host.replays.one(opId, signal);
  tally.add(one);
  terminal.document(replayDocument(one));
  printReplay(terminal, invocation, one);
  // Asked about one, "there was nothing to replay" is no "equal".
  return one.verdict === 'not_replayable' ? EXIT.blocked : tally.exitCode;
}

async function replayAll(
  host: Host,
  invocation: Invocation,
  terminal: Terminal,
  since: number | undefined,
  signal: AbortSignal,
) {
  const startedAt = new Date().toISOString();
  const engineId = optionText(invocation, 'engine');
  const parallel = optionCount(invocation, 'parallel');
  const tally = new ReplayTally();
  await host.replays.all({
    signal,
    ...(since === undefined ? {} : { since }),
    ...(engineId === undefined ? {} : { engineId }),
    ...(parallel === undefined ? {} : { parallel }),
    onReplay: (one, done, total) => {
      tally.add(one);
      terminal.progress(`replaying  ${done} of ${total}  ${tally.words}`);
    },
  });
  if (engineId !== undefined && tally.isEmpty && !signal.aborted && !isRegistered(host, engineId))
    throw usageError(
      `Nothing of ${engineId} was recorded in that time, and no engine of that id is registered.`,
      'See what there is: mex engines list',
      'CLI_NOT_FOUND',
    );
  terminal.document({
    counts: tally.counts,
    complete: !signal.aborted,
    results: tally.kept.map(replayDocument),
    not_listed: tally.notListed,
    started_at: startedAt,
    ended_at: new Date().toISOString(),
  });
  printReplays(terminal, invocation, tally);
  return signal.aborted ? EXIT.ended : tally.exitCode;
}

function isRegistered({ registry }: Host, engineId: string): boolean {
  return registry.engines.some(({ manifest }) => manifest.engine_id === engineId);
}
