import { clearImmediate, clearTimeout, setImmediate, setTimeout } from 'node:timers';
import { hide } from './object.ts';
import type { World, Worlds } from './world.ts';

/** Timers that one call may have waiting, and the longest delay, in milliseconds. */
export const TIMER_LIMITS = { pending: 10_000, delayMs: 2_147_483_647 } as const;

interface Timer {
  readonly id: number;
  due: number;
  /** Milliseconds between runs; undefined for a timer that runs once. */
  readonly every: number | undefined;
  readonly run: () => void;
}

const monotonic = performance.now.bind(performance);

/**
 * The timers of one call. In a frozen call they run in the order of their due times on a clock that only timers move,
 * so two runs of the call agree on the order even when one machine is slower.
 */
class TimerQueue {
  private readonly world: World;
  private readonly worlds: Worlds;
  private readonly waiting: Timer[] = [];
  private virtual = 0;
  private virtualSetAt = monotonic();
  private disarm: (() => void) | undefined;

  constructor(world: World, worlds: Worlds) {
    this.world = world;
    this.worlds = worlds;
  }

  add(timer: Timer, delay: number): void {
    if (this.waiting.length >= TIMER_LIMITS.pending) throw new RangeError('Too many timers are waiting.');
    timer.due = this.now() + delay;
    this.insert(timer);
    if (this.waiting[0] === timer) this.arm();
  }

  remove(id: number): void {
    const at = this.waiting.findIndex((timer) => timer.id === id);
    if (at >= 0) this.waiting.splice(at, 1);
    if (at === 0) this.arm();
  }

  clear(): void {
    this.waiting.length = 0;
    this.disarm?.();
    this.disarm = undefined;
  }

  private now(): number {
    return this.world.frozen ? this.virtual : monotonic();
  }

  private insert(timer: Timer): void {
    let low = 0;
    let high = this.waiting.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.waiting[middle]?.due ?? 0) <= timer.due) low = middle + 1;
      else high = middle;
    }
    this.waiting.splice(low, 0, timer);
  }

  private arm(): void {
    this.disarm?.();
    this.disarm = undefined;
    const [next] = this.waiting;
    if (next === undefined || !this.world.open) return;
    const elapsed = this.world.frozen ? monotonic() - this.virtualSetAt : 0;
    const wait = next.due - this.now() - elapsed;
    const fire = (): void => this.fire();
    if (wait <= 1) {
      const handle = setImmediate(fire);
      this.disarm = () => clearImmediate(handle);
    } else {
      const handle = setTimeout(fire, wait);
      this.disarm = () => clearTimeout(handle);
    }
  }

  private fire(): void {
    const next = this.waiting.shift();
    if (next === undefined || !this.world.open) return;
    this.virtual = Math.max(this.virtual, next.due);
    this.virtualSetAt = monotonic();
    if (next.every !== undefined) {
      next.due = this.now() + next.every;
      this.insert(next);
    }
    this.arm();
    this.worlds.within(this.world, next.run);
  }
}

/** Replaces the timer functions of the global object with tracked, capped ones that end with their call. */
export function installTimers(worlds: Worlds): void {
  const queues = new WeakMap<World, TimerQueue>();
  let lastId = 0;
  const queueOf = (world: World): TimerQueue => {
    const known = queues.get(world);
    if (known !== undefined) return known;
    const queue = new TimerQueue(world, worlds);
    queues.set(world, queue);
    world.cancelTimers = () => queue.clear();
    return queue;
  };
  const start = (name: string, callback: unknown, delay: unknown, args: unknown[], repeat: boolean): object => {
    const world = worlds.forPower(name);
    if (typeof callback !== 'function') throw new TypeError(`${name} needs a function.`);
    world.influences.add('timers');
    const ms = clampDelay(delay);
    lastId += 1;
    const run = (): void => void Reflect.apply(callback, undefined, args);
    queueOf(world).add({ id: lastId, due: 0, every: repeat ? ms : undefined, run }, ms);
    return createHandle(lastId, (id) => queues.get(world)?.remove(id));
  };
  const clear = (handle: unknown): void => {
    const id = idOf(handle);
    if (id !== undefined) queues.get(worlds.current())?.remove(id);
  };
  const functions = {
    setTimeout: (callback: unknown, delay?: unknown, ...args: unknown[]) =>
      start('setTimeout', callback, delay, args, false),
    setInterval: (callback: unknown, delay?: unknown, ...args: unknown[]) =>
      start('setInterval', callback, delay, args, true),
    setImmediate: (callback: unknown, ...args: unknown[]) => start('setImmediate', callback, 0, args, false),
    clearTimeout: clear,
    clearInterval: clear,
    clearImmediate: clear,
  };
  for (const [name, value] of Object.entries(functions)) hide(globalThis, name, value);
}

function clampDelay(delay: unknown): number {
  const ms = Math.trunc(Number(delay));
  return ms >= 1 && ms <= TIMER_LIMITS.delayMs ? ms : 1;
}

const ids = new WeakMap<object, number>();

/** What libraries expect of a timer: a number when converted, and the methods of Node that have no meaning here. */
function createHandle(id: number, remove: (id: number) => void): object {
  const handle: object = Object.freeze({
    ref: () => handle,
    unref: () => handle,
    hasRef: () => true,
    close: () => remove(id),
    [Symbol.dispose]: () => remove(id),
    [Symbol.toPrimitive]: () => id,
  });
  ids.set(handle, id);
  return handle;
}

function idOf(handle: unknown): number | undefined {
  if (typeof handle === 'number') return handle;
  return typeof handle === 'object' && handle !== null ? ids.get(handle) : undefined;
}
