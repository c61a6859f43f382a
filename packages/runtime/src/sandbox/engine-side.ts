/*
 * The program on the engine's side of the channel, the same in every tier. It runs beside hostile code, inside a
 * realm whose intrinsics are frozen before that code is loaded, so plain use of JSON, Map and Promise is safe here.
 */
import { parseStrictJson } from '@mex/envelope/json';
import type { CallName, CallReply, EngineReply, JobRequest, ReportedProblem } from './protocol.ts';
import { PROTOCOL_LIMITS } from './protocol.ts';
import type { Realm } from './realm/realm.ts';

/** What this program may do besides computing. Handed in by the tier's entry. */
export interface EngineSidePowers {
  readonly realm: Realm;
  readonly post: (text: string, bytes: Uint8Array | undefined) => void;
  /** CPU time of this thread or process since it started, in microseconds. */
  readonly cpuTotalUs: () => number;
  readonly heapBytes: () => number;
}

interface Session {
  readonly request: JobRequest;
  readonly pending: Map<number, { resolve: (reply: Answer) => void; reject: (error: Error) => void }>;
  readonly log: string[];
  logDropped: number;
  readonly problems: ReportedProblem[];
  open: boolean;
}

interface Answer {
  readonly value: unknown;
  readonly bytes: Uint8Array | undefined;
}

interface LoadedOperation {
  readonly run: (context: unknown, params: unknown) => unknown;
}

const typedArrayLength = Reflect.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype),
  'byteLength',
)?.get;

export interface EngineSide {
  readonly load: (code: string) => void;
  readonly run: (requestText: string) => Promise<string>;
  readonly deliver: (text: string, bytes: Uint8Array | undefined) => void;
}

/** An engine called for something that is over, or asked for something that is not there. */
class CallError extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.name = 'CallError';
    this.code = code;
  }
}

export function createEngineSide(powers: EngineSidePowers): EngineSide {
  const operations = new Map<string, LoadedOperation>();
  let session: Session | undefined;
  let lastCall = 0;

  const call = (mine: Session, name: CallName, args: object, bytes?: Uint8Array): Promise<Answer> => {
    if (!mine.open) return Promise.reject(new CallError('CALL_AFTER_END', 'The operation is over.'));
    if (mine.pending.size >= PROTOCOL_LIMITS.maxPendingCalls) {
      return Promise.reject(new CallError('CALL_LIMIT', `More than ${PROTOCOL_LIMITS.maxPendingCalls} calls at once.`));
    }
    lastCall += 1;
    const id = lastCall;
    return new Promise((resolve, reject) => {
      mine.pending.set(id, { resolve, reject });
      powers.post(JSON.stringify({ session: mine.request.session, id, call: name, ...args }), bytes);
    });
  };

  return {
    load(code) {
      for (const [name, operation] of readOperations(powers.realm.load(code))) operations.set(name, operation);
    },

    deliver(text, bytes) {
      const reply: CallReply = JSON.parse(text);
      if (session === undefined || reply.session !== session.request.session) return;
      const waiting = session.pending.get(reply.id);
      if (waiting === undefined) return;
      session.pending.delete(reply.id);
      if (reply.ok) waiting.resolve({ value: reply.value, bytes });
      else waiting.reject(new CallError(reply.code, reply.message));
    },

    async run(requestText) {
      const request = readRequest(requestText);
      const mine: Session = { request, pending: new Map(), log: [], logDropped: 0, problems: [], open: true };
      session = mine;
      const frozen = request.determinism === 'D3' || request.determinism === 'D2';
      powers.realm.beginCall({ nowMs: request.now_ms, seedHex: request.seed, frozen });
      let outcome: Pick<EngineReply, 'ok' | 'summary' | 'error'>;
      try {
        const operation = operations.get(request.operation);
        if (operation === undefined) throw new CallError('OPERATION_UNKNOWN', 'The bundle has no such operation.');
        const summary: unknown = await operation.run(createContext(mine, call), request.params);
        outcome = { ok: true, summary: toPlainObject(summary) };
      } catch (thrown) {
        outcome = { ok: false, error: describeThrown(thrown) };
      }
      mine.open = false;
      mine.pending.clear();
      session = undefined;
      powers.realm.endCall();
      return finish(powers, mine, outcome);
    },
  };
}

function finish(
  powers: EngineSidePowers,
  mine: Session,
  outcome: Pick<EngineReply, 'ok' | 'summary' | 'error'>,
): string {
  const reply: EngineReply = {
    ...outcome,
    log: mine.log,
    log_dropped: mine.logDropped,
    problems: mine.problems,
  };
  const memory = powers.heapBytes() + powers.realm.memory().peak;
  return `${powers.cpuTotalUs()} ${memory} ${JSON.stringify(reply)}`;
}

