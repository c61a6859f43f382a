import type { FullBudget, IsolationTier } from '@mex/envelope';

/** The code of one engine: loaded only inside a tier. */
export interface EngineCode {
  readonly engineId: string;
  readonly sha256: string;
  /** The bundle's text. Its digest was checked when it was read (CONTRACT §8 G-INTEGRITY). */
  readonly text: string;
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
  readonly bytes?: Uint8Array;
}

export interface Job {
  readonly opId: string;
  readonly code: EngineCode;
  /** Canonical JSON of a `JobRequest`. */
  readonly request: string;
  readonly limits: TierLimits;
  /** Serves one call. May throw `JobStop` to end the job. */
  readonly onCall: (frame: CallFrame) => Promise<ReplyFrame>;
  readonly signal: AbortSignal | undefined;
}

/** Why a job was ended from outside. */
export type KillReason = 'wall_time' | 'cpu_time' | 'memory' | 'cancelled' | 'broker' | 'crashed' | 'load_failed';

export interface TierUsage {
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly memoryBytes: number;
}

export type JobOutcome =
  /** The engine side answered. `text` is hostile until parsed. */
  | { readonly kind: 'replied'; readonly text: string; readonly usage: TierUsage }
  | { readonly kind: 'killed'; readonly reason: KillReason; readonly detail: string; readonly usage: TierUsage };

/** One way to isolate engines (CONTRACT §9). */
export interface SandboxTier {
  readonly name: Exclude<IsolationTier, 'none'>;
  /** Runs a job to its end. Never rejects; never waits for the engine's consent to end it. */
  readonly run: (job: Job) => Promise<JobOutcome>;
  /** Starts a sandbox for an engine ahead of its first job. Failures show at `run`. */
  readonly prewarm: (code: EngineCode, memoryBytes: number) => void;
  readonly close: () => Promise<void>;
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
