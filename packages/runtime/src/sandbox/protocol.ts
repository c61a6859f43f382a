/*
 * What crosses between host and engine side: JSON texts of bounded size, and bytes beside them. The host treats
 * everything from the engine side as hostile, also the parts that our own code there writes: an engine that broke
 * out of its realm would speak in its place. No import: this file is loaded in the worker too.
 */

/** Most characters of one call frame, of one reply of the engine, and most calls in one operation. */
export const PROTOCOL_LIMITS = {
  maxCallChars: 256 * 1024,
  maxReplyChars: 4 * 1024 * 1024,
  maxCalls: 1_000_000,
  maxPendingCalls: 1_024,
  maxLogLines: 1_000,
  maxLogLineChars: 2_000,
  maxProblems: 1_000,
} as const;

export type CallName = 'input.files' | 'input.bytes' | 'input.read' | 'output.write';

/** Host → engine side: run this operation. */
export interface JobRequest {
  readonly session: number;
  readonly op_id: string;
  readonly operation: string;
  readonly determinism: 'D0' | 'D1' | 'D2' | 'D3';
  readonly now_ms: number;
  readonly seed: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly inputs: readonly {
    readonly name?: string;
    readonly sha256: string;
    readonly size: number;
    readonly mime: string;
    readonly kind: string;
  }[];
}

/** Engine side → host, while it runs. */
export interface EngineCall {
  readonly session: number;
  readonly id: number;
  readonly call: CallName;
  readonly input?: number;
  readonly path?: string;
  readonly name?: string;
}

/** Host → engine side: the answer to one call. */
export type CallReply =
  | { readonly session: number; readonly id: number; readonly ok: true; readonly value?: unknown }
  | {
      readonly session: number;
      readonly id: number;
      readonly ok: false;
      readonly code: string;
      readonly message: string;
    };

export interface ReportedProblem {
  readonly code: string;
  readonly severity: 'error' | 'warning' | 'info' | 'hint';
  readonly title: string;
  readonly message: string;
  readonly locations?: readonly { readonly path: string; readonly line?: number; readonly column?: number }[];
}

/** Engine side → host, once, at the end; before it stand the CPU time since the worker's start in µs, and its memory in bytes. */
export interface EngineReply {
  readonly ok: boolean;
  readonly summary?: Readonly<Record<string, unknown>>;
  readonly error?: { readonly code: string; readonly message: string; readonly retryable: boolean };
  readonly log: readonly string[];
  readonly log_dropped: number;
  readonly problems: readonly ReportedProblem[];
}
