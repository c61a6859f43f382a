// A host: a whole runtime over one tier, in a process that may die of what it runs. `host.ts` watches it.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BroadcastChannel } from 'node:worker_threads';
import type { EngineResult } from '@mex/envelope';
import { createRegistry } from '@mex/registry';
import { CALLER, openFixture, openPolicy, plan } from '../fixture.ts';
import { type Classified, loadAttempts } from './attempt.ts';
import { engineOf, makeEngines, WELL_ANSWER } from './engines.ts';
import { type HostReply, NO_REPLY } from './host-report.ts';
import { LoopWatch } from './loop-watch.ts';
import { pinFolder } from './pinned-folder.ts';
import { createTier } from './tiers.ts';
import { STORE_SECRET } from './witness.ts';

const MIB = 1024 * 1024;
const BUDGET = { wall_time_ms: 2_000, cpu_time_ms: 2_000, memory_bytes: 64 * MIB };
const isControl = process.argv[2] === 'plain';
const attempts = new Map((await loadAttempts()).map((attempt) => [attempt.id, attempt]));
const tier = await createTier(process.argv[2]);
const target = process.env['MEX_TARGET'] ?? '{}';
const engines = makeEngines(mkdtempSync(join(tmpdir(), 'bundles-')), [...attempts.values()], isControl);
const { runtime, store, recorder } = await openFixture(
  { 'test.nothing': '' },
  {
    tiers: [tier],
    registry: createRegistry(engines),
    policy: { ...openPolicy, tierFor: () => tier.name },
    quota: { breakerThreshold: 1e9 },
  },
);
const meta = { kind: 'file', mime: 'text/plain', created_by: {} } as const;
await store.put(new TextEncoder().encode(STORE_SECRET), meta);
const given = await store.put(new TextEncoder().encode('given'), meta);
const pinned = await pinFolder(store);
const watch = new LoopWatch(isControl ? process.memoryUsage.rss() : undefined);
const events: string[] = [];
const channel = new BroadcastChannel('mex-escape');
channel.onmessage = () => events.push('a broadcast arrived');
channel.unref();

async function attack(attempt: Classified): Promise<HostReply> {
  const budget = { ...BUDGET, ...attempt.budget };
  const expected = attempt.probe === undefined ? WELL_ANSWER : (attempt.clean ?? (await nextOperation(attempt)));
  events.length = 0;
  watch.begin();
  const started = performance.now();
  const result = await runtime.execute(
    plan(`test.${attempt.id}`, {
      engine_id: engineOf(attempt, isControl),
      inputs: [given, pinned],
      params: { text: target },
      budget,
      ...(attempt.capabilities === undefined ? {} : { capabilities_requested: [...attempt.capabilities] }),
    }),
    { caller: CALLER },
  );
  const tookMs = performance.now() - started;
  const answer = await nextOperation(attempt);
  const seen = watch.end();
  if (isControl) events.push(...controlHarm(result));
  return {
    ...NO_REPLY,
    id: attempt.id,
    text: await recordOf(result),
    end: result.errors[0]?.code ?? result.status,
    lagMs: seen.lagMs,
    lateMs: Math.round(tookMs - budget.wall_time_ms),
    growthMiB: seen.growthMiB - Math.round(budget.memory_bytes / MIB),
    events: [...events],
    next: answer === expected ? '' : `"${answer}" instead of "${expected}"`,
  };
}

/** In an unprotected worker, nothing would have ended it; and its end ends what else runs there. */
function controlHarm(result: EngineResult): string[] {
  const code = result.errors[0]?.code;
  if (code === 'BUDGET_EXCEEDED_WALL_TIME_MS') return ['the operation did not end'];
  return code === 'ENGINE_CRASHED' ? ['the worker was gone'] : [];
}

/** What the probe of the attempt answers, or an ordinary operation; of the same engine, for another caller. */
async function nextOperation(attempt: Classified): Promise<string> {
  const { probe, id } = attempt;
  const result = await runtime.execute(
    plan(probe === undefined ? 'test.well' : `probe.${id}`, {
      engine_id: engineOf(attempt, isControl),
      inputs: [given],
      budget: { ...BUDGET, memory_bytes: attempt.budget?.memory_bytes ?? BUDGET.memory_bytes },
    }),
    { caller: { id: 'os:neighbour', kind: 'human' } },
  );
  const value = result.status === 'succeeded' ? result.summary?.['value'] : JSON.stringify(result.errors[0]);
  return String(value).slice(0, 300);
}

/** Everything that is kept or told of an operation. */
async function recordOf(result: EngineResult): Promise<string> {
  const handles = [...result.outputs, ...result.evidence, ...(result.logs_ref === undefined ? [] : [result.logs_ref])];
  const contents = await Promise.all(
    handles.map(async (handle) => ('sha256' in handle ? Buffer.from(await store.get(handle)).toString('latin1') : '')),
  );
  const log = recorder.list({ op: result.op_id }).map(({ event }) => event);
  return [JSON.stringify(result), ...contents, JSON.stringify(log)].join('\n').slice(0, 4 * MIB);
}

process.on('message', (message: { id: string }) => {
  const attempt = attempts.get(message.id);
  if (attempt === undefined) return;
  const failed = (error: unknown): HostReply => ({
    ...NO_REPLY,
    id: attempt.id,
    events: [`the host failed: ${String(error)}`],
  });
  void attack(attempt)
    .catch(failed)
    .then((reply) => process.send?.(reply));
});
process.send?.('ready');
