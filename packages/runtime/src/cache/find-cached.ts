import type { ArtifactStore } from '@mex/artifacts';
import { type ArtifactHandle, type EngineResult, MexError, parseStrictJson } from '@mex/envelope';
import { sha256Hex } from '@mex/envelope/digest';
import type { FlightRecorder } from '@mex/flight-recorder';
import { reportedProblems } from '../broker/call.ts';
import type { Ledger } from '../ledger.ts';
import { findProof, isBeforeLog } from '../proven-result.ts';
import type { ReportedProblem } from '../sandbox/protocol.ts';
import type { CacheEntry, ResultCache } from './result-cache.ts';

/** A recorded result that was proven and verified just now. */
export interface CacheHit {
  readonly result: EngineResult;
  readonly problems: readonly ReportedProblem[];
}

/** A result that was to be served and is not what it was. */
export interface CacheRefusal {
  readonly opId: string;
  /** What was wrong: a code of MEX. */
  readonly code: string;
  readonly message: string;
}

export interface CachePowers {
  readonly cache: ResultCache;
  readonly ledger: Ledger;
  readonly recorder: FlightRecorder;
  readonly store: ArtifactStore;
}

/** Looks for a result and verifies it: the log proves it, and every artifact has its bytes. */
export async function findCached(
  key: string,
  configHash: string,
  now: number,
  powers: CachePowers,
): Promise<{ readonly hit?: CacheHit; readonly refusal?: CacheRefusal }> {
  const entry = powers.cache.find(key, now);
  if (entry === undefined) return {};
  try {
    const hit = readProven(entry, key, configHash, powers);
    if (hit === undefined) return {};
    const { outputs, evidence, logs_ref } = hit.result;
    for (const handle of [...outputs, ...evidence, ...(logs_ref === undefined ? [] : [logs_ref])]) {
      await verifyContent(powers.store, handle);
    }
    return { hit };
  } catch (error) {
    if (!(error instanceof MexError)) throw error;
    return { refusal: { opId: entry.opId, code: error.code, message: error.message } };
  }
}

/**
 * The result an entry points to, if the log proves it; `undefined` when retention has removed the evidence.
 * @throws MexError for a row, a result or an event that is not what was recorded
 */
export function readProven(
  { opId, problems }: CacheEntry,
  key: string,
  configHash: string,
  { ledger, recorder }: Pick<CachePowers, 'ledger' | 'recorder'>,
): CacheHit | undefined {
  const ended = ledger.get(opId)?.ended;
  if (ended === undefined) throw tampered(`the ledger has no result of ${opId}`);
  const { result, sha256 } = ended;
  const proof = findProof(recorder, opId, sha256);
  // Retention of the log may be shorter than that of the cache. Without evidence nothing is served.
  if (proof === undefined && isBeforeLog(recorder, result)) return undefined;
  if (proof === undefined) throw tampered(`the log does not name the recorded result of ${opId}`);
  if (proof.cache?.key_sha256 !== key) throw tampered(`the log does not name this key for the result of ${opId}`);
  if (proof.cache.problems_sha256 !== sha256Hex(problems))
    throw tampered(`the Problems kept of ${opId} are not those that the log names`);
  if (result.status !== 'succeeded' || result.provenance.config_hash !== configHash)
    throw tampered(`the result of ${opId} is not one that may be served`);
  const reported = parseStrictJson(problems);
  if (!reportedProblems.check(reported)) throw tampered(`the Problems kept of ${opId} are none`);
  return { result, problems: reported };
}

/** Larger content is read in pieces, which reads it twice. */
const IN_MEMORY_BYTES = 16 * 1024 * 1024;

/** @throws MexError unless the artifact is there with exactly its bytes */
async function verifyContent(store: ArtifactStore, handle: ArtifactHandle): Promise<void> {
  if (handle.size_bytes <= IN_MEMORY_BYTES) {
    await store.get(handle);
    return;
  }
  for await (const _piece of store.open(handle)) continue;
}

function tampered(what: string): MexError {
  return new MexError({
    code: 'RESULT_TAMPERED',
    kind: 'integrity',
    message: `The cached result was refused: ${what}.`,
  });
}
