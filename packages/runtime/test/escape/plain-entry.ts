// A worker that protects nothing: the same engine side as in every tier, over a realm that is none.
import { parentPort } from 'node:worker_threads';
import { createEngineSide } from '../../src/sandbox/engine-side.ts';
import { createPlainRealm, exposeOutside } from './plain-realm.ts';

/** Host → worker. */
export type PlainTask =
  | { readonly load: string }
  | { readonly run: string }
  | { readonly reply: string; readonly bytes: Uint8Array | undefined };
/** Worker → host. */
export type PlainWord = { readonly call: string; readonly bytes: Uint8Array | undefined } | { readonly done: string };

const port = parentPort;
if (port === null) throw new Error('plain-entry.ts runs in a worker');
const post: (word: PlainWord) => void = port.postMessage.bind(port);
exposeOutside();
const side = createEngineSide({
  realm: createPlainRealm(),
  post: (call, bytes) => post({ call, bytes }),
  acknowledge: () => {},
  cpuTotalUs: () => 0,
  maxOutgoingBytes: () => 2 ** 31,
  heapBytes: () => 0,
});
port.on('message', (task: PlainTask) => {
  if ('load' in task) side.load(task.load);
  else if ('run' in task) void side.run(task.run).then((text) => post({ done: text }));
  else side.deliver(task.reply, task.bytes);
});
