/*
 * What crosses between host and engine side: JSON texts of bounded size, and bytes beside them. The host treats
 * everything from the engine side as hostile, also the parts that our own code there writes: an engine that broke
 * out of its realm would speak in its place. No import: this file is loaded in the worker too.
 */

/**
 * Bounds of frames. The engine's side keeps every part of its reply so small that the whole fits `maxReplyChars` and
 * the strict reader's default bounds: no engine loses its result by talking too much.
 */
export const PROTOCOL_LIMITS = {
  maxCallChars: 256 * 1024,
  maxReplyChars: 4 * 1024 * 1024,
  /** Parts of a reply, as JSON text. */
  maxSummaryChars: 1024 * 1024,
  maxSummaryKeys: 50_000,
  /** The summary is one level down in the reply. */
  maxSummaryDepth: 60,
  maxLogChars: 1024 * 1024,
  maxProblemsChars: 1_536 * 1024,
  maxProblemChars: 16_384,
  maxProblemsKeys: 40_000,
  /** The engine's side says that it has received frames whenever they hold this much. */
  ackChars: 1024 * 1024,
  maxCalls: 1_000_000,
  maxPendingCalls: 1_024,
  maxLogLines: 1_000,
  maxLogLineChars: 2_000,
  maxProblems: 250,
} as const;

/** Bounds of what a call to the outside may carry; the whole text is bounded by `maxCallChars`. */
export const CALL_LIMITS = {
  maxNameChars: 128,
  maxPathChars: 4_096,
  maxUrlChars: 8_192,
  maxHeaders: 64,
  maxHeaderNameChars: 256,
  maxHeaderValueChars: 8_192,
  maxArguments: 1_000,
  maxArgumentChars: 4_096,
  maxToolInputs: 64,
  maxToolOutputs: 256,
  maxToolPathChars: 2_048,
} as const;

/** Host → engine side: run this operation. */
export interface JobRequest {
  readonly session: number;
  readonly op_id: string;
  readonly operation: string;
  readonly determinism: 'D0' | 'D1' | 'D2' | 'D3';
  readonly now_ms: number;
  readonly seed: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly implementation: { readonly id: string; readonly kind: 'builtin' | 'external'; readonly tool?: string };
  readonly inputs: readonly {
    readonly name?: string;
    readonly sha256: string;
    readonly size: number;
    readonly mime: string;
    readonly kind: string;
  }[];
}

/** Engine side → host, while it runs: what an engine may ask for. Bytes beside a frame are the data of the call. */
export type EngineCall = { readonly session: number; readonly id: number } & CallBody;

export type CallBody =
  | { readonly call: 'input.files'; readonly input: number }
  | { readonly call: 'input.bytes'; readonly input: number }
  | { readonly call: 'input.read'; readonly input: number; readonly path: string }
  | { readonly call: 'output.write'; readonly name: string }
  | { readonly call: 'scope.list'; readonly scope: string; readonly path: string }
  | { readonly call: 'scope.read'; readonly scope: string; readonly path: string }
  | HttpFetchCall
  | ToolExecCall
  | { readonly call: 'secret.value'; readonly secret: string }
  | { readonly call: 'device.use'; readonly capability: string };

export type CallName = CallBody['call'];

/** Bytes beside it: the body, where `has_body`. */
export interface HttpFetchCall {
  readonly call: 'http.fetch';
  readonly url: string;
  readonly method: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly redirect: 'follow' | 'refuse';
  readonly has_body: boolean;
  readonly timeout_ms?: number;
  readonly max_bytes?: number;
}

/** What `http.fetch` is answered with; the body is beside it. */
export interface HttpFetchValue {
  readonly status: number;
  readonly url: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly redirects: number;
}

/** Bytes beside it: standard input, where `has_stdin`. */
export interface ToolExecCall {
  readonly call: 'tool.exec';
  readonly tool: string;
  readonly args: readonly string[];
  readonly has_stdin: boolean;
  readonly inputs: readonly { readonly input: number; readonly as: string }[];
  readonly outputs: readonly string[];
  /** What it writes to its streams is not kept. */
  readonly withhold: boolean;
  readonly timeout_ms?: number;
}

/** What `tool.exec` is answered with; standard output, standard error and the files are beside it, one after the other. */
export interface ToolExecValue {
  /** 128 + n for a program that signal n ended. */
  readonly exit_code: number;
  readonly stdout_bytes: number;
  readonly stderr_bytes: number;
  readonly files: readonly (
    | { readonly name: string; readonly size: number }
    | { readonly name: string; readonly refused: string }
  )[];
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

/**
 * Engine side → host, once, at the end. Before it stand three figures of this job and a space each: CPU time in µs,
 * memory it added in bytes, and `1` where an allocation was refused, else `0`.
 */
export interface EngineReply {
  readonly ok: boolean;
  readonly summary?: Readonly<Record<string, unknown>>;
  readonly error?: {
    readonly code: string;
    readonly message: string;
    readonly retryable: boolean;
    /** The error is MEX's own (the broker's, or the engine side's), not one that an engine made up. */
    readonly from_broker: boolean;
  };
  readonly log: readonly string[];
  readonly log_dropped: number;
  readonly problems: readonly ReportedProblem[];
  /** Problems that were too many, too large, or none. */
  readonly problems_dropped: number;
  /** Outside influences the call used (CONTRACT §6); none in a frozen world. */
  readonly influences: readonly ('clock' | 'random' | 'timers')[];
}

/** In place of a reply: nothing of the job was run, because an earlier one left the realm beyond repair. */
export const REALM_SPOILT = 'spoilt';
