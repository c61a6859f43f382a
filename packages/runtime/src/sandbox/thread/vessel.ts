import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { type EngineFrame, readCallFrame, readReceipt } from '../call-channel.ts';
import type { FrameSender, OpenVessel, Vessel } from '../vessel.ts';
import type { LoadAnswer, LoadTask } from './entry.ts';
import { WorkerGauge } from './gauge.ts';

type TransferList = NonNullable<NonNullable<Parameters<Piscina['run']>[1]>['transferList']>;

const MIB = 1024 * 1024;
/**
 * What V8's own limit is above the budget. Where V8 meets its limit it may end the whole process, and one growing table
 * can meet it between two samples: so the sampler has to come first, and V8's limit is the last resort.
 */
const HEAP_ALLOWANCE_MIB = 1_024;

/** A worker thread of a piscina pool of its own. */
export function openThread(entry: URL, options: Parameters<OpenVessel>[0]): Vessel {
  const { code, memoryBytes, createChannel, onLost } = options;
  const { port1, port2 } = new MessageChannel();
  const channel = createChannel(senderTo(port1));
  port1.on('message', (message: unknown) => void channel.receive(readFrame(message)));
  port1.unref();
  const pool = createPool(entry, memoryBytes);
  pool.on('error', onLost);
  // Piscina would start another worker for the next job, without the engine in it.
  pool.on('workerDestroy', onLost);
  const gauge = new WorkerGauge();
  const worker = (): Piscina['threads'][number] => {
    const [thread] = pool.threads;
    if (thread === undefined) throw new Error('The worker is gone.');
    return thread;
  };
  return {
    channel,
    loaded: load(pool, { load: code.text, port: port2, maxArrayBufferBytes: memoryBytes }),
    run: async (request) => String(await pool.run(request)),
    isOutOfMemory: (thrown) =>
      thrown instanceof Error && 'code' in thrown && thrown.code === 'ERR_WORKER_OUT_OF_MEMORY',
    calibrate: () => gauge.calibrate(worker()),
    sample: async (job, elapsedMs) => gauge.sample(worker(), job, elapsedMs),
    // V8 counts what is alive, and a job's own things are not when it is over.
    isRested: () => true,
    destroy: () => pool.destroy(),
  };
}

async function load(pool: Piscina<LoadTask | string, string>, task: LoadTask): Promise<LoadAnswer> {
  // Piscina derives this type from an overload of postMessage that takes options; what it passes on is the list.
  const answer = await pool.run(task, { transferList: [task.port] as unknown as TransferList });
  return answer === ('memory' satisfies LoadAnswer) ? 'memory' : 'loaded';
}

function senderTo(port: MessagePort): FrameSender {
  return {
    send(text, bytes) {
      if (bytes === undefined) return port.postMessage([text]);
      const whole = ownBuffer(bytes);
      port.postMessage([text, whole], [whole.buffer]);
    },
    close: () => port.close(),
  };
}

/** Bytes that are alone in their buffer: a part of a larger one would take along what else lies in it. */
function ownBuffer(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer } = bytes;
  const alone = buffer instanceof ArrayBuffer && buffer.byteLength === bytes.byteLength;
  return alone ? new Uint8Array(buffer) : new Uint8Array(bytes);
}

/** Messages arrive from the engine's thread: anything that can be cloned. */
function readFrame(message: unknown): EngineFrame | undefined {
  if (!Array.isArray(message)) return undefined;
  const [text, bytes]: unknown[] = message;
  if (typeof text !== 'string') return readReceipt(text, bytes);
  if (bytes === undefined) return readCallFrame(text, undefined);
  // A view on shared memory could change after it was checked.
  const sound = bytes instanceof Uint8Array && bytes.buffer instanceof ArrayBuffer;
  return sound ? readCallFrame(text, bytes) : undefined;
}

function createPool(entry: URL, memoryBytes: number): Piscina<LoadTask | string, string> {
  return new Piscina({
    filename: entry.href,
    // A worker starts for the first task, the loading, and none in the place of one that is lost.
    minThreads: 0,
    maxThreads: 1,
    idleTimeout: Number.POSITIVE_INFINITY,
    recordTiming: false,
    workerHistogram: false,
    env: {},
    argv: [],
    resourceLimits: {
      maxOldGenerationSizeMb: Math.ceil(memoryBytes / MIB) + HEAP_ALLOWANCE_MIB,
      stackSizeMb: 4,
    },
    trackUnmanagedFds: true,
  });
}
