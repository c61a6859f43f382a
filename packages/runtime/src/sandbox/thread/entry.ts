// First code in a worker thread of the thread tier. Takes what it needs, disarms the realm, then waits for work.
import { getHeapStatistics } from 'node:v8';
import type { MessagePort } from 'node:worker_threads';
import { createEngineSide, type EngineSide } from '../engine-side.ts';
import { createRealm } from '../realm/realm.ts';

/** First task of a worker: the engine's bundle and the port to the broker. */
export interface LoadTask {
  readonly load: string;
  readonly port: MessagePort;
  readonly maxArrayBufferBytes: number;
}

const cpuUsage = process.threadCpuUsage.bind(process);
const cpuTotalUs = (): number => {
  const usage = cpuUsage();
  return usage.user + usage.system;
};

let engineSide: EngineSide | undefined;

/** What the first task answers: `memory` when the bundle wanted more array buffers than it may have. */
export type LoadAnswer = 'loaded' | 'memory';

function start({ load, port, maxArrayBufferBytes }: LoadTask): LoadAnswer {
  const post = port.postMessage.bind(port);
  const realm = createRealm({ onConsole: () => {}, maxArrayBufferBytes });
  const side = createEngineSide({
    realm,
    post: (text, bytes) => (bytes === undefined ? post([text]) : post([text, bytes], [bytes.buffer as ArrayBuffer])),
    acknowledge: (session, count) => post([session, count]),
    cpuTotalUs,
    maxOutgoingBytes: () => maxArrayBufferBytes,
    heapBytes: () => getHeapStatistics().used_heap_size,
  });
  port.on('message', ([text, bytes]: [string, Uint8Array | undefined]) => side.deliver(text, bytes));
  port.unref();
  try {
    side.load(load);
  } catch (thrown) {
    if (realm.memory().exceeded) return 'memory';
    throw thrown;
  }
  engineSide = side;
  return realm.memory().exceeded ? 'memory' : 'loaded';
}

/** The worker's one function: the first task loads, every later one runs. */
export default function handle(task: LoadTask | string): string | Promise<string> {
  if (typeof task !== 'string') return start(task);
  if (engineSide === undefined) throw new Error('run before load');
  return engineSide.run(task);
}