/** Serialised here, inside the sandbox: a getter or `toJSON` of the engine runs on the engine's own budget. */
function toPlainObject(value: unknown): Record<string, unknown> {
  if (value === undefined || value === null) return {};
  const text = JSON.stringify(value);
  if (text === undefined || text[0] !== '{')
    throw new CallError('SUMMARY_INVALID', 'An operation returns an object of small facts, or nothing.');
  if (text.length > PROTOCOL_LIMITS.maxReplyChars / 4)
    throw new CallError('SUMMARY_INVALID', 'The summary is too large.');
  return readObject(text);
}

/** A thrown value may lie: proxies, getters that throw or loop. It is read once, here, never in the host. */
function describeThrown(thrown: unknown): { code: string; message: string; retryable: boolean } {
  const fallback = { code: 'ENGINE_FAILED', message: 'The engine threw something that is no error.', retryable: false };
  try {
    if (typeof thrown !== 'object' || thrown === null) return { ...fallback, message: cut(String(thrown), 1_000) };
    const code: unknown = Reflect.get(thrown, 'code');
    const message: unknown = Reflect.get(thrown, 'message');
    return {
      code: typeof code === 'string' ? cut(code, 96) : 'ENGINE_FAILED',
      message: typeof message === 'string' ? cut(message, 1_000) : fallback.message,
      retryable: Reflect.get(thrown, 'retryable') === true,
    };
  } catch {
    return fallback;
  }
}

/** V8's JSON.parse may confuse escaped keys of one text with those of another (nodejs/node#63785); the strict reader does not. */
function readObject(text: string): Record<string, unknown> {
  const value = parseStrictJson(text, { maxBytes: PROTOCOL_LIMITS.maxReplyChars * 3 });
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new CallError('SUMMARY_INVALID', 'Not an object.');
  return { ...value };
}

/** The host wrote it; only `params` carries names that somebody else chose. */
function readRequest(text: string): JobRequest {
  return readObject(text) as unknown as JobRequest;
}

function cut(text: string, limit: number): string {
  return text.length > limit ? `${text.slice(0, limit)}…` : text;
}

function readOperations(definition: unknown): [string, LoadedOperation][] {
  const operations: unknown =
    typeof definition === 'object' && definition !== null ? Reflect.get(definition, 'operations') : undefined;
  if (typeof operations !== 'object' || operations === null) throw new Error('The bundle registered no operations.');
  const found: [string, LoadedOperation][] = [];
  for (const name of Object.keys(operations)) {
    const operation: unknown = Reflect.get(operations, name);
    const run: unknown =
      typeof operation === 'object' && operation !== null ? Reflect.get(operation, 'run') : undefined;
    if (typeof run !== 'function') throw new Error(`Operation ${cut(name, 80)} has no run function.`);
    found.push([name, { run: (context, params): unknown => Reflect.apply(run, operation, [context, params]) }]);
  }
  return found;
}

type Caller = (mine: Session, name: CallName, args: object, bytes?: Uint8Array) => Promise<Answer>;

function createContext(mine: Session, call: Caller): object {
  const { request } = mine;
  return Object.freeze({
    opId: request.op_id,
    operation: request.operation,
    determinism: request.determinism,
    inputs: Object.freeze(request.inputs.map((input, index) => createInput(mine, call, input, index))),
    now: () => new Date().toISOString(),
    write: async (name: unknown, data: unknown) => {
      const answer = await call(mine, 'output.write', { name: String(name) }, copyBytes(data));
      return answer.value;
    },
    log: (message: unknown) => {
      if (!mine.open) return;
      if (mine.log.length >= PROTOCOL_LIMITS.maxLogLines) mine.logDropped += 1;
      else mine.log.push(cut(String(message), PROTOCOL_LIMITS.maxLogLineChars));
    },
    problem: (problem: unknown) => {
      if (!mine.open || mine.problems.length >= PROTOCOL_LIMITS.maxProblems) return;
      const text = JSON.stringify(problem);
      if (text !== undefined && text.length < 16_384) mine.problems.push(JSON.parse(text));
    },
  });
}

function createInput(mine: Session, call: Caller, input: JobRequest['inputs'][number], index: number): object {
  return Object.freeze({
    name: input.name,
    sha256: input.sha256,
    size: input.size,
    mime: input.mime,
    kind: input.kind,
    files: async () => (await call(mine, 'input.files', { input: index })).value,
    bytes: async () => (await call(mine, 'input.bytes', { input: index })).bytes,
    read: async (path: unknown) => (await call(mine, 'input.read', { input: index, path: String(path) })).bytes,
  });
}

/** A private copy, so that the engine cannot change bytes after they were sent. Refuses anything but text and Uint8Array. */
function copyBytes(data: unknown): Uint8Array {
  if (typeof data === 'string') return new TextEncoder().encode(data);
  if (typedArrayLength === undefined || !(data instanceof Uint8Array)) {
    throw new CallError('OUTPUT_NOT_BYTES', 'An output is a string or a Uint8Array.');
  }
  const copy = new Uint8Array(Number(Reflect.apply(typedArrayLength, data, [])));
  copy.set(data);
  return copy;
}
