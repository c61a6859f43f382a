import { dirname, join } from 'node:path';
import { type ArtifactStore, ownOwnerToken, sweepShadowWorkspaces } from '@mex/artifacts';
import { type EngineResult, MexError } from '@mex/envelope';
import type { FlightRecorder } from '@mex/flight-recorder';
import { createPipeline, type Gate } from '@mex/gates';
import { loadBundle, type RegisteredEngine, type Registry } from '@mex/registry';
import { emptyUsage } from './budgets.ts';
import type { RuntimeErrorCode } from './errors.ts';
import type { EntityResolver, PolicySource } from './facts.ts';
import { Ledger } from './ledger.ts';
import { brokenResult, type OperationPowers, runOperation } from './operation.ts';
import { type Caller, type Planned, readPlanned } from './planned.ts';
import { Quota, type QuotaLimits } from './quota.ts';
import { recoverOperations } from './recover.ts';
import type { EngineCode, SandboxTier } from './sandbox/tier.ts';

export interface RuntimeOptions {
  readonly recorder: FlightRecorder;
  readonly store: ArtifactStore;
  readonly registry: Registry;
  readonly policy: PolicySource;
  readonly tiers: readonly SandboxTier[];
  /** Gates after the six (CONTRACT §8). */
  readonly gates?: readonly Gate[];
  readonly quota?: Partial<QuotaLimits>;
  readonly resolveEntity?: EntityResolver;
  /** Directory for shadow workspaces; default `shadow` beside the artifact store. */
  readonly shadowRoot?: string;
  /** Ms since 1970; default the system clock. */
  readonly now?: () => number;
}

export interface ExecuteOptions {
  /** Who sends it, as the host application authenticated it. Without one, G-PROVENANCE denies. */
  readonly caller?: Caller;
  /** Cancels the operation: its worker is ended, its result says `cancelled`. */
  readonly signal?: AbortSignal;
}

export interface Runtime {
  /**
   * Runs one operation to its EngineResult; denials are results too (CONTRACT §4).
   * @throws MexError when the input is no well-formed PlannedOperation, its op_id was used for something else
   * (`OPERATION_ID_REUSED`), or the runtime is closed (`RUNTIME_CLOSED`).
   */
  readonly execute: (input: string | Uint8Array | object, options?: ExecuteOptions) => Promise<EngineResult>;
  /** Ends the operations that dead processes left, and removes their shadow workspaces. Call once at start. */
  readonly recover: () => Promise<number>;
  /** Starts a sandbox for an engine before it is needed. */
  readonly prewarm: (engine: RegisteredEngine) => void;
  /** Waits for running operations up to `graceMs` (default 5 s), then cancels what is left. */
  readonly close: (options?: { graceMs?: number }) => Promise<void>;
}

interface Flight {
  readonly sha256: string;
  readonly result: Promise<EngineResult>;
  readonly cancel: AbortController;
}

/** Digest-checked bundles kept in memory. */
const MAX_CACHED_BUNDLES = 64;

