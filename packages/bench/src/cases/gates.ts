import { createPipeline } from '@mex/gates';
import { loadPolicy } from '@open-policy-agent/opa-wasm';
import type { Case } from '../cases.ts';
import { allowAllPolicy } from '../peers/allow-all-policy.ts';
import { createCedarDecision } from '../peers/cedar-policy.ts';
import { takeTurns } from '../runner/rounds.ts';
import { limitRow, ratioRow } from '../runner/row.ts';
import { quantile } from '../runner/statistics.ts';
import { typicalOperation } from './typical-operation.ts';

/** One reading of the clock costs about as much as a gate; it is shared by this many decisions. */
const BATCH = 20;
const BATCHES = 1_000;
/** Cedar's decisions take longer; fewer of them make a round. */
const CEDAR_BATCHES = 50;

/** Six gates before and after a typical operation, beside one decision of a policy engine. */
export const gates: Case = async () => {
  const { operation, before, result, after } = typicalOperation();
  const pipeline = createPipeline();
  const opa = await loadPolicy(allowAllPolicy());
  // The manifest, policy and profile are the policy's data; what belongs to one operation is its input.
  opa.setData({ policy: before.policy, engine: before.engine });
  const input = { operation, budget: before.budget, caller: before.caller, inputs: before.inputs, quota: before.quota };
  const cedar = createCedarDecision();
  const passes = (outcome: { denial: unknown }): void => {
    if (outcome.denial !== undefined) throw new Error(`a gate denied: ${JSON.stringify(outcome.denial)}`);
  };
  const figures = await takeTurns(
    {
      both: () =>
        middleOf(() => {
          passes(pipeline.checkBefore(operation, before));
          passes(pipeline.checkAfter(operation, result, after));
        }),
      before: () => middleOf(() => passes(pipeline.checkBefore(operation, before))),
      opa: () =>
        middleOf(() => {
          if (opa.evaluate(input)[0]?.result !== true) throw new Error('opa-wasm did not allow');
        }),
      cedar: () => middleOf(() => cedar(operation, before), CEDAR_BATCHES),
    },
    { warmup: 2, rounds: 9 },
  );
  const { both, opa: opaTimes, cedar: cedarTimes } = figures;
  const time = { unit: 'µs', figure: 'time' } as const;
  return [
    limitRow('six gates, before and after: p50', both, 'µs', { relation: '≤', value: 5 }),
    limitRow('six gates, before only: p50', figures.before, 'µs'),
    ratioRow({
      promise: 'both passes faster than one decision',
      ...time,
      ours: both,
      peer: opaTimes,
      peerName: 'opa-wasm, policy without rules',
      atLeast: 1,
    }),
    ratioRow({
      promise: 'both passes and one decision',
      ...time,
      ours: both,
      peer: cedarTimes,
      peerName: 'cedar-wasm, eight rules',
      atLeast: 1,
    }),
  ];
};

/** Microseconds of the middle decision. */
function middleOf(decide: () => void, batches = BATCHES): number {
  const samples: number[] = [];
  for (let batch = 0; batch < batches; batch += 1) {
    const started = performance.now();
    for (let index = 0; index < BATCH; index += 1) decide();
    samples.push(((performance.now() - started) * 1_000) / BATCH);
  }
  return quantile(samples, 0.5);
}
