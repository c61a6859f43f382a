import type { FullBudget, IsolationTier } from '@mex/envelope';
import type { TierProof } from './proof/proof.ts';

/** The code of one engine: loaded only inside a tier. */
export interface EngineCode {
  readonly engineId: string;
  readonly sha256: string;
  /** The bundle's text. Its digest was checked when it was read (CONTRACT §8 G-INTEGRITY). */
  readonly text: string;
  /** Digests of WebAssembly modules that its manifest names. Only processes serve them. */
  readonly webAssembly?: readonly string[];
}

/** Limits a tier enforces itself; everything else the broker counts. */
export type TierLimits = Pick<FullBudget, 'wall_time_ms' | 'cpu_time_ms' | 'memory_bytes'>;

/** A call from the engine to the broker, as it came over the channel: hostile. */
export interface CallFrame {
  readonly text: string;
  readonly bytes?: Uint8Array;
}

/** The broker's answer: a JSON text, with bytes where the call returns bytes. */
export interface ReplyFrame {
  readonly text: string;
  /** Given away: the tier may detach their buffer. */
  readonly bytes?: Uint8Array;
  /** Called when the engine's side has the frame, so that it no longer takes memory of the host. Not after the job. */
  readonly onReceived?: () => void;
}

export interface Job {
  readonly opId: string;
  /** Names this job in every frame. Grows from job to job, so that a late frame of an earlier one is told apart. */
  readonly session: number;
  readonly code: EngineCode;
  /**
   * Whom the job is for. An engine keeps its own module state from job to job; a sandbox serves one tenant, so that
   * nobody's data waits in it for somebody else's job.
   */
  readonly tenant: string;
  /** Whether the job got something that no later one may find in the sandbox; asked when it ends. */
  readonly isTainted?: () => boolean;
  /** Canonical JSON of a `JobRequest`. */
  readonly request: string;
  readonly limits: TierLimits;
  /** Serves one call. May throw `JobStop` to end the job. */
  readonly onCall: (frame: CallFrame) => Promise<ReplyFrame>;
  readonly signal: AbortSignal | undefined;
}

/**
 * Why a job was ended from outside. `host_failed`: a call could not be served, or a sandbox not be started, through no
 * fault of the engine. `busy`: it waited for a sandbox as long as it may run.
 */
export type KillReason =
  | 'wall_time'
  | 'cpu_time'
  | 'memory'
  | 'cancelled'
  | 'busy'
  | 'broker'
  | 'host_failed'
  | 'crashed'
  | 'load_failed';

export interface TierUsage {
  /** From the moment a sandbox was taken, its start included where there was none yet. */
  readonly wallMs: number;
  readonly cpuMs: number;
  /** What the job added to a sandbox with its engine loaded, at most. */
  readonly memoryBytes: number;
}

export type JobOutcome =
  /** The engine side answered. `text` is hostile until parsed. */
  | { readonly kind: 'replied'; readonly text: string; readonly usage: TierUsage }
  | {
      readonly kind: 'killed';
      readonly reason: KillReason;
      readonly detail: string;
      readonly usage: TierUsage;
      /** What was thrown in the host, with `host_failed`. For the operator's log, never for an engine or a planner. */
      readonly cause?: unknown;
    };

/** What was left when a tier closed. */
export interface TierClosed {
  /** The engines of sandboxes that could not be ended. They keep the process from ending by itself, too. */
  readonly stuck: readonly string[];
}

/** One way to isolate engines (CONTRACT §9). */
export interface SandboxTier {
  readonly name: Exclude<IsolationTier, 'none'>;
  /** Runs a job to its end. Never rejects; never waits for the engine's consent to end it. */
  readonly run: (job: Job) => Promise<JobOutcome>;
  /**
   * Tries the walls that this machine, and not MEX, puts up. `undefined` for a tier that rests on none. Asked once a
   * host before the first operation: a tier that does not hold is not available (CONTRACT §9). Never rejects.
   */
  readonly prove: (() => Promise<TierProof>) | undefined;
  /** Tries the disarmed realm, as the tier runs any engine. For `mex doctor`. Never rejects. */
  readonly proveRealm: () => Promise<TierProof>;
  /** Starts a sandbox without an engine, where the tier keeps such: while its proof runs, no engine may be in one. */
  readonly spare?: (memoryBytes: number) => void;
  /** Starts a sandbox for an engine ahead of its first job. Failures show at `run`. */
  readonly prewarm: (code: EngineCode, memoryBytes: number) => void;
  /** Ends everything, and gives up after a bounded time on what cannot be ended. Never rejects. */
  readonly close: () => Promise<TierClosed>;
}

/** Thrown by `onCall` when a call ends the operation, e.g. a budget is used up. */
export class JobStop extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = 'JobStop';
    this.code = code;
  }
}
