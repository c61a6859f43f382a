import { canonicalJson, parseStrictJson } from '@mex/envelope';
import { codeOf, type Observation, outcomeOf, problemCodes } from '../lab/observation.ts';

/**
 * How two runs of one operation differ that must be alike; `undefined`: they do not. D3 means the same bytes everywhere;
 * at D2, outputs that are JSON are compared in canonical form, and others by their presence alone.
 */
export async function difference(a: Observation, b: Observation): Promise<string | undefined> {
  if (a.result.status !== b.result.status || codeOf(a) !== codeOf(b))
    return `it ended as ${outcomeOf(b)} instead of ${outcomeOf(a)}`;
  const isExact = a.operation.determinism === 'D3';
  const [first, second] = [handlesOf(a), handlesOf(b)];
  if (first.map(({ name }) => name).join() !== second.map(({ name }) => name).join())
    return `it wrote [${second.map(({ name }) => name).join()}] instead of [${first.map(({ name }) => name).join()}]`;
  for (const [at, handle] of first.entries()) {
    const other = second[at];
    if (other === undefined || handle.sha256 === other.sha256) continue;
    const [left, right] = [await a.read(handle), await b.read(other)];
    const canonical = canonicalOf(left);
    if (!isExact && (canonical === undefined || canonical === canonicalOf(right))) continue;
    return `the output "${handle.name}" differs: ${firstDifference(left, right)}`;
  }
  if (canonicalJson(a.result.summary ?? {}) !== canonicalJson(b.result.summary ?? {})) return 'the summary differs';
  if (problemCodes(a).sort().join() !== problemCodes(b).sort().join()) return 'the Problems differ';
  return undefined;
}

function handlesOf({ result }: Observation) {
  return [...result.outputs, ...result.evidence].toSorted((a, b) => ((a.name ?? '') < (b.name ?? '') ? -1 : 1));
}

/** The canonical form of a JSON document; `undefined` for other bytes. */
export function canonicalOf(bytes: Uint8Array): string | undefined {
  try {
    return canonicalJson(parseStrictJson(bytes));
  } catch {
    return undefined;
  }
}

/** Where two contents begin to differ, with a little of each. */
function firstDifference(expected: Uint8Array, found: Uint8Array): string {
  const [a, b] = [Buffer.from(expected), Buffer.from(found)];
  let at = 0;
  while (at < Math.min(a.length, b.length) && a[at] === b[at]) at += 1;
  const line = a.subarray(0, at).toString('latin1').split('\n').length;
  const part = (bytes: Buffer): string => JSON.stringify(bytes.subarray(at, at + 40).toString('utf8'));
  return `from byte ${at}, line ${line}, on there is ${part(b)} instead of ${part(a)}`;
}
