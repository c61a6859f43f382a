/** A file of a pinned directory: `/`-separated path below its root, size in bytes, digest pinned at planning time. */
export interface InputFile {
  readonly path: string;
  readonly size: number;
  readonly sha256: string;
}

/** One input of the operation, in the planner's order. Reading needs the capability `fs.read:inputs`. */
export interface EngineInput {
  readonly name: string | undefined;
  readonly sha256: string;
  readonly size: number;
  readonly mime: string;
  /** `bundle` inputs have files; every other kind is one blob. */
  readonly kind: string;
  /** Files of a bundle or pinned directory, sorted by path in code-unit order. Empty for a blob. */
  files(): Promise<readonly InputFile[]>;
  /** The whole of a blob input, verified against its hash by the host. */
  bytes(): Promise<Uint8Array>;
  /** One file of a bundle, verified against the pinned hash. Throws `ARTIFACT_DRIFT` when it changed meanwhile. */
  read(path: string): Promise<Uint8Array>;
}

/** What an engine says happened to an operator: becomes a Problem (CONTRACT §11). */
export interface EngineProblem {
  readonly code: string;
  readonly severity: 'error' | 'warning' | 'info' | 'hint';
  readonly title: string;
  readonly message: string;
  readonly locations?: readonly { readonly path: string; readonly line?: number; readonly column?: number }[];
}

/** What an engine's operation sees of the world; there is nothing else (CONTRACT §9). Every call may be refused. */
export interface EngineContext {
  readonly opId: string;
  readonly operation: string;
  readonly determinism: 'D0' | 'D1' | 'D2' | 'D3';
  readonly inputs: readonly EngineInput[];
  /**
   * Time, as RFC 3339 in UTC. For D2 and D3 it stands still at 2000-01-01T00:00:00.000Z, the same for every operation: take
   * a time that matters as a parameter.
   */
  now(): string;
  /** Writes a declared output; `name` is its name in `outputs`. Needs `fs.write:artifacts`. Returns its SHA-256. */
  write(name: string, data: Uint8Array | string): Promise<string>;
  /**
   * Writes one line to the operation's log artifact. Never shown raw, always redacted. At most 1,000 lines of 2,000
   * characters an operation; the rest is dropped and counted.
   */
  log(message: string): void;
  /** Reports a Problem. Counts against nothing but the message bounds. */
  problem(problem: EngineProblem): void;
}

/** Thrown by an engine to fail with one of its declared `errors`. Anything else it throws becomes `ENGINE_FAILED`. */
export class EngineError extends Error {
  readonly code: string;
  readonly retryable: boolean;

  constructor(code: string, message: string, options: { retryable?: boolean; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'EngineError';
    this.code = code;
    this.retryable = options.retryable ?? false;
  }
}
