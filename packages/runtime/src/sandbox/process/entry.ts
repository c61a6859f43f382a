// First code in a sandboxed process. Takes what it needs, disarms the realm, then waits for an engine and for work.
import { getHeapStatistics } from 'node:v8';
import { createEngineSide } from '../engine-side.ts';
import { createRealm } from '../realm/realm.ts';
import { servePipes } from './main.ts';

const { stdin, stdout } = process;
const cpuUsage = process.cpuUsage.bind(process);
// `process.exit` would run handlers, and asks for streams that are gone by then.
const reallyExit: unknown = Reflect.get(process, 'reallyExit');
const end = typeof reallyExit === 'function' ? reallyExit.bind(process) : undefined;
if (end === undefined) throw new Error('This Node has no reallyExit.');
let maxArrayBufferBytes = Number.MAX_SAFE_INTEGER;
const realm = createRealm({ onConsole: () => {}, maxArrayBufferBytes: () => maxArrayBufferBytes });

servePipes({
  stdin,
  stdout,
  exit: () => end(1),
  setMemory: (bytes) => {
    maxArrayBufferBytes = bytes;
  },
  realm,
  createSide: (channel) =>
    createEngineSide({
      ...channel,
      realm,
      cpuTotalUs: () => {
        const { user, system } = cpuUsage();
        return user + system;
      },
      // Until the pipe has taken them, they lie in this process, beside what they were copied from.
      maxOutgoingBytes: () => maxArrayBufferBytes / 2,
      heapBytes: () => getHeapStatistics().used_heap_size,
    }),
});
