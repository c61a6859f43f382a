// A worker that runs attack bodies: in a disarmed realm, or in a plain thread to prove that each attack works there.
import { createRequire } from 'node:module';
import { constants, Script } from 'node:vm';
import { parentPort, workerData } from 'node:worker_threads';
import { type CallWorld, createRealm } from '../../src/sandbox/realm/realm.ts';
import { createPlainRealm } from '../escape/plain-realm.ts';

export interface EntryData {
  readonly mode: 'realm' | 'plain';
  readonly code: string;
  readonly maxArrayBufferBytes: number;
}

export interface EntryCall {
  readonly id: number;
  readonly name: string;
  readonly target: unknown;
  readonly world: CallWorld;
}

export interface EntryReply {
  readonly id: number;
  readonly ok: boolean;
  readonly value: string;
  readonly influences: readonly string[];
  readonly lines: readonly string[];
  readonly memory: { current: number; peak: number; exceeded: boolean };
}

const port = parentPort;
if (port === null) throw new Error('entry.ts runs in a worker');
const post: (reply: EntryReply | { readonly loaded: string }) => void = port.postMessage.bind(port);
const data: EntryData = workerData;
const lines: string[] = [];

/**
 * What no engine is ever handed: Node's process object and loaders, taken before the realm was made. Tests of the second
 * wall give it to the engine all the same.
 */
const loader = new Script('(id) => import(id)', { importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER });
const outside = { process, require: createRequire(import.meta.url), load: loader.runInThisContext() as unknown };

const realm =
  data.mode === 'plain'
    ? createPlainRealm()
    : createRealm({ onConsole: (line) => lines.push(line), maxArrayBufferBytes: data.maxArrayBufferBytes });

function describe(value: unknown): string {
  try {
    return (typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value))).slice(0, 20_000);
  } catch {
    return '[unreadable]';
  }
}

let bodies: unknown;
try {
  bodies = realm.load(data.code);
  post({ loaded: 'ok' });
} catch (thrown) {
  post({ loaded: describe(thrown instanceof Error ? `${thrown.message}\n${thrown.stack}` : thrown) });
}

async function serve(call: EntryCall): Promise<void> {
  lines.length = 0;
  realm.beginCall(call.world);
  let ok = true;
  let value: string;
  try {
    const body: unknown = Reflect.get(Object(bodies), call.name);
    if (typeof body !== 'function') throw new Error(`no body ${call.name}`);
    value = describe(await Reflect.apply(body, undefined, [call.target, outside]));
  } catch (thrown) {
    ok = false;
    value = describe(thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : thrown);
  }
  const influences = realm.endCall();
  post({ id: call.id, ok, value, influences, lines: [...lines], memory: realm.memory() });
}

port.on('message', (call: EntryCall) => void serve(call));
