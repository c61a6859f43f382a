import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LoadedVector } from '@mex/engine-sdk/testing';
import { canonicalJson } from '@mex/envelope';
import { createLeakDetector } from '@mex/guard';
import type { Chance } from '../chance.ts';
import type { RunChange } from '../lab/lab.ts';
import { codeOf, type Observation, outcomeOf } from '../lab/observation.ts';
import type { TierBench } from './probe.ts';
import { placeOf, tierProbe } from './probe.ts';

type Secrets = Readonly<Record<string, string>>;

/** Made up, and of a form that no pattern recognises. */
function otherValue(id: string, shape: string, chance: Chance): string {
  const word = chance.word(`secret ${id} ${shape}`, 64);
  return shape === 'long' ? word : `${word.slice(0, 4)}~${word.slice(4, 16)}/+=`;
}

/** A run in which secrets are handed out, and how it came about. */
interface SecretRun {
  readonly change: RunChange;
  readonly how: string;
  /** Whether the vector says that it succeeds. */
  readonly isGolden: boolean;
}

/**
 * With other values of its secrets, an operation does the same; none of them is in anything that is kept, and nothing that
 * it says depends on them: a value in a form that nobody knows is still a difference. Also where something goes wrong.
 */
export const valuesUnseen = tierProbe(async (bench) => {
  const { engine, lab, log, chance } = bench;
  let seen = 0;
  for (const vector of engine.vectors) {
    const ids = Object.keys(lab.stageOf(vector).secrets);
    if (ids.length === 0) continue;
    seen += 1;
    const shaped = (shape: string): Secrets =>
      Object.fromEntries(ids.map((id) => [id, otherValue(id, shape, chance)] as const));
    const [short, long] = [shaped('short'), shaped('long')];
    for (const { change, how, isGolden } of secretRuns(bench, vector, await lab.baseline(vector))) {
      const first = await lab.run(vector, { ...change, secrets: short });
      const other = await lab.run(vector, { ...change, secrets: long });
      for (const observed of [first, other])
        log.check(!isGolden || observed.result.status === 'succeeded', () => ({
          what: `With other values of ${ids.join(', ')} it ended as ${outcomeOf(observed)}.`,
          where: placeOf(bench, vector),
        }));
      const told = await toldBy(first, other, () => lab.run(vector, { ...change, secrets: short }));
      log.check(told === undefined, () => ({
        what: `Another value of ${ids.join(', ')} changes what it says (${told})${how}: so it says something of the value.`,
        where: placeOf(bench, vector, told),
      }));
    }
    const found = await keptIn(bench, vector, [short, long]);
    log.check(found === undefined, () => ({
      what: `A value of a secret is in ${found}.`,
      where: placeOf(bench, vector),
    }));
  }
  if (seen === 0) log.notApplicable('No vector hands out a secret.');
});

/** The vector as it is; with each answer from outside an error; with each kind of call but for the secret refused. */
function secretRuns({ lab, chance }: TierBench, vector: LoadedVector, baseline: Observation): SecretRun[] {
  const { answers } = lab.stageOf(vector);
  const isGolden = vector.kind === 'golden';
  const asItIs: SecretRun = { change: {}, how: '', isGolden };
  if (!isGolden) return [asItIs];
  const body = Buffer.from('no');
  const failing = answers.map(
    ({ status: _status, ...answer }, at): SecretRun => ({
      change: { answers: answers.with(at, { ...answer, status: 500, body }) },
      how: ` when ${answer.url} answers with an error`,
      isGolden: false,
    }),
  );
  const served = baseline.sighting.calls.filter(({ code }) => code === undefined).map(({ call }) => call);
  const refused = [...new Set(served)].flatMap((kind): SecretRun[] => {
    const code = REFUSALS[kind];
    if (code === undefined) return [];
    const why = `It cannot be done: ${chance.word(`secret ${kind}`, 12)}.`;
    const change: RunChange = {
      intercept: async (call, serve) => (call.call === kind ? call.refuse(code, why) : serve()),
    };
    return [{ change, how: ` when ${kind} is refused`, isGolden: false }];
  });
  return [asItIs, ...failing, ...refused];
}

/** What is said instead of serving a call. Without the secret itself there is none to tell. */
const REFUSALS: Readonly<Record<string, string>> = {
  'input.read': 'ARTIFACT_CORRUPT',
  'output.write': 'ARTIFACT_CORRUPT',
  'http.fetch': 'NETWORK_FAILED',
  'tool.exec': 'TOOL_START_FAILED',
};

/**
 * What an operation says in words, by place: outputs are not among it, as they may rest on a secret that they do not tell,
 * such as a signature.
 */
function wordsOf(observed: Observation): ReadonlyMap<string, string> {
  const { reply } = observed.sighting;
  const words = new Map([['outcome', outcomeOf(observed)]]);
  const error = observed.result.errors[0];
  if (error !== undefined && codeOf(observed) !== undefined) words.set('the error', error.message);
  for (const member of ['log', 'problems', 'summary']) {
    const value: unknown = reply?.[member];
    if (typeof value !== 'object' || value === null) continue;
    words.set(member, String(Object.keys(value)));
    for (const [key, part] of Object.entries(value)) words.set(`${member} ${key}`, canonicalJson(part));
  }
  return words;
}

/** Where two runs with other secrets say something else, that is the same whenever the secret is. */
async function toldBy(
  first: Observation,
  other: Observation,
  repeat: () => Promise<Observation>,
): Promise<string | undefined> {
  const said = differing(first, other);
  if (said.length === 0) return undefined;
  // What is different each time, such as the clock, tells nothing of a secret.
  const changing = new Set(differing(first, await repeat()));
  return said.find((part) => !changing.has(part));
}

/** Places of what two runs say differently. */
function differing(a: Observation, b: Observation): string[] {
  const [first, second] = [wordsOf(a), wordsOf(b)];
  return [...new Set([...first.keys(), ...second.keys()])].filter((key) => first.get(key) !== second.get(key));
}

/** The file of the home that holds a value, in any form the guard knows. */
async function keptIn(
  { lab }: TierBench,
  vector: LoadedVector,
  secrets: readonly Secrets[],
): Promise<string | undefined> {
  const { home } = await lab.hostOf(vector);
  const detector = createLeakDetector(secrets.flatMap((values) => Object.values(values)));
  for (const entry of readdirSync(home, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = join(entry.parentPath, entry.name);
    const stream = detector.stream();
    stream.push(readFileSync(file));
    if (stream.finish().length > 0) return file.slice(home.length + 1);
  }
  return undefined;
}
