import { dirname, join } from 'node:path';
import { type ArtifactStore, ownOwnerToken, sweepShadowWorkspaces } from '@mex/artifacts';
import { type EngineResult, MexError, type ResultError, toErrorData } from '@mex/envelope';
import { sha256Hex } from '@mex/envelope/digest';
import type { FlightRecorder } from '@mex/flight-recorder';
import { createPipeline, type Gate, secretsGate } from '@mex/gates';
import { loadBundle, type RegisteredEngine, type Registry } from '@mex/registry';
import type { AtGrant } from './at-grant.ts';
import { ResultCache, type ResultCacheOptions } from './cache/result-cache.ts';
import type { CacheUse } from './cache/try-cache.ts';
import type { RuntimeErrorCode } from './errors.ts';
import type { EntityResolver, FactSources, PolicySource } from './facts.ts';
import { type OperationHistory, openHistory } from './history.ts';
import { Ledger, type LedgerRow } from './ledger.ts';
import { type CallOptions, type OperationPowers, type Progress, runOperation } from './operation.ts';
import { createOutside, type OutsideOptions } from './outside.ts';
import { type Caller, type Planned, readPlanned, verifyCaller } from './planned.ts';
import { type Preview, previewOperation } from './preview.ts';
import { findProof } from './proven-result.ts';
import { Quota, type QuotaLimits } from './quota.ts';
import { QuotaTables } from './quota-tables.ts';
import { provenEvent, refusalProblem, refusedEvent } from './records.ts';
import { recoverOperations } from './recover.ts';
import type { EngineCode, SandboxTier, TierClosed } from './sandbox/tier.ts';
import { TierBook } from './sandbox/tier-book.ts';
import { recordBroken, recordRefusal } from './steps.ts';
import { warnOfFault } from './warn-of-fault.ts';

export interface RuntimeOptions {
  readonly recorder: FlightRecorder;
  readonly store: ArtifactStore;
  readonly registry: Registry;
  readonly policy: PolicySource;
  readonly tiers: readonly SandboxTier[];
  /** Gates after the six and G-SECRETS (CONTRACT §8). */
  readonly gates?: readonly Gate[];
  /** What is recorded together with a grant, e.g. that an approval was spent on it. */
  readonly atGrant?: AtGrant;
  readonly quota?: Partial<QuotaLimits>;
  readonly resolveEntity?: EntityResolver;
  /** What operations may reach beyond their inputs and outputs. Default: nothing. */
  readonly outside?: OutsideOptions;
  /** Directory for shadow workspaces; default `shadow` beside the artifact store. */
  readonly shadowRoot?: string;
  /** Ms since 1970; default the system clock. */
  readonly now?: () => number;
  /** How the budgets of runs stand; default: there are none. */
  readonly runStanding?: NonNullable<FactSources['runStanding']>;
  /** Serves results of D3 operations again (CONTRACT §6); without it every operation runs. */
  readonly resultCache?: ResultCacheOptions;
}

export interface ExecuteOptions {
  /** Who sends it, as the host application authenticated it. Without one, G-PROVENANCE denies. */
  readonly caller?: Caller;
  /** Cancels the operation: its worker is ended, its result says `cancelled`. */
  readonly signal?: AbortSignal;
  /** `bypass`: the engine runs, whatever result is kept. Default `use`. */
  readonly cache?: CacheUse;
  /**
   * Id of the caller whose recorded operation is only looked at again. It gets sandboxes that serve nobody's operations, its
   * result is not kept, and how it ends neither opens nor closes the circuit of the engine. Never a planner's choice.
   */
  readonly rehearsalOf?: string;
}

