// The program of the process tier without a realm: the engine is an ordinary program of Node, and the jail is all there is.
import { createEngineSide } from '../../src/sandbox/engine-side.ts';
import { servePipes } from '../../src/sandbox/process/main.ts';
import { createPlainRealm, exposeOutside } from './plain-realm.ts';

exposeOutside();
const realm = createPlainRealm();
servePipes({
  stdin: process.stdin,
  stdout: process.stdout,
  exit: () => process.exit(1),
  setMemory: () => {},
  realm,
  createSide: (channel) =>
    createEngineSide({
      ...channel,
      realm,
      cpuTotalUs: () => 0,
      maxOutgoingBytes: () => 2 ** 31,
      heapBytes: () => 0,
    }),
});
