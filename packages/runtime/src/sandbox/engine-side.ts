/*
 * The program on the engine's side of the channel, the same in every tier. It runs beside hostile code, inside a
 * realm whose intrinsics are frozen before that code is loaded, so plain use of JSON, Map and Promise is safe here.
 */
import { parseStrictJson } from '@mex/envelope/json';
import { CallError, callError } from './call-error.ts';
import { type Answer, type CallContext, createContext } from './engine-context.ts';
import { summaryText, thrownText } from './engine-reply.ts';
import { cut, EngineReport } from './engine-report.ts';
import type { CallBody, CallReply, JobRequest } from './protocol.ts';
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
  /** Bytes that may be on their way to the host at once. In a thread they are in no figure of its own. */
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

interface LoadedOperation {
  readonly run: (context: unknown, params: unknown) => unknown;
}

export interface EngineSide {
  /** @param modules digests of WebAssembly modules that the engine's manifest names */
  readonly load: (code: string, modules?: readonly string[]) => void;
  readonly run: (requestText: string) => Promise<string>;
  readonly deliver: (text: string, bytes: Uint8Array | undefined) => void;
}

export function createEngineSide(powers: EngineSidePowers): EngineSide {
  powers.realm.harden(CallError);
  const operations = new Map<string, LoadedOperation>();
  const gauge = createGauge(powers);
  let session: Session | undefined;
  let lastCall = 0;

  const call = (mine: Session, body: CallBody, bytes?: Uint8Array): Promise<Answer> => {
    if (!mine.open) {
      // Between two calls nobody waits for an answer, and a rejection that nobody handles would end the next call.
      if (session === undefined) return new Promise(() => {});
      return Promise.reject(callError('CALL_AFTER_END', 'The operation is over.'));
    }
    if (mine.pending.size >= PROTOCOL_LIMITS.maxPendingCalls) {
      return Promise.reject(callError('CALL_LIMIT', `More than ${PROTOCOL_LIMITS.maxPendingCalls} calls at once.`));
    }
    const size = bytes?.byteLength ?? 0;
    lastCall += 1;
    const id = lastCall;
    const text = JSON.stringify({ session: mine.request.session, id, ...body });
    if (text.length > PROTOCOL_LIMITS.maxCallChars) {
      const limit = `A call of more than ${PROTOCOL_LIMITS.maxCallChars} characters.`;
      return Promise.reject(callError('CALL_LIMIT', limit));
    }
    mine.outgoingBytes += size;
    return new Promise((resolve, reject) => {
      mine.pending.set(id, { resolve, reject, bytes: size });
      powers.post(text, bytes);
    });
  };

  return {
    load(code, modules) {
      for (const [name, operation] of readOperations(powers.realm.load(code, modules))) operations.set(name, operation);
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
        const context = createContext(callContext(mine, call, powers));
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

function callContext(
  mine: Session,
  call: (mine: Session, body: CallBody, bytes?: Uint8Array) => Promise<Answer>,
  powers: EngineSidePowers,
): CallContext {
  return {
    request: mine.request,
    call: (body, bytes) => call(mine, body, bytes),
    room: () => powers.maxOutgoingBytes() - mine.outgoingBytes,
    log: (message) => {
      if (mine.open) mine.report.log(message);
    },
    problem: (problem) => {
      if (mine.open) mine.report.problem(problem);
    },
  };
}
