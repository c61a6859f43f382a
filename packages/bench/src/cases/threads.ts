import { readFileSync } from 'node:fs';
import { createThreadTier, type Job, type SandboxTier } from '@mex/runtime';
import { engine as hello } from '@mex-example/engine-hello';
import type { Case } from '../cases.ts';
import { BARE_TASK, openBarePiscina } from '../peers/bare-piscina.ts';
import { takeTurns, timed } from '../runner/rounds.ts';
import { limitRow, ratioRow } from '../runner/row.ts';
import { quantile } from '../runner/statistics.ts';

const CALLS = 1_000;

/** The thread tier by itself, without gates and record: what the disarmed realm and the watching cost. */
export const threads: Case = async () => {
  const tier = createThreadTier({ maxThreads: 2 });
  const piscina = openBarePiscina(1);
  const run = async (on: SandboxTier): Promise<void> => {
    const outcome = await on.run(nothingJob());
    if (outcome.kind !== 'replied') throw new Error(`the worker was ended: ${outcome.reason}: ${outcome.detail}`);
  };
  try {
    const warm = await takeTurns(
      { tier: () => middleOf(() => run(tier)), bare: () => middleOf(() => piscina.run(BARE_TASK)) },
      { warmup: 2, rounds: 9 },
    );
    const cold = await takeTurns(
      {
        tier: async () => {
          const fresh = createThreadTier({ maxThreads: 1 });
          const took = await timed(() => run(fresh));
          await fresh.close();
          return took;
        },
        bare: async () => {
          const fresh = openBarePiscina(1);
          const took = await timed(() => fresh.run(BARE_TASK));
          await fresh.destroy();
          return took;
        },
      },
      { warmup: 1, rounds: 9 },
    );
    const over = warm.tier.map((time, round) => time - (warm.bare[round] ?? Number.NaN));
    const compared = { peerName: 'piscina bare', figure: 'time' } as const;
    return [
      ratioRow({ promise: 'warm call, one at a time', ...compared, ours: warm.tier, peer: warm.bare, unit: 'µs' }),
      limitRow('warm call over bare (wanted: 30 µs at most)', over, 'µs'),
      ratioRow({ promise: 'thread start to first reply', ...compared, ours: cold.tier, peer: cold.bare, unit: 'ms' }),
    ];
  } finally {
    await Promise.all([tier.close(), piscina.destroy()]);
  }
};

let session = 0;
const bundle = readFileSync(new URL(hello.bundle), 'utf8');

function nothingJob(): Job {
  session += 1;
  return {
    opId: 'bench',
    session,
    code: { engineId: hello.manifest.engine_id, sha256: hello.manifest.bundle.sha256, text: bundle },
    request: JSON.stringify({
      session,
      op_id: '00000000-0000-4000-8000-000000000001',
      operation: 'hello.nothing',
      determinism: 'D3',
      now_ms: 0,
      seed: '0'.repeat(64),
      params: {},
      inputs: [],
    }),
    limits: hello.manifest.default_budget,
    onCall: () => Promise.reject(new Error('hello.nothing calls nobody')),
    signal: undefined,
  };
}

/** Microseconds of the middle call. */
async function middleOf(call: () => Promise<unknown>): Promise<number> {
  const samples: number[] = [];
  for (let index = 0; index < CALLS; index += 1) samples.push((await timed(call)) * 1_000);
  return quantile(samples, 0.5);
}
