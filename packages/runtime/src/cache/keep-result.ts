import {
  canonicalJson,
  clipText,
  type EngineResult,
  type FlightEvent,
  MexError,
  type ProblemReport,
} from '@mex/envelope';
import { sha256Hex } from '@mex/envelope/digest';
import type { OperationPowers } from '../operation.ts';
import { type Planned, stamp } from '../planned.ts';
import type { EngineRun } from '../run-engine.ts';
import { type CacheRefusal, readProven } from './find-cached.ts';
import type { CacheEntry } from './result-cache.ts';

/** The cache as one operation that runs has met it. */
export interface CacheMiss {
  readonly key: string;
  /** A result was there and was refused. */
  readonly refusal: CacheRefusal | undefined;
}

/** Codes of Problems about kept results. */
export type CacheWarningCode = 'CACHE_ENTRY_REFUSED' | 'RESULT_DIVERGED';

/** What is recorded about the cache with the end of an operation that ran. */
export interface Keeping {
  /** For the `engine.run` event: proves the entry. */
  readonly mark: { readonly key_sha256: string; readonly problems_sha256: string } | undefined;
  readonly events: readonly FlightEvent[];
  readonly reports: readonly ProblemReport[];
  /** In the transaction that ends the operation. */
  readonly write: () => void;
}

const NOTHING: Keeping = { mark: undefined, events: [], reports: [], write: () => undefined };

/** Problems of one result that are kept, as JSON text. With more of them it is not kept. */
const MAX_PROBLEMS_CHARS = 512 * 1024;

/**
 * Decides whether a result is kept. Only what succeeded, and with every call answered: a refusal would be told once and
 * never again, and an engine that went on without a file that drifted for a moment would go on without it every time. A result that differs from a kept one under the same key proves that the engine is not D3: neither is served then.
 */
export function draftKeeping(
  planned: Planned,
  miss: CacheMiss | undefined,
  run: EngineRun,
  result: EngineResult,
  powers: OperationPowers,
): Keeping {
  const { cache } = powers;
  if (cache === undefined || miss === undefined) return NOTHING;
  const now = powers.now();
  const { key, refusal } = miss;
  const refused = refusal === undefined ? undefined : describeRefusal(planned, key, refusal, now);
  const drop = (): void => {
    if (refusal !== undefined) cache.remove(key, refusal.opId);
  };
  const events = refused === undefined ? [] : [refused.event];
  const reports = refused === undefined ? [] : [refused.report];
  const problems = canonicalJson(run.reply?.problems ?? []);
  const { refusedCalls, failedCalls, axes } = run.broker;
  const isClean = refusedCalls + failedCalls === 0 && run.leaks.length === 0 && axes.secrets.handed.size === 0;
  if (result.status !== 'succeeded' || !isClean || problems.length > MAX_PROBLEMS_CHARS)
    return { mark: undefined, events, reports, write: drop };
  const known = refusal === undefined ? cache.find(key, now) : undefined;
  const before = known && tryRead(known, key, result, powers);
  if (known !== undefined && before !== undefined && !isSame(before, result)) {
    const write = (): void => cache.remove(key, known.opId);
    return { mark: undefined, events, reports: [divergence(planned, known.opId)], write };
  }
  const mark = { key_sha256: key, problems_sha256: sha256Hex(problems) };
  const entry = { opId: result.op_id, createdAt: now, problems };
  return { mark, events, reports, write: () => cache.put(key, entry) };
}

/** An engine is accused with proven results only. What is not proven is replaced; whoever would have served it would have told. */
function tryRead(
  entry: CacheEntry,
  key: string,
  { provenance }: EngineResult,
  powers: OperationPowers,
): EngineResult | undefined {
  try {
    return readProven(entry, key, provenance.config_hash ?? '', powers)?.result;
  } catch (error) {
    if (error instanceof MexError) return undefined;
    throw error;
  }
}

/** Byte for byte: each output and evidence by its hash, and the summary. */
function isSame(before: EngineResult, now: EngineResult): boolean {
  const factsOf = ({ outputs, evidence, summary }: EngineResult): string =>
    canonicalJson([
      [...outputs, ...evidence].map(({ name, sha256, mime, kind }) => [name ?? null, sha256, mime, kind]),
      summary ?? null,
    ]);
  return factsOf(before) === factsOf(now);
}

function describeRefusal(planned: Planned, key: string, { opId, code, message }: CacheRefusal, now: number) {
  const event: FlightEvent = {
    ...stamp(planned.base, now),
    type: 'system',
    subject: 'cache.refused',
    body: { op_id: planned.operation.op_id, cached_op_id: opId, key_sha256: key, code },
  };
  const { engine_id, operation } = planned.operation;
  const report: ProblemReport = {
    title: `A kept result of ${operation} was refused: ${code}`,
    message: clipText(
      `${message} Nothing of it was served; the engine ran instead. Look for who changed it: mex log verify, mex artifacts verify --all`,
      2_000,
    ),
    severity: code === 'ARTIFACT_NOT_FOUND' ? 'warning' : 'error',
    source: 'runtime',
    surface: 'cache',
    tool: engine_id,
    code: 'CACHE_ENTRY_REFUSED',
    locations: [],
    evidence_refs: [planned.operation.op_id, opId],
    link_confidence: 'direct',
  };
  return { event, report };
}

function divergence(planned: Planned, opId: string): ProblemReport {
  const { engine_id, operation, op_id } = planned.operation;
  return {
    title: `${operation} gave two results for one question`,
    message: `${engine_id} was asked the same as in operation ${opId}, with the same inputs, config and environment, and gave something else. It is not D3. Neither result is served again; report it to the author of the engine.`,
    severity: 'error',
    source: 'runtime',
    surface: 'cache',
    tool: engine_id,
    code: 'RESULT_DIVERGED',
    locations: [],
    evidence_refs: [op_id, opId],
    link_confidence: 'direct',
  };
}