export interface Runtime {
  /**
   * Runs one operation to its EngineResult; denials are results too (CONTRACT §4).
   * @throws MexError when the input is no well-formed PlannedOperation, its op_id was used for something else
   * (`OPERATION_ID_REUSED`), or the runtime is closed (`RUNTIME_CLOSED`).
   */
  readonly execute: (input: string | Uint8Array | object, options?: ExecuteOptions) => Promise<EngineResult>;
  /**
   * What would become of an operation that is sent now: the same facts, gates and tiers, and nothing is run. A tier that
   * was not tried in this process is proven.
   * @throws MexError as `execute`
   */
  readonly preview: (input: string | Uint8Array | object, caller?: Caller) => Promise<Preview>;
  /** Ends the operations that dead processes left, and removes their shadow workspaces. Call once at start. */
  readonly recover: () => Promise<number>;
  /** Starts a sandbox for an engine before it is needed. */
  readonly prewarm: (engine: RegisteredEngine) => void;
  /** Recorded operations: what was asked, and the proven result. */
  readonly history: OperationHistory;
  /** Forgets kept results older than `before`, in ms since 1970; says how many. Their artifacts stay. */
  readonly pruneCache: (before: number) => Promise<number>;
  /**
   * Waits for running operations up to `graceMs` (default 5 s), then cancels what is left. Names the engines whose
   * threads could not be ended: they keep the process from ending by itself.
   */
  readonly close: (options?: { graceMs?: number }) => Promise<TierClosed>;
}

interface Flight {
  readonly sha256: string;
  readonly actorId: string;
  readonly result: Promise<EngineResult>;
  readonly cancel: AbortController;
}

/** Digest-checked bundles kept in memory. */
const MAX_CACHED_BUNDLES = 64;
/** A bundle that could not be read is looked at again after this time, in ms. */
const RETRY_BUNDLE_MS = 1_000;

