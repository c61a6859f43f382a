import type { LoadedVector } from '@mex/engine-sdk/testing';
import { canonicalJson } from '@mex/envelope';
import { operationOf } from '../engine-under-test.ts';
import type { StagedAnswer } from '../lab/http-stage.ts';
import type { Observation } from '../lab/observation.ts';
import { difference } from './likeness.ts';
import { frozenVectors, goldenVectors, numberOf, placeOf, spread, tierProbe, tiersProbe } from './probe.ts';

/** In two sandboxes that nobody used before, each vector once, in one order: the same. */
export const freshAlike = tierProbe(async (bench) => {
  const { engine, lab, log } = bench;
  const vectors = spread(frozenVectors(engine), numberOf(bench, 'most'));
  const firstRuns = new Map<LoadedVector, Observation>();
  const [one, other] = [lab.newcomer(), lab.newcomer()];
  for (const vector of vectors) firstRuns.set(vector, await lab.run(vector, { caller: one }));
  for (const vector of vectors) {
    const again = await lab.run(vector, { caller: other });
    const first = firstRuns.get(vector);
    const differs = first && (await difference(first, again));
    log.check(differs === undefined, () => ({
      what: `In another fresh sandbox, ${differs}.`,
      where: placeOf(bench, vector),
    }));
  }
});

/**
 * In one sandbox: each vector, then all others, then each again, and once more the other way round. What an engine keeps
 * between operations shows as a difference.
 */
export const usedAlike = tierProbe(async (bench) => {
  const { engine, lab, log } = bench;
  const frozen = frozenVectors(engine);
  const others = spread(engine.vectors, numberOf(bench, 'others'));
  const order = [...frozen, ...others, ...frozen, ...frozen.toReversed()];
  const caller = lab.newcomer();
  const first = new Map<LoadedVector, Observation>();
  let before = 'nothing';
  for (const vector of order) {
    const observed = await lab.run(vector, { caller });
    const known = first.get(vector);
    if (known === undefined) first.set(vector, observed);
    else if (frozen.includes(vector)) {
      const differs = await difference(known, observed);
      const after = before;
      log.check(differs === undefined, () => ({
        what: `In a sandbox that had been used, last for ${after}, ${differs}.`,
        where: placeOf(bench, vector),
      }));
    }
    before = vector.name;
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
  return canonicalJson(handles.map(({ name, sha256 }) => [name ?? null, sha256]).sort());
}

/** The same answer with other content of the same form; `undefined` where there is no content. */
function alter(answer: StagedAnswer): StagedAnswer | undefined {
  const text = Buffer.from(answer.body).toString('utf8');
  const changed = text.replace(/[a-z0-9](?=[^a-z0-9]*$)/i, (last) => (last === '7' ? '8' : '7'));
  return changed === text ? undefined : { ...answer, body: Buffer.from(changed) };
}
