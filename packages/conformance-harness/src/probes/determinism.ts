import type { LoadedVector } from '@mex/engine-sdk/testing';
import { type EngineUnderTest, operationOf } from '../engine-under-test.ts';
import type { Lab, RunChange } from '../lab/lab.ts';
import type { Observation } from '../lab/observation.ts';
import { type InputContent, readInputs } from '../lab/vector-inputs.ts';
import type { Finding } from '../report.ts';
import { difference } from './likeness.ts';
import { frozenVectors, numberOf, placeOf, spread, type TierBench, tierProbe, tiersProbe } from './probe.ts';
import { sampleParams } from './sample-params.ts';

/** What is run to be compared: a vector as it is, or with params or inputs of which its author did not think. */
interface FrozenRun {
  readonly vector: LoadedVector;
  readonly change: RunChange;
  readonly label: string;
}

/** What every frozen run gave in a fresh sandbox, by vector and label: later cases compare with it. */
const FRESH = new WeakMap<Lab, Map<string, Observation>>();

function keyOf({ vector, label }: FrozenRun): string {
  return `${vector.name} ${label}`;
}

/** An engine could know its own vectors: other params and other inputs are among what is compared. */
function frozenRuns(bench: TierBench): FrozenRun[] {
  const { engine, case: one } = bench;
  // Of every operation one at least, however many vectors the others have.
  const first = [...firstOfEach(engine).values()];
  const vectors = [...new Set([...first, ...spread(frozenVectors(engine), numberOf(bench, 'most'))])];
  const sampled = first.flatMap((vector): FrozenRun[] => {
    const schema = operationOf(engine, vector)?.params_schema ?? {};
    const samples = sampleParams(schema, vector.document.params, bench.chance);
    const chosen = spread(samples, numberOf(bench, 'samples'));
    return chosen.map(({ params, how }) => ({ vector, change: { params }, label: `with ${how}` }));
  });
  const altered = first.flatMap((vector): FrozenRun[] => {
    const inputs = readInputs(vector);
    if (inputs.length === 0 || one.with['other_inputs'] !== true) return [];
    return [{ vector, change: { inputs: inputs.map(halveInput) }, label: 'with inputs cut in half' }];
  });
  return [...vectors.map((vector) => ({ vector, change: {}, label: 'as it is' })), ...sampled, ...altered];
}

/** One frozen vector of each operation, at the level that the operation promises where there is one. */
function firstOfEach(engine: EngineUnderTest): Map<string, LoadedVector> {
  const first = new Map<string, LoadedVector>();
  for (const vector of frozenVectors(engine)) {
    const { operation } = vector.document;
    const known = first.get(operation);
    if (known === undefined || (isBelow(engine, known) && !isBelow(engine, vector))) first.set(operation, vector);
  }
  return first;
}

function isBelow(engine: EngineUnderTest, vector: LoadedVector): boolean {
  const ceiling = operationOf(engine, vector)?.determinism_ceiling;
  return (vector.document.determinism ?? ceiling) !== ceiling;
}

function halveInput(content: InputContent): InputContent {
  const halve = (bytes: Uint8Array): Uint8Array => bytes.slice(0, Math.floor(bytes.length / 2));
  if (content.kind === 'blob') return { kind: 'blob', bytes: halve(content.bytes) };
  return { kind: 'bundle', files: new Map([...content.files].map(([path, bytes]) => [path, halve(bytes)])) };
}

/** In two sandboxes that nobody used before, everything once, in one order: the same. */
export const freshAlike = tierProbe(async (bench) => {
  const { engine, lab, log } = bench;
  for (const [operation, vector] of firstOfEach(engine))
    log.check(!isBelow(engine, vector), () => ({
      what: `No golden vector of ${operation} runs at ${operationOf(engine, vector)?.determinism_ceiling}, which it promises.`,
      where: placeOf(bench, vector),
      remedy: 'Leave "determinism" out of one of its golden vectors; or promise less.',
    }));
  const runs = frozenRuns(bench);
  const fresh = new Map<string, Observation>();
  const [one, other] = [lab.newcomer(), lab.newcomer()];
  for (const run of runs) fresh.set(keyOf(run), await lab.run(run.vector, { ...run.change, caller: one }));
  for (const run of runs) {
    const again = await lab.run(run.vector, { ...run.change, caller: other });
    await checkAlike(bench, run, fresh, again, 'In another fresh sandbox');
  }
  FRESH.set(lab, fresh);
});

/**
 * In one sandbox: everything in another order than in a fresh one, then other vectors, then everything again. What an
 * engine keeps between operations shows as a difference, also where it keeps what it once answered.
 */
export const usedAlike = tierProbe(async (bench) => {
  const { engine, lab } = bench;
  const fresh = FRESH.get(lab);
  if (fresh === undefined) return;
  const runs = frozenRuns(bench);
  const others = spread(engine.vectors, numberOf(bench, 'others')).map((vector) => ({ vector, change: {}, label: '' }));
  const caller = lab.newcomer();
  let before = 'nothing';
  for (const run of [...runs.toReversed(), ...others, ...runs]) {
    const observed = await lab.run(run.vector, { ...run.change, caller });
    await checkAlike(bench, run, fresh, observed, `In a sandbox that had been used, last for ${before}`);
    before = keyOf(run).trim();
  }
});

async function checkAlike(
  bench: TierBench,
  run: FrozenRun,
  fresh: ReadonlyMap<string, Observation>,
  observed: Observation,
  where: string,
): Promise<void> {
  const known = fresh.get(keyOf(run));
  if (known === undefined) return;
  const differs = await difference(known, observed);
  bench.log.check(differs === undefined, () => ({
    what: `${where}, ${differs}.`,
    where: placeOf(bench, run.vector, run.label),
  }));
}

/** Every tier gives the same, for the vectors and for what was run beside them. */
export const tiersAlike = tiersProbe(async ({ engine, labs, log }) => {
  const [first, ...rest] = labs;
  if (first === undefined) return;
  const compare = async (lab: Lab, a: Observation, b: Observation, where: Finding['where']): Promise<void> => {
    const differs = await difference(a, b);
    log.check(differs === undefined, () => ({
      what: `In the ${lab.tier} tier, compared with the ${first.tier} tier, ${differs}.`,
      where: where ?? {},
    }));
  };
  for (const lab of rest) {
    for (const vector of frozenVectors(engine))
      await compare(lab, await first.baseline(vector), await lab.baseline(vector), placeOf({ lab }, vector));
    const fresh = FRESH.get(lab);
    for (const [label, observed] of FRESH.get(first) ?? []) {
      const other = fresh?.get(label);
      if (other !== undefined) await compare(lab, observed, other, { tier: lab.tier, at: label });
    }
  }
});
