import type { LoadedVector } from '@mex/engine-sdk/testing';
import { operationOf } from '../engine-under-test.ts';
import type { StagedAnswer } from '../lab/http-stage.ts';
import type { RunChange } from '../lab/lab.ts';
import type { Observation } from '../lab/observation.ts';
import { difference } from './likeness.ts';
import {
  frozenVectors,
  goldenVectors,
  numberOf,
  placeOf,
  spread,
  type TierBench,
  tierProbe,
  tiersProbe,
} from './probe.ts';
import { sampleParams } from './sample-params.ts';

/** What is run to be compared: a vector as it is, or with params of which its author did not think. */
interface FrozenRun {
  readonly vector: LoadedVector;
  readonly change: RunChange;
  readonly label: string;
}

/** An engine could know its own vectors: other params are among what is compared. */
function frozenRuns(bench: TierBench): FrozenRun[] {
  const { engine } = bench;
  const vectors = spread(frozenVectors(engine), numberOf(bench, 'most'));
  const first = [...new Map(vectors.toReversed().map((vector) => [vector.document.operation, vector])).values()];
  const sampled = first.flatMap((vector): FrozenRun[] => {
    const samples = sampleParams(operationOf(engine, vector)?.params_schema ?? {}, vector.document.params);
    return spread(samples, numberOf(bench, 'samples')).map(({ params, how }) => ({
      vector,
      change: { params },
      label: `with ${how}`,
    }));
  });
  return [...vectors.map((vector) => ({ vector, change: {}, label: 'as it is' })), ...sampled];
}

/** In two sandboxes that nobody used before, everything once, in one order: the same. */
export const freshAlike = tierProbe(async (bench) => {
  const { lab, log } = bench;
  const runs = frozenRuns(bench);
  const first = new Map<FrozenRun, Observation>();
  const [one, other] = [lab.newcomer(), lab.newcomer()];
  for (const run of runs) first.set(run, await lab.run(run.vector, { ...run.change, caller: one }));
  for (const run of runs) {
    const again = await lab.run(run.vector, { ...run.change, caller: other });
    const known = first.get(run);
    const differs = known && (await difference(known, again));
    log.check(differs === undefined, () => ({
      what: `In another fresh sandbox, ${differs}.`,
      where: placeOf(bench, run.vector, run.label),
    }));
  }
});

/**
 * In one sandbox: everything, then other vectors, then everything again, and once more the other way round. What an engine
 * keeps between operations shows as a difference.
 */
export const usedAlike = tierProbe(async (bench) => {
  const { engine, lab, log } = bench;
  const runs = frozenRuns(bench);
  const others = spread(engine.vectors, numberOf(bench, 'others')).map((vector) => ({ vector, change: {}, label: '' }));
  const caller = lab.newcomer();
  const first = new Map<FrozenRun, Observation>();
  let before = 'nothing';
  for (const run of [...runs, ...others, ...runs, ...runs.toReversed()]) {
    const observed = await lab.run(run.vector, { ...run.change, caller });
    const known = first.get(run);
    if (known === undefined) first.set(run, observed);
    else {
      const differs = await difference(known, observed);
      const after = before;
      log.check(differs === undefined, () => ({
        what: `In a sandbox that had been used, last for ${after}, ${differs}.`,
        where: placeOf(bench, run.vector, run.label),
      }));
    }
    before = `${run.vector.name} ${run.label}`.trim();
  }
});

/** Every tier gives the same. */
export const tiersAlike = tiersProbe(async ({ engine, labs, log }) => {
  const [first, ...rest] = labs;
  if (first === undefined) return;
  for (const vector of frozenVectors(engine)) {
    const baseline = await first.baseline(vector);
    for (const lab of rest) {
      const differs = await difference(baseline, await lab.baseline(vector));
      log.check(differs === undefined, () => ({
        what: `In the ${lab.tier} tier, compared with the ${first.tier} tier, ${differs}.`,
        where: placeOf({ lab }, vector),
      }));
    }
  }
});

/** What outside answers is in the evidence: another answer, and other evidence, or the same result. */
export const evidenceFrozen = tierProbe(async (bench) => {
  const { engine, lab, log } = bench;
  let compared = 0;
  for (const vector of goldenVectors(engine)) {
    const level = vector.document.determinism ?? operationOf(engine, vector)?.determinism_ceiling;
    if (level !== 'D0' && level !== 'D1') continue;
    const baseline = await lab.baseline(vector);
    log.check(baseline.result.evidence.length > 0, () => ({
      what: 'It left no evidence.',
      where: placeOf(bench, vector),
    }));
    compared += 1;
    const { answers } = lab.stageOf(vector);
    for (const [at, answer] of answers.entries()) {
      const other = alter(answer);
      if (other === undefined) continue;
      const observed = await lab.run(vector, { answers: answers.with(at, other) });
      if (observed.result.status !== 'succeeded') continue;
      const isSame = contents(observed.result.outputs) === contents(baseline.result.outputs);
      const isFrozen = contents(observed.result.evidence) !== contents(baseline.result.evidence);
      log.check(isSame || isFrozen, () => ({
        what: `${answer.url} answered something else, the outputs changed, and the evidence did not.`,
        where: placeOf(bench, vector, answer.url),
      }));
    }
  }
  if (compared === 0) log.notApplicable('No golden vector runs at D0 or D1.');
});

function contents(handles: readonly { name?: string; sha256: string }[]): string {
  return handles
    .map(({ name, sha256 }) => `${name} ${sha256}`)
    .sort()
    .join('\n');
}

/** The same answer with other content of the same form; `undefined` where there is no content. */
function alter(answer: StagedAnswer): StagedAnswer | undefined {
  const text = Buffer.from(answer.body).toString('utf8');
  const changed = text.replace(/[a-z0-9](?=[^a-z0-9]*$)/i, (last) => (last === '7' ? '8' : '7'));
  return changed === text ? undefined : { ...answer, body: Buffer.from(changed) };
}
