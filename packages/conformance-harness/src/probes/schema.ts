import { compareRun, type LoadedVector } from '@mex/engine-sdk/testing';
import { MexError } from '@mex/envelope';
import { registerManifest } from '@mex/registry';
import { implementationOf, implementersOf, operationOf } from '../engine-under-test.ts';
import { codeOf, observedRun, outcomeOf } from '../lab/observation.ts';
import { boundVectors } from '../needs.ts';
import { brokenParams } from './broken-params.ts';
import {
  goldenVectors,
  packageProbe,
  placeOf,
  rejectVectors,
  representatives,
  type TierBench,
  textOf,
  tierProbe,
} from './probe.ts';

/** The manifest is one that a registry takes. */
export const registers = packageProbe(({ engine, log }) => {
  try {
    registerManifest(engine.manifest, engine.bundleFile, 'added');
    log.check(true, () => ({ what: '' }));
  } catch (error) {
    if (!(error instanceof MexError)) throw error;
    log.check(false, () => ({
      what: `The registry refuses the manifest: ${error.message}`,
      where: { at: 'dist/manifest.json' },
      ...(error.remedy === undefined ? {} : { remedy: error.remedy }),
    }));
  }
});

/** Every operation has vectors that say how it must succeed and how it must not. */
export const vectorsCover = packageProbe(({ engine, log }) => {
  const { vectorsFault, vectors } = engine;
  log.check(vectorsFault === undefined, () => ({
    what: `The vectors cannot be read: ${vectorsFault}`,
    where: { at: 'conformance/' },
  }));
  if (vectorsFault !== undefined) return;
  for (const vector of vectors) {
    const { operation } = vector.document;
    log.check(operationOf(engine, vector) !== undefined, () => ({
      what: `The manifest has no operation ${operation}.`,
      where: { vector: vector.name, operation },
      remedy: `Correct "operation" of conformance/${vector.name}/vector.json.`,
    }));
  }
  for (const operation of Object.keys(engine.manifest.operations)) {
    for (const { id } of implementersOf(engine.manifest, operation)) {
      const own = vectors.filter((vector) => vector.kind === 'golden' && vector.document.operation === operation);
      const isDone = own.some((vector) => implementationOf(engine.manifest, vector)?.id === id);
      // Without any golden vector the next finding says so.
      log.check(isDone || own.length === 0, () => ({
        what: `There is no golden vector of ${operation} by the implementation "${id}".`,
        where: { operation, at: 'conformance/' },
        remedy: `Write one with "implementation": "${id}" and a program in outside.tools; or do not declare it.`,
      }));
    }
    const golden = vectors.filter((vector) => vector.kind === 'golden' && vector.document.operation === operation);
    log.check(golden.length === 0 || golden.some(saysWhat), () => ({
      what: `No golden vector of ${operation} says what comes out.`,
      where: { operation, at: 'conformance/' },
      remedy: 'Name "outputs" or a "summary" in expect of one of them.',
    }));
    for (const kind of ['golden', 'reject'] as const) {
      const has = vectors.some((vector) => vector.kind === kind && vector.document.operation === operation);
      log.check(has, () => ({
        what: `There is no ${kind} vector of ${operation}.`,
        where: { operation, at: 'conformance/' },
      }));
    }
  }
});

/** Whether a vector expects anything of the result but that there is one. */
function saysWhat({ document: { expect } }: LoadedVector): boolean {
  if (expect.status !== 'succeeded') return false;
  return expect.summary !== undefined || Object.keys(expect.outputs ?? {}).length > 0;
}

async function checkVectors(bench: TierBench, vectors: ReturnType<typeof goldenVectors>): Promise<void> {
  for (const vector of vectors) {
    const unmet = compareRun(vector, await observedRun(await bench.lab.baseline(vector)));
    bench.log.check(unmet.length === 0, () => ({ what: `${unmet.join('; ')}.`, where: placeOf(bench, vector) }));
  }
}

/** Golden vectors come out as they say. */
export const goldenHold = tierProbe((bench) => checkVectors(bench, goldenVectors(bench.engine)));

/** Reject vectors are refused as they say. */
export const rejectHold = tierProbe((bench) => checkVectors(bench, rejectVectors(bench.engine)));

/** Params outside of the schema are denied, and the engine is not asked. */
export const paramsRefused = tierProbe(async (bench) => {
  const { engine, lab, log, case: one } = bench;
  const code = textOf(one.expect, 'code');
  for (const { vector } of await representatives(bench)) {
    const schema = operationOf(engine, vector)?.params_schema ?? {};
    for (const { params, how } of brokenParams(schema, vector.document.params)) {
      const observed = await lab.run(vector, { params });
      const isHeld = observed.result.status === 'denied' && codeOf(observed) === code && observed.sighting.starts === 0;
      log.check(isHeld, () => ({
        what: `Params with ${how} were not denied with ${code}: ${outcomeOf(observed)}.`,
        where: placeOf(bench, vector),
      }));
    }
  }
});

/** The manifest binds the vectors that are there. */
export const vectorsBound = packageProbe(({ engine, log }) => {
  const bound = boundVectors(engine);
  const count = engine.vectors.length;
  log.check(bound?.sha256 === engine.vectorsSha256 && bound.count === count, () => ({
    what: `The manifest names ${bound?.count} vectors with the digest ${bound?.sha256}; there are ${count} with ${engine.vectorsSha256}.`,
    where: { at: 'conformance/' },
  }));
});