export function createRuntime(options: RuntimeOptions): Runtime {
  const { recorder } = options;
  const now = options.now ?? Date.now;
  const shadowRoot = options.shadowRoot ?? join(dirname(options.store.dir), 'shadow');
  const ledger = new Ledger(recorder.database, ownOwnerToken());
  const quotaTables = new QuotaTables(recorder.database);
  const flights = new Map<string, Flight>();
  let session = 0;
  let closing: Promise<TierClosed> | undefined;
  const tiers = new TierBook(options.tiers, (proof) => {
    recorder.append([provenEvent(proof, now())]).catch(() => undefined);
  });
  const outside = createOutside(options.outside ?? {}, shadowRoot, options.store.dir, tiers.jail);
  const powers: OperationPowers = {
    ...options,
    ledger,
    now,
    pipeline: createPipeline([secretsGate, ...(options.gates ?? [])]),
    quota: new Quota(options.quota, quotaTables),
    tiers,
    outside,
    atGrant: options.atGrant,
    cache: options.resultCache && new ResultCache(recorder.database, options.resultCache),
    shadowRoot,
    loadCode: cachedLoader(now),
    resolveEntity: options.resolveEntity,
    siblings: () => flights.size - 1,
    nextSession: () => {
      session += 1;
      return session;
    },
  };
  // In a transaction of its own, before any operation: an operation that is rolled back must not take it along.
  const announced = recorder.append([], () => {
    ledger.announce();
    quotaTables.announce(now());
  });
  announced.catch(() => undefined);

  const start = async (planned: Planned, call: CallOptions): Promise<EngineResult> => {
    const progress: Progress = { seq: undefined };
    try {
      await announced;
      return await runOperation(planned, powers, progress, call);
    } catch (thrown) {
      const known = progress.seq === undefined ? ledger.get(planned.operation.op_id) : undefined;
      // Another process began the same op_id between our look and our write.
      if (known !== undefined) return repeat(planned, known, powers);
      return endBroken(planned, progress, thrown, powers);
    }
  };

  const execute = async (input: string | Uint8Array | object, call: ExecuteOptions = {}): Promise<EngineResult> => {
    if (closing !== undefined) {
      throw refuse('RUNTIME_CLOSED', 'This host is shutting down.', 'Send the operation to a running host.');
    }
    verifyCaller(call.caller);
    const planned = await readAtTheDoor(input, call.caller, recorder, now);
    const { op_id } = planned.operation;
    const flight = flights.get(op_id);
    if (flight !== undefined) return repeatFlight(planned, flight, powers);
    const known = ledger.get(op_id);
    if (known !== undefined) return repeat(planned, known, powers);
    const cancel = new AbortController();
    const { cache = 'use', rehearsalOf } = call;
    const result = start(planned, { signal: cancel.signal, cache, rehearsalOf });
    flights.set(op_id, { sha256: planned.sha256, actorId: actorOf(planned), result, cancel });
    const onAbort = (): void => cancel.abort();
    if (call.signal?.aborted) onAbort();
    else call.signal?.addEventListener('abort', onAbort, { once: true });
    try {
      return await result;
    } finally {
      call.signal?.removeEventListener('abort', onAbort);
      flights.delete(op_id);
    }
  };

  const preview: Runtime['preview'] = async (input, caller) => {
    verifyCaller(caller);
    return previewOperation(readPlanned(input, caller, now()), powers);
  };

  const close = async (graceMs: number): Promise<TierClosed> => {
    let closed: TierClosed[] = [];
    try {
      await settle(flights, graceMs);
      for (const flight of flights.values()) flight.cancel.abort();
    } finally {
      closed = await Promise.all(options.tiers.map((tier) => tier.close()));
    }
    await Promise.allSettled([...flights.values()].map((flight) => flight.result));
    await outside.toolbox?.close();
    await recorder.append([], () => {
      ledger.leave();
      quotaTables.leave();
    });
    return { stuck: closed.flatMap((tier) => tier.stuck) };
  };

  return {
    execute,
    preview,
    history: openHistory(ledger, recorder),
    pruneCache: async (before) => {
      let pruned = 0;
      await recorder.append([], () => {
        pruned = powers.cache?.prune(before) ?? 0;
      });
      return pruned;
    },
    recover: async () => {
      await sweepShadowWorkspaces({ root: shadowRoot });
      return recoverOperations(recorder, ledger, now());
    },
    prewarm: (engine) => {
      const { memory_bytes } = engine.manifest.default_budget;
      // No engine is in a sandbox that was not proven yet.
      void tiers
        .find(options.policy.tierFor(engine, now()), memory_bytes)
        .then(
          (tier) => {
            if (!('reason' in tier)) tier.prewarm(powers.loadCode(engine), memory_bytes);
          },
          () => undefined,
        )
        .catch(() => undefined);
    },
    close: ({ graceMs = 5_000 } = {}) => {
      closing ??= close(graceMs);
      return closing;
    },
  };
}

function actorOf(planned: Planned): string {
  return planned.caller?.id ?? 'unknown';
}

/** What is no operation is refused with a typed error, an event and a Problem; only its digest is kept (CONTRACT §2). */
async function readAtTheDoor(
  input: string | Uint8Array | object,
  caller: Caller | undefined,
  recorder: FlightRecorder,
  now: () => number,
): Promise<Planned> {
  try {
    return readPlanned(input, caller, now());
  } catch (thrown) {
    if (!(thrown instanceof MexError)) throw thrown;
    const digest = typeof input === 'string' || input instanceof Uint8Array ? sha256Hex(input) : sha256Hex('');
    const event = refusedEvent(caller, digest, thrown.code, now());
    const { event_id: _unused, timestamp, actor } = event;
    const problem = recorder.problems.draft(refusalProblem(thrown), { timestamp, actor });
    await recorder.append([event, problem.event], (db) => void problem.write(db));
    throw thrown;
  }
}

/** The same op_id again: same content and caller, same result; anything else is denied (CONTRACT §3). */
async function repeatFlight(planned: Planned, flight: Flight, powers: OperationPowers): Promise<EngineResult> {
  if (flight.sha256 === planned.sha256 && flight.actorId === actorOf(planned)) return flight.result;
  return recordRefusal(planned, reused(planned), powers);
}

