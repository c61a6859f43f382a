/*
 * The program on the engine's side of the channel, the same in every tier. It runs beside hostile code, inside a
 * realm whose intrinsics are frozen before that code is loaded, so plain use of JSON, Map and Promise is safe here.
 */
import { parseStrictJson } from '@mex/envelope/json';
import { CallError, callError } from './call-error.ts';
import { summaryText, thrownText } from './engine-reply.ts';
import { cut, EngineReport } from './engine-report.ts';
import type { CallName, CallReply, JobRequest } from './protocol.ts';
import { PROTOCOL_LIMITS, REALM_SPOILT } from './protocol.ts';
import type { Realm } from './realm/realm.ts';

/** What this program may do besides computing. Handed in by the tier's entry. */
export interface EngineSidePowers {
  readonly realm: Realm;
  readonly post: (text: string, bytes: Uint8Array | undefined) => void;
  /** Says that the first `count` frames of a session were received. */
  readonly acknowledge: (session: number, count: number) => void;
  /** CPU time of this thread or process since it started, in microseconds. */
  readonly cpuTotalUs: () => number;
  readonly heapBytes: () => number;
  /** Bytes of outputs that may be on their way at once: they are in the host's memory, and in no figure of this one. */
  readonly maxOutgoingBytes: () => number;
}

interface Waiting {
  readonly resolve: (reply: Answer) => void;
  readonly reject: (error: Error) => void;
  readonly bytes: number;
}

