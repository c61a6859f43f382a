// The entry of the thread tier, with a realm that the engine has broken open: it holds what was taken before disarming.
import { createRequire } from 'node:module';
import { getHeapStatistics } from 'node:v8';
import { constants, Script } from 'node:vm';
import { createEngineSide, type EngineSide } from '../../src/sandbox/engine-side.ts';
import { createRealm } from '../../src/sandbox/realm/realm.ts';
import type { LoadTask } from '../../src/sandbox/thread/entry.ts';

const loader = new Script('(id) => import(id)', { importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER });
// The realm takes it away.
const Shared = SharedArrayBuffer;
const outside = {
  process,
  Shared,
  require: createRequire(import.meta.url),
  load: loader.runInThisContext() as unknown,
};
let engineSide: EngineSide | undefined;

export default function handle(task: LoadTask | string): string | Promise<string> {
  if (typeof task === 'string') return engineSide?.run(task) ?? '';
  const { port, load, maxArrayBufferBytes } = task;
  const post = port.postMessage.bind(port);
  const realm = createRealm({ onConsole: () => {}, maxArrayBufferBytes });
  Object.defineProperty(globalThis, 'outside', { value: { ...outside, port, post } });
  engineSide = createEngineSide({
    realm,
    post: (text, bytes) => (bytes === undefined ? post([text]) : post([text, bytes])),
    acknowledge: (session, count) => post([session, count]),
    cpuTotalUs: () => 0,
    maxOutgoingBytes: () => maxArrayBufferBytes,
    heapBytes: () => getHeapStatistics().used_heap_size,
  });
  port.on('message', ([text, bytes]: [string, Uint8Array | undefined]) => engineSide?.deliver(text, bytes));
  port.unref();
  engineSide.load(load);
  return 'loaded';
}
