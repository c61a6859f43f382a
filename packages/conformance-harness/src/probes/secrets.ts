import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LoadedVector } from '@mex/engine-sdk/testing';
import { createLeakDetector } from '@mex/guard';
import { outcomeOf } from '../lab/observation.ts';
import type { TierBench } from './probe.ts';
import { goldenVectors, placeOf, tierProbe } from './probe.ts';

/** Made up, the same for every certification, and of a form that no pattern recognises. */
function otherValue(id: string, shape: string): string {
  const digest = createHash('sha256').update(`mex conformance ${id} ${shape}`).digest('base64url');
  return shape === 'long' ? `${digest}${digest.slice(0, 21)}` : `c0n~${digest.slice(0, 12)}/+=`;
}

/** With other values of its secrets, an operation does the same, and none of them is in anything that is kept. */
export const valuesUnseen = tierProbe(async (bench) => {
  const { engine, lab, log } = bench;
  let seen = 0;
  for (const vector of goldenVectors(engine)) {
    const ids = Object.keys(lab.stageOf(vector).secrets);
    if (ids.length === 0) continue;
    for (const shape of ['short', 'long']) {
      seen += 1;
      const secrets = Object.fromEntries(ids.map((id) => [id, otherValue(id, shape)]));
      const observed = await lab.run(vector, { secrets });
      log.check(observed.result.status === 'succeeded', () => ({
        what: `With other values of ${ids.join(', ')} it ended as ${outcomeOf(observed)}.`,
        where: placeOf(bench, vector),
      }));
      const found = await keptIn(bench, vector, secrets);
      log.check(found === undefined, () => ({
        what: `A value of a secret is in ${found}.`,
        where: placeOf(bench, vector),
      }));
    }
  }
  if (seen === 0) log.notApplicable('No golden vector hands out a secret.');
});

/** The file of the home that holds a value, in any form the guard knows. */
async function keptIn(
  { lab }: TierBench,
  vector: LoadedVector,
  secrets: Readonly<Record<string, string>>,
): Promise<string | undefined> {
  const { home } = await lab.hostOf(vector);
  const detector = createLeakDetector(Object.values(secrets));
  for (const entry of readdirSync(home, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = join(entry.parentPath, entry.name);
    const stream = detector.stream();
    stream.push(readFileSync(file));
    if (stream.finish().length > 0) return file.slice(home.length + 1);
  }
  return undefined;
}
