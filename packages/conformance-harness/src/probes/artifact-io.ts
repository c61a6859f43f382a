import { canonicalJson } from '@mex/envelope';
import { operationOf } from '../engine-under-test.ts';
import { outputNamed } from '../lab/observation.ts';
import { canonicalOf } from './likeness.ts';
import { goldenVectors, numberOf, placeOf, tierProbe } from './probe.ts';

/** Nothing but declared outputs is written, each once, as text or bytes. */
export const onlyDeclared = tierProbe(async (bench) => {
  const { engine, lab, log, case: one } = bench;
  const forbidden = new Set(Array.isArray(one.with['codes']) ? one.with['codes'].map(String) : []);
  for (const vector of engine.vectors) {
    const { sighting } = await lab.baseline(vector);
    const tried = sighting.calls.filter(({ code }) => code !== undefined && forbidden.has(code));
    log.check(tried.length === 0, () => ({
      what: `It tried to write ${tried.map(({ body, code }) => `${JSON.stringify(body['name'])}, which was refused with ${code}`).join('; ')}.`,
      where: placeOf(bench, vector),
    }));
  }
});

/** What is an output does not stand in the summary, too. */
export const nothingInlined = tierProbe(async (bench) => {
  const { engine, lab, log } = bench;
  const least = numberOf(bench, 'least_bytes');
  for (const vector of goldenVectors(engine)) {
    const observed = await lab.baseline(vector);
    const texts = textsOf(observed.result.summary);
    const values = canonicalJson(observed.result.summary ?? {});
    const handles = [...observed.result.outputs, ...observed.result.evidence];
    for (const handle of handles.filter(({ size_bytes }) => size_bytes >= least)) {
      const bytes = await observed.read(handle);
      const content = Buffer.from(bytes).toString('utf8').trim();
      const value = canonicalOf(bytes);
      const isInlined = texts.some((text) => text.includes(content)) || (value !== undefined && values.includes(value));
      log.check(!isInlined, () => ({
        what: `The summary repeats the whole output "${handle.name}", ${handle.size_bytes} bytes.`,
        where: placeOf(bench, vector, 'summary'),
      }));
    }
    log.check(true, () => ({ what: '' }));
  }
});

/** Every text of a JSON value. */
function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(textsOf);
}

/** Each declared output is seen in some golden vector. */
export const outputsCovered = tierProbe(async (bench) => {
  const { engine, lab, log } = bench;
  for (const [name, operation] of Object.entries(engine.manifest.operations)) {
    const runs = [];
    for (const vector of goldenVectors(engine))
      if (vector.document.operation === name) runs.push(await lab.baseline(vector));
    for (const output of operation.outputs) {
      const isSeen = runs.some((observed) => outputNamed(observed, output.name) !== undefined);
      log.check(isSeen, () => ({
        what: `No golden vector of ${name} writes the output "${output.name}" that it declares.`,
        where: { tier: lab.tier, operation: name, at: output.name },
      }));
    }
  }
});

/** What comes back is what was declared of it. */
export const outputsTyped = tierProbe(async (bench) => {
  const { engine, lab, log } = bench;
  for (const vector of goldenVectors(engine)) {
    const observed = await lab.baseline(vector);
    const declared = operationOf(engine, vector)?.outputs ?? [];
    for (const { name, mime, kind } of declared.filter(
      ({ mime: type }) => type === 'application/json' || type.endsWith('+json'),
    )) {
      const handle = outputNamed(observed, name);
      if (handle === undefined) continue;
      const isTyped = handle.mime === mime && handle.kind === kind && isJson(await observed.read(handle));
      log.check(isTyped, () => ({
        what: `The output "${name}" is declared as ${mime} and is no JSON text.`,
        where: placeOf(bench, vector, name),
      }));
    }
    log.check(true, () => ({ what: '' }));
  }
});

function isJson(bytes: Uint8Array): boolean {
  try {
    JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    return true;
  } catch {
    return false;
  }
}
