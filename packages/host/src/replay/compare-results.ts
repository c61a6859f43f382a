import type { ArtifactStore } from '@mex/artifacts';
import { type ArtifactHandle, canonicalJson, type EngineResult, MexError, parseStrictJson } from '@mex/envelope';
import { sha256Hex } from '@mex/envelope/digest';
import { findDifference } from './find-difference.ts';
import type { EnvironmentDifference, Replay, ReplayDifference } from './replay.ts';

/** What two results of one operation come to, held against each other. */
export type Comparison = Pick<Replay, 'compared' | 'artifacts' | 'differences' | 'environment'>;

/**
 * Holds a second result against the recorded one (CONTRACT §6): status, error codes, summary, outputs and evidence. D3 by
 * bytes; D2 by the canonical form, which is RFC 8785 for JSON and the bytes for everything else, since no manifest names
 * a form of its own.
 */
export async function compareResults(
  store: ArtifactStore,
  before: EngineResult,
  now: EngineResult,
  parseBounds = BOUNDS,
): Promise<Comparison> {
  const structural = before.provenance.determinism === 'D2';
  const differences = [...compareEndings(before, now)];
  const pairs = [
    ...pairUp('output', before.outputs, now.outputs),
    ...pairUp('evidence', before.evidence, now.evidence),
  ];
  for (const pair of pairs) {
    const difference = await comparePair(store, pair, structural, parseBounds);
    if (difference !== undefined) differences.push(difference);
  }
  return {
    compared: structural ? 'canonical' : 'bytes',
    artifacts: pairs.length,
    differences,
    environment: compareEnvironments(before, now),
  };
}

/** Content beyond this is compared by its hash alone, in bytes. */
const MAX_READ = 16 * 1024 * 1024;
const BOUNDS = { maxBytes: MAX_READ, maxKeys: 2_000_000 };

function* compareEndings(before: EngineResult, now: EngineResult): Iterable<ReplayDifference> {
  if (before.status !== now.status) yield { what: 'status', before: before.status, now: now.status };
  const codesOf = ({ errors }: EngineResult): string => errors.map(({ code }) => code).join(', ');
  if (codesOf(before) !== codesOf(now)) yield { what: 'errors', before: codesOf(before), now: codesOf(now) };
  const summaryOf = ({ summary }: EngineResult): string => canonicalJson(summary ?? null);
  const [one, other] = [summaryOf(before), summaryOf(now)];
  if (one === other) return;
  const place = findDifference(Buffer.from(one), Buffer.from(other), true);
  yield { what: 'summary', before: sha256Hex(one), now: sha256Hex(other), ...(place === undefined ? {} : { place }) };
}

interface Pair {
  readonly what: 'output' | 'evidence';
  readonly name: string;
  readonly before: ArtifactHandle | undefined;
  readonly now: ArtifactHandle | undefined;
}

/** By name: an operation writes each output once. */
function pairUp(what: Pair['what'], before: readonly ArtifactHandle[], now: readonly ArtifactHandle[]): Pair[] {
  const nameOf = ({ name, sha256 }: ArtifactHandle): string => name ?? sha256;
  const names = new Set([...before, ...now].map(nameOf));
  const find = (handles: readonly ArtifactHandle[], name: string) => handles.find((one) => nameOf(one) === name);
  return [...names].map((name) => ({ what, name, before: find(before, name), now: find(now, name) }));
}

async function comparePair(
  store: ArtifactStore,
  { what, name, before, now }: Pair,
  structural: boolean,
  bounds: typeof BOUNDS,
): Promise<ReplayDifference | undefined> {
  const isAlike = before !== undefined && now !== undefined && before.mime === now.mime && before.kind === now.kind;
  if (isAlike && before.sha256 === now.sha256) return undefined;
  const hashes = {
    ...(before === undefined ? {} : { before: before.sha256 }),
    ...(now === undefined ? {} : { now: now.sha256 }),
  };
  if (!isAlike) return { what, name, ...hashes };
  const [one, other] = await Promise.all([tryRead(store, before), tryRead(store, now)]);
  if (one === undefined || other === undefined) return { what, name, ...hashes };
  const isJson = /[/+]json$/.test(before.mime);
  if (structural && isJson && isSameJson(one, other, bounds)) return undefined;
  const place = findDifference(one, other, isJson);
  return { what, name, ...hashes, ...(place === undefined ? {} : { place }) };
}

function isSameJson(one: Uint8Array, other: Uint8Array, bounds: typeof BOUNDS): boolean {
  const formOf = (bytes: Uint8Array): string =>
    canonicalJson(parseStrictJson(bytes, bounds), { maxChars: 4 * bounds.maxBytes });
  try {
    return formOf(one) === formOf(other);
  } catch (error) {
    // What cannot be read as JSON is compared by its bytes.
    if (error instanceof MexError) return false;
    throw error;
  }
}

/** What is gone or too large is told by its hash alone. */
async function tryRead(store: ArtifactStore, handle: ArtifactHandle): Promise<Uint8Array | undefined> {
  if (handle.size_bytes > MAX_READ) return undefined;
  try {
    return await store.get(handle);
  } catch (error) {
    if (error instanceof MexError) return undefined;
    throw error;
  }
}

/** Where the two ran, part by part: another version of Node or of ICU is the first suspect. */
export function compareEnvironments(before: EngineResult, now: EngineResult): EnvironmentDifference[] {
  const partsOf = ({ provenance: { environment } }: EngineResult): Map<string, string> => {
    const { tool_versions, ...rest } = environment;
    return new Map([...Object.entries(rest), ...Object.entries(tool_versions)]);
  };
  const [one, other] = [partsOf(before), partsOf(now)];
  return [...new Set([...one.keys(), ...other.keys()])].flatMap((name) => {
    const [left = 'absent', right = 'absent'] = [one.get(name), other.get(name)];
    return left === right ? [] : [{ name, before: left, now: right }];
  });
}
