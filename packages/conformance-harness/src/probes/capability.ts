import type { LoadedVector } from '@mex/engine-sdk/testing';
import { coversCapability } from '@mex/envelope';
import { implementedOperation } from '@mex/runtime';
import { type EngineUnderTest, implementersOf, operationOf } from '../engine-under-test.ts';
import type { SeenCall } from '../lab/call-tap.ts';
import type { Observation } from '../lab/observation.ts';
import { unfairEnd } from './fair-end.ts';
import { goldenVectors, placeOf, tierProbe } from './probe.ts';

/** What a call needs; `undefined` for one that no capability covers. */
export function capabilityOf({ call, body }: Pick<SeenCall, 'call' | 'body'>): string | undefined {
  if (call.startsWith('input.')) return 'fs.read:inputs';
  if (call === 'output.write') return 'fs.write:artifacts';
  if (call.startsWith('scope.')) return `fs.read:${String(body['scope'])}`;
  if (call === 'tool.exec') return `proc.exec:${String(body['tool'])}`;
  if (call === 'secret.value') return `secrets.use:${String(body['secret'])}`;
  if (call === 'device.use') return String(body['capability']);
  const url = String(body['url']);
  return call === 'http.fetch' && URL.canParse(url) ? `net.http:${new URL(url).host}` : undefined;
}

/** Ids of secrets that the host fills into headers. */
const SECRET_IN_HEADER = /\{\{secret:([^{}]+)\}\}/g;

/** Everything an operation used, as capabilities of its calls. */
function usedBy({ sighting }: Observation): Set<string> {
  const used = new Set<string>();
  for (const seen of sighting.calls) {
    const id = capabilityOf(seen);
    if (id !== undefined) used.add(id);
    if (seen.call !== 'http.fetch') continue;
    for (const [, secret] of JSON.stringify(seen.body['headers'] ?? []).matchAll(SECRET_IN_HEADER))
      used.add(`secrets.use:${secret}`);
  }
  return used;
}

function requested(engine: EngineUnderTest, vector: LoadedVector): readonly string[] {
  return vector.document.capabilities ?? operationOf(engine, vector)?.capabilities ?? [];
}

/** Whether something that was used rests on a capability. A wildcard host covers more than its text. */
function restsOn(used: ReadonlySet<string>, capability: string): boolean {
  const isWild = capability.startsWith('net.http:*.');
  return [...used].some(
    (id) => coversCapability(capability, id) || (isWild && id.endsWith(capability.slice('net.http:*'.length))),
  );
}

/** Each capability that a golden vector uses is withheld: the operation must not claim what it cannot know. */
export const withheld = tierProbe(async (bench) => {
  const { engine, lab, log } = bench;
  for (const vector of goldenVectors(engine)) {
    const baseline = await lab.baseline(vector);
    const operation = operationOf(engine, vector);
    if (operation === undefined) continue;
    const capabilities = requested(engine, vector);
    for (const capability of capabilities.filter((id) => restsOn(usedBy(baseline), id))) {
      const observed = await lab.run(vector, { capabilities: capabilities.filter((id) => id !== capability) });
      const refused = new Set(observed.sighting.calls.flatMap(({ code }) => (code === undefined ? [] : [code])));
      const unfair = unfairEnd(observed, baseline, operation, refused);
      log.check(unfair === undefined, () => ({
        what: `Without ${capability}: ${unfair}.`,
        where: placeOf(bench, vector, capability),
      }));
    }
  }
});

/** A capability that no vector uses was certified by nothing. */
export const declaredUsed = tierProbe(async (bench) => {
  const { engine, lab, log } = bench;
  const used = new Map<string, Set<string>>();
  for (const vector of goldenVectors(engine)) {
    const known = used.get(vector.document.operation) ?? new Set();
    for (const id of usedBy(await lab.baseline(vector))) known.add(id);
    used.set(vector.document.operation, known);
  }
  for (const [name, operation] of Object.entries(engine.manifest.operations)) {
    const needed = implementersOf(engine.manifest, name).flatMap(
      (implementation) => implementedOperation(operation, implementation).capabilities,
    );
    for (const capability of new Set([...operation.capabilities, ...needed])) {
      const isUsed = restsOn(used.get(name) ?? new Set(), capability);
      log.check(isUsed, () => ({
        what: `${name} declares ${capability}, and no golden vector uses it.`,
        where: { tier: lab.tier, operation: name, at: capability },
      }));
    }
  }
});

/** In runs that succeed, nothing is tried that was not granted. */
export const nothingForbidden = tierProbe(async (bench) => {
  const { engine, lab, log, case: one } = bench;
  const forbidden = new Set(Array.isArray(one.with['codes']) ? one.with['codes'].map(String) : []);
  for (const vector of goldenVectors(engine)) {
    const { sighting } = await lab.baseline(vector);
    const tried = sighting.calls.filter(({ code }) => code !== undefined && forbidden.has(code));
    log.check(tried.length === 0, () => ({
      what: `It called ${tried.map(describeCall).slice(0, 4).join('; ')}.`,
      where: placeOf(bench, vector),
    }));
  }
});

function describeCall({ call, code, body }: SeenCall): string {
  const detail = ['name', 'path', 'scope', 'tool', 'secret', 'capability'].flatMap((key) =>
    body[key] === undefined ? [] : [`${key} ${JSON.stringify(body[key])}`],
  );
  return `${call}${detail.length === 0 ? '' : ` (${detail.join(', ')})`} and was refused: ${code}`;
}
