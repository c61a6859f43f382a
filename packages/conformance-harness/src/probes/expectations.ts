import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LoadedVector } from '@mex/engine-sdk/testing';
import { canonicalJson, type ExpectedOutput, parseStrictJson } from '@mex/envelope';
import { sha256Hex } from '@mex/envelope/digest';
import { codeOf, type Observation, outcomeOf, outputNamed, problemCodes } from '../lab/observation.ts';

/** What a run is that its vector does not expect: one sentence each. */
export async function unmetExpectations(vector: LoadedVector, observed: Observation): Promise<string[]> {
  const { expect } = vector.document;
  if (expect.status !== 'succeeded') {
    const isMet = observed.result.status === expect.status && codeOf(observed) === expect.code;
    return isMet
      ? []
      : [`expected ${expect.status} with ${expect.code}; it ended as ${outcomeOf(observed)}${why(observed)}`];
  }
  if (observed.result.status !== 'succeeded')
    return [`expected succeeded; it ended as ${outcomeOf(observed)}${why(observed)}`];
  const unmet: string[] = [];
  for (const [name, wanted] of Object.entries(expect.outputs ?? {})) {
    const handle = outputNamed(observed, name);
    const bytes = handle && (await observed.read(handle));
    const problem = bytes === undefined ? 'was not written' : unmetOutput(vector, wanted, bytes);
    if (problem !== undefined) unmet.push(`the output "${name}" ${problem}`);
  }
  const summary = observed.result.summary ?? {};
  for (const [name, wanted] of Object.entries(expect.summary ?? {}))
    if (!Object.hasOwn(summary, name) || canonicalJson(summary[name]) !== canonicalJson(wanted))
      unmet.push(`summary.${name} is ${shown(summary[name])}, not ${shown(wanted)}`);
  const codes = [...new Set(problemCodes(observed))].sort();
  if (expect.problems !== undefined && codes.join() !== [...expect.problems].sort().join())
    unmet.push(`it reported the Problems [${codes.join(', ')}], not [${[...expect.problems].sort().join(', ')}]`);
  return unmet;
}

function why({ result }: Observation): string {
  const [error] = result.errors;
  return error === undefined ? '' : ` (${error.message.slice(0, 300)})`;
}

function unmetOutput(vector: LoadedVector, wanted: ExpectedOutput, bytes: Uint8Array): string | undefined {
  if ('path' in wanted) {
    const expected = readFileSync(join(vector.dir, wanted.path));
    return expected.equals(bytes) ? undefined : `is not ${wanted.path}: ${firstDifference(expected, bytes)}`;
  }
  if ('sha256' in wanted) {
    const found = sha256Hex(bytes);
    return found === wanted.sha256 ? undefined : `has the SHA-256 ${found}, not ${wanted.sha256}`;
  }
  if ('contains' in wanted)
    return Buffer.from(bytes).includes(wanted.contains) ? undefined : `does not contain ${shown(wanted.contains)}`;
  const found = canonicalOf(bytes);
  return found === canonicalJson(wanted.json)
    ? undefined
    : `is not the expected JSON: it is ${(found ?? 'no JSON').slice(0, 300)}`;
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
export function firstDifference(expected: Uint8Array, found: Uint8Array): string {
  const [a, b] = [Buffer.from(expected), Buffer.from(found)];
  let at = 0;
  while (at < Math.min(a.length, b.length) && a[at] === b[at]) at += 1;
  const line = a.subarray(0, at).toString('latin1').split('\n').length;
  const part = (bytes: Buffer): string => JSON.stringify(bytes.subarray(at, at + 40).toString('utf8'));
  return `from byte ${at}, line ${line}, on there is ${part(b)} instead of ${part(a)}`;
}

function shown(value: unknown): string {
  return (JSON.stringify(value) ?? 'absent').slice(0, 200);
}