interface Session {
  readonly request: JobRequest;
  readonly pending: Map<number, Waiting>;
  readonly report: EngineReport;
  outgoingBytes: number;
  received: number;
  unacknowledged: number;
  /** Called when the last pending call was answered. */
  onIdle: (() => void) | undefined;
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

export function createEngineSide(powers: EngineSidePowers): EngineSide {
  powers.realm.harden(CallError);
  const operations = new Map<string, LoadedOperation>();
  const gauge = createGauge(powers);
  let session: Session | undefined;
  let lastCall = 0;

  const call: Caller = (mine, name, args, bytes) => {
    if (!mine.open) {
      // Between two calls nobody waits for an answer, and a rejection that nobody handles would end the next call.
      if (session === undefined) return new Promise(() => {});
      return Promise.reject(callError('CALL_AFTER_END', 'The operation is over.'));
    }
    if (mine.pending.size >= PROTOCOL_LIMITS.maxPendingCalls) {
      return Promise.reject(callError('CALL_LIMIT', `More than ${PROTOCOL_LIMITS.maxPendingCalls} calls at once.`));
    }
    const size = bytes?.byteLength ?? 0;
    mine.outgoingBytes += size;
    lastCall += 1;
    const id = lastCall;
    return new Promise((resolve, reject) => {
      mine.pending.set(id, { resolve, reject, bytes: size });
      powers.post(JSON.stringify({ session: mine.request.session, id, call: name, ...args }), bytes);
    });
  };

  return {
    load(code) {
      for (const [name, operation] of readOperations(powers.realm.load(code))) operations.set(name, operation);
      gauge.read();
    },

    deliver(text, bytes) {
      const reply: CallReply = JSON.parse(text);
      if (session === undefined || reply.session !== session.request.session) return;
      countReceived(powers, session, text.length + (bytes?.byteLength ?? 0));
      const waiting = session.pending.get(reply.id);
      if (waiting === undefined) return;
      session.pending.delete(reply.id);
      session.outgoingBytes -= waiting.bytes;
      if (reply.ok) waiting.resolve({ value: reply.value, bytes });
      else waiting.reject(callError(reply.code, reply.message));
      if (session.pending.size === 0) session.onIdle?.();
    },

    async run(requestText) {
      const request = readRequest(requestText);
      const frozen = request.determinism === 'D3' || request.determinism === 'D2';
      try {
        powers.realm.beginCall({ nowMs: request.now_ms, seedHex: request.seed, frozen });
      } catch {
        return REALM_SPOILT;
      }
      const mine = openSession(request);
      session = mine;
      let outcome: string;
      try {
        const operation = operations.get(request.operation);
        if (operation === undefined) throw callError('OPERATION_UNKNOWN', 'The bundle has no such operation.');
        const context = createContext(mine, call, powers.maxOutgoingBytes);
        const summary = summaryText(await operation.run(context, request.params));
        if (mine.pending.size > 0) await settleCalls(mine);
        outcome = `"ok":true,"summary":${summary}`;
      } catch (thrown) {
        outcome = `"ok":false,"error":${thrownText(thrown)}`;
      }
      mine.open = false;
      mine.pending.clear();
      session = undefined;
      const influences = JSON.stringify(powers.realm.endCall());
      return `${gauge.read()} {${outcome},${mine.report.toText()},"influences":${influences}}`;
    },
  };
}

function openSession(request: JobRequest): Session {
  return {
    request,
    pending: new Map(),
    report: new EngineReport(),
    outgoingBytes: 0,
    received: 0,
    unacknowledged: 0,
    onIdle: undefined,
    open: true,
  };
}

/** An engine that does not wait for its calls still gets them done: whether a result has an output is no race. */
async function settleCalls(mine: Session): Promise<void> {
  while (mine.pending.size > 0) {
    await new Promise<void>((resolve) => {
      mine.onIdle = resolve;
    });
    // What the engine does with the last answer may be another call.
    for (let turn = 0; turn < 8; turn += 1) await Promise.resolve();
  }
}

/** The host sends no more than a window of bytes ahead; this moves it. */
function countReceived(powers: EngineSidePowers, mine: Session, size: number): void {
  mine.received += 1;
  mine.unacknowledged += size;
  if (mine.unacknowledged < PROTOCOL_LIMITS.ackChars) return;
  mine.unacknowledged = 0;
  powers.acknowledge(mine.request.session, mine.received);
}

/** `read` gives the figures since it was read before: nothing of ours or of the engine runs between two calls. */
function createGauge({ realm, cpuTotalUs, heapBytes }: EngineSidePowers): { read: () => string } {
  let cpu = 0;
  let heap = 0;
  let buffers: Pick<ReturnType<Realm['memory']>, 'current' | 'peak'> = { current: 0, peak: 0 };
  return {
    read() {
      const before = { cpu, heap, buffers };
      const now = realm.memory();
      cpu = cpuTotalUs();
      heap = heapBytes();
      buffers = now;
      const highest = now.peak > before.buffers.peak ? now.peak : now.current;
      const added = Math.max(0, heap - before.heap) + Math.max(0, highest - before.buffers.current);
      return `${cpu - before.cpu} ${added} ${now.exceeded ? 1 : 0}`;
    },
  };
}

/** V8's JSON.parse may confuse escaped keys of one text with those of another (nodejs/node#63785); the strict reader does not. */
function readRequest(text: string): JobRequest {
  // The host wrote it; only `params` carries names that somebody else chose.
  return parseStrictJson(text, { maxBytes: PROTOCOL_LIMITS.maxReplyChars * 3 }) as unknown as JobRequest;
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

function createContext(mine: Session, call: Caller, maxOutgoingBytes: () => number): object {
  const { request } = mine;
  return Object.freeze({
    opId: request.op_id,
    operation: request.operation,
    determinism: request.determinism,
    inputs: Object.freeze(request.inputs.map((input, index) => createInput(mine, call, input, index))),
    now: () => new Date().toISOString(),
    write: async (name: unknown, data: unknown) => {
      const bytes = copyBytes(data, maxOutgoingBytes() - mine.outgoingBytes);
      const answer = await call(mine, 'output.write', { name: cut(String(name), 127) }, bytes);
      return answer.value;
    },
    log: (message: unknown) => {
      if (mine.open) mine.report.log(message);
    },
    problem: (problem: unknown) => {
      if (mine.open) mine.report.problem(problem);
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
    read: async (path: unknown) =>
      (await call(mine, 'input.read', { input: index, path: cut(String(path), 4_095) })).bytes,
  });
}

/** A private copy, so that the engine cannot change bytes after they were sent. Refuses anything but text and Uint8Array. */
function copyBytes(data: unknown, room: number): Uint8Array {
  if (typeof data === 'string') {
    const encoded = new TextEncoder().encode(data);
    checkRoom(encoded.byteLength, room);
    return encoded;
  }
  if (typedArrayLength === undefined || !(data instanceof Uint8Array)) {
    throw callError('OUTPUT_NOT_BYTES', 'An output is a string or a Uint8Array.');
  }
  const size = Number(Reflect.apply(typedArrayLength, data, []));
  checkRoom(size, room);
  const copy = new Uint8Array(size);
  copy.set(data);
  return copy;
}

function checkRoom(size: number, room: number): void {
  if (size > room)
    throw callError('CALL_LIMIT', 'More bytes on their way than the memory budget allows: wait for each write.');
}
