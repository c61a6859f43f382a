import { AsyncLocalStorage } from 'node:async_hooks';
import { createRandomStream, type RandomStream } from './random.ts';

/** Clock and randomness of one call. Frozen: both are functions of `nowMs` and `seedHex` alone (CONTRACT §6). */
export interface CallWorld {
  /** Unix milliseconds. */
  readonly nowMs: number;
  readonly seedHex: string;
  readonly frozen: boolean;
}

/** What may differ between two runs of an operation that is not frozen. */
export type Influence = 'clock' | 'random' | 'timers';

/** One call as the powers see it. It travels with the call's own promises, so late code meets its own, closed world. */
export interface World {
  readonly nowMs: number;
  readonly frozen: boolean;
  readonly numbers: RandomStream;
  readonly secrets: RandomStream;
  readonly influences: Set<Influence>;
  open: boolean;
  lines: number;
  cancelTimers: () => void;
}

export interface Worlds {
  /** Enters a new world; everything that follows from the code that runs now belongs to it. */
  enter(call: CallWorld): World;
  leave(world: World): void;
  /** The world of the code that runs now; the idle one where no call is. Never throws. */
  current(): World;
  /** Whether the code that runs now belongs to a call, or to a loading, that is over. */
  isLate(): boolean;
  /** As `current`, for the use of a power. @throws when the call is over. */
  forPower(power: string): World;
  /** Runs `callback` in a world, for callbacks that start outside of any. */
  within(world: World, callback: () => void): void;
}

export function createWorlds(): Worlds {
  const storage = new AsyncLocalStorage<World>();
  const idle = createWorld({ nowMs: 0, seedHex: '', frozen: true });
  idle.open = false;
  const current = (): World => storage.getStore() ?? idle;
  return {
    enter(call) {
      const world = createWorld(call);
      storage.enterWith(world);
      return world;
    },
    leave(world) {
      world.open = false;
      world.cancelTimers();
      storage.enterWith(idle);
    },
    current,
    isLate: () => storage.getStore()?.open === false,
    forPower(power) {
      const world = current();
      if (!world.open) throw new Error(`${power} was used after the call it belongs to was over.`);
      return world;
    },
    within: (world, callback) => storage.run(world, callback),
  };
}

function createWorld(call: CallWorld): World {
  return {
    nowMs: call.nowMs,
    frozen: call.frozen,
    numbers: createRandomStream(call.seedHex, 'Math.random'),
    secrets: createRandomStream(call.seedHex, 'crypto'),
    influences: new Set(),
    open: true,
    lines: 0,
    cancelTimers: () => {},
  };
}
