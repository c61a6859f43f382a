import { MexError, type PlannedOperation } from '@mex/envelope';
import type { CacheUse, Caller } from '@mex/runtime';
import type { Host } from '../host.ts';
import type { ReplayAllRequest, Replays } from './replay.ts';
import { type ReplayPowers, replayOne } from './replay-one.ts';

/** What replays are made with. */
export interface ReplayParts extends Pick<ReplayPowers, 'history' | 'recorder' | 'store' | 'registry' | 'caller'> {
  /** As anybody's operation, approvals included: what needs one is put up for decision. */
  readonly ask: Host['execute'];
  /** Past the desk: what needs an approval is denied, so that an audit of a year asks nobody a thousand times. */
  readonly send: (operation: PlannedOperation, options: SendOptions) => ReturnType<Host['execute']>;
  readonly openRun: Host['openRun'];
  /** Whether policy lets nothing run outside of a run. */
  readonly requireRun: boolean;
}

interface SendOptions {
  readonly caller: Caller;
  readonly cache: CacheUse;
  readonly rehearsalOf: string;
  readonly signal?: AbortSignal;
}

const MAX_PARALLEL = 32;
const PAGE = 200;
/** More than any audit needs; the replays' own budgets are those of the operations. */
const RUN_BUDGET = {
  max_runtime_s: 7 * 86_400,
  max_operations: 1_000_000,
  max_llm_calls: 1,
  max_llm_tokens: 1,
  max_file_writes: 1_000_000,
  max_patch_attempts: 0,
};

export function openReplays(parts: ReplayParts): Replays {
  const { caller, history } = parts;
  const powersFor = (send: ReplayParts['send']): ReplayPowers => {
    let run: Promise<string> | undefined;
    return {
      ...parts,
      // What somebody else once sent must not meet the auditor's own operations in a sandbox, nor close an engine for all.
      execute: (plan, rehearsalOf, signal) =>
        send(plan, { caller, cache: 'bypass', rehearsalOf, ...(signal === undefined ? {} : { signal }) }),
      runId: async () => {
        if (!parts.requireRun) return undefined;
        run ??= parts.openRun({ budget: RUN_BUDGET, actor: caller }).then(({ definition }) => definition.run_id);
        return run;
      },
    };
  };
  return {
    one: async (opId, signal) => {
      const replay = await replayOne(findOperation(parts, opId), powersFor(parts.ask), signal);
      if (replay === undefined) throw new Error('one operation, and no engine to choose by');
      return replay;
    },
    all: (request) => replayAll(request, powersFor(parts.send), history),
  };
}

/** @throws MexError `OPERATION_UNRECORDED` */
function findOperation({ history }: ReplayParts, opId: string): string {
  const found = opId.length >= 8 ? history.find(opId.toLowerCase()) : [];
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  throw new MexError({
    code: 'OPERATION_UNRECORDED',
    kind: 'validation',
    message:
      found.length > 1
        ? `Several operations begin with ${opId}.`
        : `No operation ${opId.slice(0, 64)} was recorded in this home.`,
    remedy: 'See what was: mex log list --type engine.run',
  });
}

/** A bounded number at once; page by page, so that memory does not grow with the history. */
async function replayAll(
  { since = 0, engineId, parallel = 2, signal, onReplay }: ReplayAllRequest,
  powers: ReplayPowers,
  history: ReplayPowers['history'],
): Promise<void> {
  // What the replays themselves record comes after.
  const upTo = history.last();
  const total = history.count({ since, upTo });
  const logged = lastEvent(powers.recorder);
  let done = 0;
  const damaged = new Set<string>();
  const entries = pages(history, since, upTo);
  const look = async (opId: string): Promise<void> => {
    const replay = await replayOne(opId, powers, signal, engineId);
    if (replay?.verdict === 'damaged') damaged.add(opId);
    done += 1;
    if (replay !== undefined) onReplay(replay, done, Math.max(done, total));
  };
  const work = async (): Promise<void> => {
    for (const { opId } of entries) {
      if (signal?.aborted) return;
      await look(opId);
    }
  };
  const lanes = Math.max(1, Math.min(Math.trunc(parallel), MAX_PARALLEL));
  // One that fails ends the others at their next operation: they share the iterator, which `finally` closes.
  try {
    await Promise.all(Array.from({ length: lanes }, work));
  } finally {
    entries.return(undefined);
  }
  // The ledger is a lookup: what is missing in it, or was given another age, is found in the log.
  for (const opId of endedInLog(powers.recorder, since, logged)) {
    if (signal?.aborted) return;
    if (!damaged.has(opId) && !isSettled(opId, since, history)) await look(opId);
  }
}

function lastEvent(recorder: ReplayPowers['recorder']): number {
  return recorder.list({ order: 'newest', limit: 1 })[0]?.seq ?? -1;
}

/** Operations that came to an end of their own or were ended, by what the log says up to a place. */
function* endedInLog(recorder: ReplayPowers['recorder'], since: number, upTo: number): Iterable<string> {
  const query = { type: 'system', subject: 'engine.run', since, limit: PAGE } as const;
  for (let after = -1; ; ) {
    const page = recorder.list({ ...query, after });
    for (const { seq, event } of page) {
      if (seq > upTo) return;
      if (event.type !== 'system' || event.subject !== 'engine.run') continue;
      // What was denied may have left nothing but its events.
      if (event.body.status !== 'denied') yield event.body.op_id;
    }
    const last = page.at(-1);
    if (last === undefined) return;
    after = last.seq;
  }
}

/** Whether the ledger listed it; or it began before, by its proven result, and only its end is in the time asked for. */
function isSettled(opId: string, since: number, history: ReplayPowers['history']): boolean {
  try {
    const { startedAt, result, isProven } = history.read(opId);
    if (Date.parse(startedAt) >= since) return true;
    return isProven && result !== undefined && Date.parse(result.started_at) < since;
  } catch (error) {
    if (error instanceof MexError) return false;
    throw error;
  }
}

/** Shared by all lanes: each operation is taken by one. */
function* pages(history: ReplayPowers['history'], since: number, upTo: number) {
  for (let after = 0; ; ) {
    const page = history.list({ since, after, upTo, limit: PAGE });
    yield* page;
    const last = page.at(-1);
    if (last === undefined) return;
    after = last.seq;
  }
}