async function repeat(planned: Planned, known: LedgerRow, powers: OperationPowers): Promise<EngineResult> {
  if (known.operationSha256 !== planned.sha256 || known.actorId !== actorOf(planned)) {
    return recordRefusal(planned, reused(planned), powers);
  }
  const { ended, opId } = known;
  if (ended === undefined) return recordRefusal(planned, inProgress(planned), powers);
  if (findProof(powers.recorder, opId, ended.sha256) !== undefined) return ended.result;
  throw new MexError({
    code: 'RESULT_TAMPERED',
    kind: 'integrity',
    message: `The recorded result of ${opId} is not the one the log names.`,
    remedy: 'Check the record: mex log verify',
  });
}

function reused(planned: Planned): ResultError {
  return {
    code: 'OPERATION_ID_REUSED',
    kind: 'validation',
    message: `op_id ${planned.operation.op_id} was used for another operation, or by another caller.`,
    retryable: false,
    remedy: 'Give every operation its own op_id.',
  };
}

function inProgress(planned: Planned): ResultError {
  return {
    code: 'OPERATION_IN_PROGRESS',
    kind: 'validation',
    message: `op_id ${planned.operation.op_id} is running in another process.`,
    retryable: true,
    remedy: `Ask again later, or follow it: mex log list --op ${planned.operation.op_id}`,
  };
}

/** The planner gets a result whatever happens; the process's own log gets the cause, masked. */
async function endBroken(
  planned: Planned,
  progress: Progress,
  thrown: unknown,
  powers: OperationPowers,
): Promise<EngineResult> {
  warnOfFault(planned.operation.op_id, thrown);
  const { code, kind } = toErrorData(thrown);
  // What the disk or the database said may name files of the host.
  const message = `MEX failed in the middle of the operation (${code}). The log on stderr has the details.`;
  const error: ResultError = { code, kind, message, retryable: false };
  try {
    return await recordBroken(planned, progress.seq, error, powers, progress.endQuota);
  } finally {
    // Also when nothing can be recorded any more.
    progress.release?.();
  }
}

function refuse(code: RuntimeErrorCode, message: string, remedy: string): MexError<RuntimeErrorCode> {
  return new MexError({ code, kind: code === 'RUNTIME_CLOSED' ? 'canceled' : 'validation', message, remedy });
}

/** Waits for what is under way, up to `graceMs`. */
async function settle(flights: ReadonlyMap<string, Flight>, graceMs: number): Promise<void> {
  if (flights.size === 0) return;
  let timer: NodeJS.Timeout | undefined;
  const grace = new Promise((resolve) => {
    timer = setTimeout(resolve, graceMs);
  });
  await Promise.race([Promise.allSettled([...flights.values()].map((flight) => flight.result)), grace]);
  clearTimeout(timer);
}

/**
 * Reads each bundle once and keeps it by digest. A file that changed afterwards is not looked at again in this
 * process: what runs is what was checked.
 */
function cachedLoader(now: () => number): (engine: RegisteredEngine) => EngineCode {
  const cache = new Map<string, EngineCode>();
  const failures = new Map<string, { error: unknown; at: number }>();
  return (engine) => {
    const { sha256 } = engine.bundle;
    const engineId = engine.manifest.engine_id;
    const key = `${engineId}:${sha256}`;
    const known = cache.get(key);
    if (known !== undefined) return known;
    const failure = failures.get(key);
    if (failure !== undefined && now() - failure.at < RETRY_BUNDLE_MS) throw failure.error;
    try {
      const { webassembly } = engine.manifest;
      const text = loadBundle(engine.bundle, engineId);
      const code = { engineId, sha256, text, ...(webassembly === undefined ? {} : { webAssembly: webassembly }) };
      if (cache.size >= MAX_CACHED_BUNDLES) cache.delete(cache.keys().next().value ?? '');
      cache.set(key, code);
      failures.delete(key);
      return code;
    } catch (error) {
      failures.set(key, { error, at: now() });
      throw error;
    }
  };
}
