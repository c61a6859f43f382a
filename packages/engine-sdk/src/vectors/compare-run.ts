import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { canonicalJson, clipText, type ExpectedOutput, MexError, parseStrictJson, quoteText } from '@mex/envelope';
import { sha256Hex } from '@mex/envelope/digest';
import type { LoadedVector } from './load-vectors.ts';

/** How a run of a vector ended, wherever it ran. */
export interface ObservedRun {
  /** Of the EngineResult. */
  readonly status: string;
  /** Of its first error. */
  readonly code: string | undefined;
  readonly message?: string | undefined;
  readonly summary: Readonly<Record<string, unknown>> | undefined;
  /** Outputs and evidence, by name. */
  readonly outputs: ReadonlyMap<string, Uint8Array>;
  /** Codes of the Problems that the engine reported. */
  readonly problems: readonly string[];
}

/** Longest text of one difference. */
const MAX_CHARS = 600;

/** What a run has that its vector does not expect, or the other way round: one line each, none when it went as expected. */
export function compareRun({ document, dir }: LoadedVector, run: ObservedRun): string[] {
  const { expect } = document;
  const differences: string[] = [];
  const differ = (text: string): void => {
    differences.push(clipText(text, MAX_CHARS));
  };
  if (run.status !== expect.status) {
    const why = run.code === undefined ? '' : ` with ${run.code}: ${run.message ?? ''}`;
    differ(`status: ${run.status}${why}; expected ${expect.status}${'code' in expect ? ` with ${expect.code}` : ''}`);
    return differences;
  }
  if (expect.status !== 'succeeded') {
    if (run.code !== expect.code) differ(`code: ${run.code ?? 'none'} (${run.message ?? ''}); expected ${expect.code}`);
    return differences;
  }
  for (const [name, expected] of Object.entries(expect.outputs ?? {})) {
    const bytes = run.outputs.get(name);
    const difference = bytes === undefined ? 'was not written' : compareOutput(bytes, expected, dir);
    if (difference !== undefined) differ(`output ${name}: ${difference}`);
  }
  for (const [name, expected] of Object.entries(expect.summary ?? {})) {
    const difference = compareValues(Reflect.get(run.summary ?? {}, name), expected, `/${name}`);
    if (difference !== undefined) differ(`summary ${difference}`);
  }
  if (expect.problems !== undefined) {
    const found = [...new Set(run.problems)].sort();
    const wanted = [...expect.problems].sort();
    if (found.join() !== wanted.join()) differ(`problems: [${found.join(', ')}]; expected [${wanted.join(', ')}]`);
  }
  return differences;
}

function compareOutput(bytes: Uint8Array, expected: ExpectedOutput, dir: string): string | undefined {
  if ('path' in expected) return compareBytes(bytes, readFileSync(join(dir, expected.path)));
  if ('sha256' in expected) {
    const sha256 = sha256Hex(bytes);
    return sha256 === expected.sha256 ? undefined : `its SHA-256 is ${sha256}; expected ${expected.sha256}`;
  }
  if ('contains' in expected) {
    const isThere = Buffer.from(bytes).includes(expected.contains);
    return isThere ? undefined : `does not contain ${quoteText(expected.contains)}`;
  }
  try {
    return compareValues(parseStrictJson(bytes), expected.json, '');
  } catch (thrown) {
    return `is no JSON: ${thrown instanceof MexError ? thrown.message : 'it cannot be read'}`;
  }
}

/** Where two byte strings differ: by line where both are text. */
function compareBytes(found: Uint8Array, wanted: Uint8Array): string | undefined {
  if (Buffer.compare(found, wanted) === 0) return undefined;
  const [lines, expected] = [found, wanted].map((bytes) => Buffer.from(bytes).toString('utf8').split('\n'));
  if (lines === undefined || expected === undefined) return 'differs';
  const at = lines.findIndex((line, index) => line !== expected[index]);
  const line = at === -1 ? lines.length : at;
  return `line ${line + 1} is ${shown(lines[line])}; expected ${shown(expected[line])}`;
}

function shown(line: string | undefined): string {
  return line === undefined ? 'not there' : quoteText(line, 160);
}

/** The first place in which two JSON values differ in their canonical form. */
function compareValues(found: unknown, wanted: unknown, path: string): string | undefined {
  if (found === undefined) return `${path}: not there; expected ${json(wanted)}`;
  if (canonicalJson(found) === canonicalJson(wanted)) return undefined;
  if (isObject(found) && isObject(wanted) && Array.isArray(found) === Array.isArray(wanted)) {
    for (const name of new Set([...Object.keys(wanted), ...Object.keys(found)])) {
      const place = `${path}/${name}`;
      if (!Object.hasOwn(wanted, name)) return `${place}: ${json(Reflect.get(found, name))}; expected nothing there`;
      const difference = compareValues(Reflect.get(found, name), Reflect.get(wanted, name), place);
      if (difference !== undefined) return difference;
    }
  }
  return `${path}: ${json(found)}; expected ${json(wanted)}`;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function json(value: unknown): string {
  return clipText(JSON.stringify(value) ?? 'nothing', 160);
}