export function createRuntime(options: RuntimeOptions): Runtime {
  const now = options.now ?? Date.now;
  const shadowRoot = options.shadowRoot ?? join(dirname(options.store.dir), 'shadow');
  const ledger = new Ledger(options.recorder.database, ownOwnerToken());
  const flights = new Map<string, Flight>();
  let session = 0;
  let closed = false;
  const powers: OperationPowers = {
    ...options,
    ledger,
    now,
    pipeline: createPipeline(options.gates),
    quota: new Quota(options.quota),
    tiers: new Map(options.tiers.map((tier) => [tier.name, tier])),
    shadowRoot,
    loadCode: cachedLoader(),
    resolveEntity: options.resolveEntity,
    siblings: () => flights.size - 1,
    nextSession: () => {
      session += 1;
      return session;
    },
  };

  const start = async (planned: Planned, signal: AbortSignal): Promise<EngineResult> => {
    try {
      return await runOperation(planned, powers, signal);
    } catch (thrown) {
      // The planner gets a result whatever happens; the process's own log gets the cause.
      process.emitWarning(thrown instanceof Error ? thrown : new Error(String(thrown)), {
        code: 'MEX_OPERATION_BROKEN',
      });
      return brokenResult(planned, thrown, emptyUsage(), now());
    }
  };

  const execute = async (input: string | Uint8Array | object, call: ExecuteOptions = {}): Promise<EngineResult> => {
    if (closed) throw refuse('RUNTIME_CLOSED', 'This host is shutting down.', 'Send the operation to a running host.');
    const planned = readPlanned(input, call.caller, now());
    const { op_id } = planned.operation;
    const known = flights.get(op_id) ?? ledger.get(op_id);
    if (known !== undefined) return repeat(planned, known);
    const cancel = new AbortController();
    const result = start(planned, cancel.signal);
    flights.set(op_id, { sha256: planned.sha256, result, cancel });
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

  return {
    execute,
    recover: async () => {
      await sweepShadowWorkspaces({ root: shadowRoot });
      return recoverOperations(options.recorder, ledger, now());
    },
    prewarm: (engine) => {
      const tier = powers.tiers.get(options.policy.tierFor(engine));
      tier?.prewarm(powers.loadCode(engine), engine.manifest.default_budget.memory_bytes);
    },
    close: async ({ graceMs = 5_000 } = {}) => {
      closed = true;
      await settle(flights, graceMs);
      await Promise.all(options.tiers.map((tier) => tier.close()));
      await options.recorder.append([], () => ledger.leave());
    },
  };
}

/** The same op_id again: same content, same result; other content is denied (CONTRACT §3). */
async function repeat(
  planned: Planned,
  known: { sha256?: string; operationSha256?: string; result: Promise<EngineResult> | EngineResult | undefined },
): Promise<EngineResult> {
  const { op_id } = planned.operation;
  if ((known.sha256 ?? known.operationSha256) !== planned.sha256) {
    throw refuse(
      'OPERATION_ID_REUSED',
      `op_id ${op_id} was used for another operation.`,
      'Give every operation its own op_id.',
    );
  }
  const result = await known.result;
  if (result !== undefined) return result;
  throw refuse(
    'OPERATION_ID_REUSED',
    `op_id ${op_id} is running in another process.`,
    'Wait for it: mex log list --op <op_id>',
  );
}

function refuse(code: RuntimeErrorCode, message: string, remedy: string): MexError<RuntimeErrorCode> {
  return new MexError({ code, kind: code === 'RUNTIME_CLOSED' ? 'canceled' : 'validation', message, remedy });
}

async function settle(flights: ReadonlyMap<string, Flight>, graceMs: number): Promise<void> {
  const all = (): Promise<unknown> => Promise.allSettled([...flights.values()].map((flight) => flight.result));
  if (flights.size === 0) return;
  let timer: NodeJS.Timeout | undefined;
  const grace = new Promise((resolve) => {
    timer = setTimeout(resolve, graceMs);
  });
  await Promise.race([all(), grace]);
  clearTimeout(timer);
  for (const flight of flights.values()) flight.cancel.abort();
  await all();
}

/**
 * Reads each bundle once and keeps it by digest. A file that changed afterwards is not looked at again in this
 * process: what runs is what was checked.
 */
function cachedLoader(): (engine: RegisteredEngine) => EngineCode {
  const cache = new Map<string, EngineCode>();
  return (engine) => {
    const { sha256 } = engine.bundle;
    const known = cache.get(sha256);
    if (known !== undefined) return known;
    const code = {
      engineId: engine.manifest.engine_id,
      sha256,
      text: loadBundle(engine.bundle, engine.manifest.engine_id),
    };
    if (cache.size >= MAX_CACHED_BUNDLES) cache.delete(cache.keys().next().value ?? '');
    cache.set(sha256, code);
    return code;
  };
}
