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

/** An entry of a directory, as `EngineContext.list` tells it. `other`: links and special files, which are never followed. */
export interface ScopeEntry {
  readonly name: string;
  readonly kind: 'file' | 'directory' | 'other';
}

/** One HTTP request that the host makes (CONTRACT §9 Network). */
export interface HttpRequest {
  /** `http:` or `https:`, at most 8,192 characters, without user name or password. */
  readonly url: string;
  /** Default `GET`. */
  readonly method?: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS';
  /** `{{secret:<id>}}` in a value is replaced by the host, where `secrets.use:<id>` is granted. */
  readonly headers?: Readonly<Record<string, string>> | readonly (readonly [name: string, value: string])[];
  readonly body?: Uint8Array | string;
  /** `follow` (default): up to five, each checked like a request of its own. `refuse`: the answer is the redirect. */
  readonly redirect?: 'follow' | 'refuse';
  /** Of everything together, in ms. */
  readonly timeoutMs?: number;
  /** Of the body, in bytes; a larger one is an error. */
  readonly maxBytes?: number;
}

/** What a server answered. All of it is the server's word. */
export interface HttpResponse {
  readonly status: number;
  /** Where the answer came from, after redirects. */
  readonly url: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly redirects: number;
  readonly body: Uint8Array;
}

export interface ExecOptions {
  /** Standard input; empty without it. */
  readonly stdin?: Uint8Array | string;
  /** Inputs of the operation, by index, that the program finds read-only at `/inputs/<as>`. */
  readonly inputs?: readonly { readonly input: number; readonly as: string }[];
  /** Files that the program writes below its working directory, to be read back. */
  readonly outputs?: readonly string[];
  /** What it writes to its streams may hold secrets: only its size is kept. Default `false`. */
  readonly withhold?: boolean;
  readonly timeoutMs?: number;
}

/** How an external program ended. */
export interface ExecResult {
  /** 128 + n for a program that signal n ended. */
  readonly exitCode: number;
  readonly stdout: Uint8Array;
  readonly stderr: Uint8Array;
  /** `outputs`, in order: their bytes, or why there are none. */
  readonly files: readonly (
    | { readonly name: string; readonly bytes: Uint8Array }
    | { readonly name: string; readonly refused: 'missing' | 'not_a_file' | 'too_large' | 'unreadable' }
  )[];
}

/** What an engine says happened to an operator: becomes a Problem (CONTRACT §11). */
export interface EngineProblem {
  readonly code: string;
  readonly severity: 'error' | 'warning' | 'info' | 'hint';
  readonly title: string;
  readonly message: string;
  readonly locations?: readonly { readonly path: string; readonly line?: number; readonly column?: number }[];
}

/** What an engine's operation sees of the world; there is nothing else (CONTRACT §9). Every call may be refused. `Outputs`: names of its outputs. */
export interface EngineContext<Outputs extends string = string> {
  readonly opId: string;
  readonly operation: string;
  readonly determinism: 'D0' | 'D1' | 'D2' | 'D3';
  readonly inputs: readonly EngineInput[];
  /** Which of the engine's implementations the operator's policy chose: who does the work. */
  readonly implementation: { readonly id: string; readonly kind: 'builtin' | 'external'; readonly tool?: string };
  /**
   * Time, as RFC 3339 in UTC. For D2 and D3 it stands still at 2000-01-01T00:00:00.000Z, the same for every operation: take
   * a time that matters as a parameter.
   */
  now(): string;
  /** Writes a declared output, once; `name` is its name in `outputs`. Needs `fs.write:artifacts`. Returns its SHA-256. */
  write(name: Outputs, data: Uint8Array | string): Promise<string>;
  /** Entries of a directory that the operator named, sorted. Needs `fs.read:<scope>`; not for D2 and D3. */
  list(scope: string, path?: string): Promise<readonly ScopeEntry[]>;
  /** A file of such a directory. Links, and files with several names, are refused. Needs `fs.read:<scope>`. */
  read(scope: string, path: string): Promise<Uint8Array>;
  /** Has the host make a request. Needs `net.http:<host>` with consent; throws `NETWORK_…`; not for D2 and D3. */
  fetch(request: HttpRequest): Promise<HttpResponse>;
  /**
   * Has the host run an external program in a sandbox of its own: no shell, no network, nothing to see but `/work` (its
   * working directory, the same for all runs of the operation) and `/inputs`. Needs `proc.exec:<tool>`; throws `TOOL_…`.
   */
  exec(tool: string, args: readonly string[], options?: ExecOptions): Promise<ExecResult>;
  /** The value of a secret. Needs `secrets.use:<id>` with consent, and `readableSecrets` of the operation and of policy. */
  secret(id: string): Promise<string>;
  /** Asks for `gpu.compute` or `device.*`. No host serves them yet: throws `DEVICE_UNAVAILABLE`. */
  device(capability: string): Promise<void>;
  /**
   * Writes one line to the operation's log artifact. Never shown raw, always redacted. At most 1,000 lines of 2,000
   * characters an operation; the rest is dropped and counted.
   */
  log(message: string): void;
  /** Reports a Problem. Counts against nothing but the message bounds. */
  problem(problem: EngineProblem): void;
}

export interface EngineErrorOptions {
  /** Whether the same operation may succeed later without being changed. Default `false`. */
  readonly retryable?: boolean;
  readonly cause?: unknown;
}

/** Thrown by an engine to fail with one of its declared `errors`. Anything else it throws becomes `ENGINE_FAILED`. */
export class EngineError extends Error {
  readonly code: string;
  readonly retryable: boolean;

  constructor(code: string, message: string, options: EngineErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'EngineError';
    this.code = code;
    this.retryable = options.retryable ?? false;
  }
}
