import { compileFunction } from 'node:vm';
import { type BufferLedger, createBufferLedger, installBufferAccounting } from './buffers.ts';
import { installChance } from './chance.ts';
import { installClock } from './clock.ts';
import { installClone } from './clone.ts';
import { createConsole } from './console.ts';
import { installEvents } from './events.ts';
import { createAtomicsForPiscina, trimGlobals, trimUrls } from './globals.ts';
import { harden, hardenError } from './harden.ts';
import { denyImports } from './imports.ts';
import { findHiddenIntrinsics, repairOverrides } from './intrinsics.ts';
import { pinLocale } from './locale.ts';
import { findNodeErrors, freezeImportError } from './node-errors.ts';
import { hide } from './object.ts';
import { createProcessFacade, disarmProcess, type StrayKind } from './process.ts';
import { createRegExpGuard, deleteRegExpStatics, type RegExpGuard, regexpFunctions } from './regexp-guard.ts';
import { BUNDLE_NAME, fixStacks, resetStackLimit } from './stacks.ts';
import { installText } from './text.ts';
import { installTimers } from './timers.ts';
import { disarmWebAssembly, guardWebAssembly } from './web-assembly.ts';
import { type CallWorld, createWorlds, type Influence, type World, type Worlds } from './world.ts';

export type { StrayKind } from './process.ts';
export type { CallWorld, Influence } from './world.ts';

/** The disarmed JavaScript world of one thread or process (CONTRACT §9). */
export interface Realm {
  /**
   * Evaluates a bundle: text that calls the free name `__mex_register__(definition)` once. Returns what it registered.
   * Clock and randomness are frozen meanwhile, so that what a module computes at load is the same in every worker.
   * @param modules digests of WebAssembly modules: with some, the free name `WebAssembly` is a guarded one
   * @throws what the bundle throws; Error when it registers nothing or more than once, or wants an unknown module.
   */
  load(code: string, modules?: readonly string[]): unknown;
  /** Sets clock and randomness for one call. @throws when the call before left intrinsics that cannot be repaired. */
  beginCall(world: CallWorld): void;
  /**
   * Ends the call: its timers are cancelled, and what it still tries through clock, timers, randomness or console
   * throws. Returns which outside influences the call used.
   */
  endCall(): readonly Influence[];
  /** Array buffer bytes now and at most, and whether an allocation was refused. */
  memory(): { current: number; peak: number; exceeded: boolean };
  /** Freezes objects of the engine's side that an engine gets to see, with all that they lead to. */
  harden(...values: unknown[]): void;
}

export interface RealmOptions {
  /** A line of the engine's console: hostile text, capped. */
  readonly onConsole: (line: string) => void;
  /** Array buffer bytes at once; over it, allocation throws RangeError inside. */
  readonly maxArrayBufferBytes: number | (() => number);
  /**
   * An exception or rejection that nobody handled. The text of the engine is withheld. Default: throws a fixed error,
   * which ends the worker with an `error` event.
   */
  readonly onStray?: (kind: StrayKind) => void;
}

/**
 * Disarms the thread it runs in, for good, and returns the engine's world. Everything the thread's own code needs
 * from Node must have been taken before. Once per thread.
 */
export function createRealm(options: RealmOptions): Realm {
  const worlds = createWorlds();
  const { maxArrayBufferBytes: limit } = options;
  const limitNow = typeof limit === 'number' ? () => limit : limit;
  let isReady = false;
  // What the realm itself takes is not the engine's.
  const ledger = createBufferLedger(() => (isReady ? limitNow() : Number.POSITIVE_INFINITY));
  const getBuiltin = process.getBuiltinModule.bind(process);
  installClock(worlds);
  pinLocale(ledger);
  installChance(worlds, getBuiltin);
  installBufferAccounting(ledger);
  installText(ledger);
  installTimers(worlds);
  installEvents();
  installClone();
  fixStacks();
  deleteRegExpStatics();
  denyImports();
  disarmProcess(guardStray(worlds, options.onStray ?? endWorker));
  installHostNames(worlds, options.onConsole);
  freezeAll();
  isReady = true;
  return new DisarmedRealm(worlds, createRegExpGuard(), ledger);
}

function installHostNames(worlds: Worlds, onConsole: (line: string) => void): void {
  const settled = Promise.resolve();
  const defer = (task: () => void): void => void settled.then(task);
  hide(globalThis, 'queueMicrotask', (task: unknown): void => {
    if (typeof task !== 'function') throw new TypeError('queueMicrotask needs a function.');
    defer(() => void Reflect.apply(task, undefined, []));
  });
  hide(globalThis, 'process', createProcessFacade(defer));
  hide(globalThis, 'console', createConsole(worlds, onConsole));
  hide(globalThis, 'Atomics', createAtomicsForPiscina());
}

function freezeAll(): void {
  const urlIterators = trimUrls();
  const wasm = disarmWebAssembly();
  const globals = trimGlobals();
  const hidden = [...findHiddenIntrinsics(), ...urlIterators, ...wasm, ...findNodeErrors()];
  repairOverrides();
  harden([...globals, ...hidden, ...regexpFunctions(), Reflect.getPrototypeOf(globalThis)]);
  hardenError();
  freezeImportError();
}

/** A rejection that a call left behind shows when the next one runs: that one is not ended for it. */
function guardStray(worlds: Worlds, onStray: (kind: StrayKind) => void): (kind: StrayKind) => void {
  return (kind) => {
    if (kind === 'uncaught_exception' || !worlds.isLate()) onStray(kind);
  };
}

function endWorker(kind: StrayKind): never {
  throw new Error(
    `The engine left an ${kind === 'uncaught_exception' ? 'uncaught exception' : 'unhandled rejection'}.`,
  );
}

class DisarmedRealm implements Realm {
  readonly memory: Realm['memory'];
  private readonly worlds: Worlds;
  private readonly regexps: RegExpGuard;
  private readonly ledger: BufferLedger;
  private globals = new Set<PropertyKey>(Reflect.ownKeys(globalThis));
  private call: World | undefined;
  /** An engine left something for the next call that cannot be undone. */
  private isSpoilt = false;

  constructor(worlds: Worlds, regexps: RegExpGuard, ledger: BufferLedger) {
    this.worlds = worlds;
    this.regexps = regexps;
    this.ledger = ledger;
    this.memory = ledger.memory;
  }

  load(code: string, modules: readonly string[] = []): unknown {
    const registered: unknown[] = [];
    const given: [string, unknown][] = [
      ['__mex_register__', (definition: unknown) => void registered.push(definition)],
    ];
    if (modules.length > 0) {
      const guard = guardWebAssembly(modules, this.ledger);
      harden([guard]);
      given.push(['WebAssembly', guard]);
    }
    const world = this.worlds.enter({ nowMs: 0, seedHex: 'load', frozen: true });
    try {
      const run: unknown = compileFunction(
        code,
        given.map(([name]) => name),
        { filename: BUNDLE_NAME },
      );
      if (typeof run !== 'function') throw new Error('The bundle did not compile.');
      Reflect.apply(
        run,
        undefined,
        given.map(([, value]) => value),
      );
    } finally {
      this.worlds.leave(world);
      this.globals = new Set(Reflect.ownKeys(globalThis));
    }
    if (registered.length !== 1)
      throw new Error(`A bundle registers one engine; this one registered ${registered.length}.`);
    return registered[0];
  }

  beginCall(world: CallWorld): void {
    this.endCall();
    if (this.isSpoilt) throw new Error('The call before left a global that cannot be taken away.');
    if (!this.regexps.restore()) throw new Error('The call before changed RegExp.prototype for good.');
    resetStackLimit();
    this.call = this.worlds.enter(world);
  }

  endCall(): readonly Influence[] {
    const { call } = this;
    if (call === undefined) return [];
    this.call = undefined;
    this.worlds.leave(call);
    const keys = Reflect.ownKeys(globalThis);
    // New names come after the old ones of their kind: where number and last ones are as before, all are.
    if (keys.length !== this.globals.size || !this.isLastKnown(keys)) {
      for (const key of keys) {
        if (!this.globals.has(key) && !Reflect.deleteProperty(globalThis, key)) this.isSpoilt = true;
      }
    }
    return call.frozen ? [] : [...call.influences];
  }

  private isLastKnown(keys: readonly PropertyKey[]): boolean {
    for (let at = keys.length - 1; at >= 0; at -= 1) {
      const key = keys[at];
      if (key === undefined || !this.globals.has(key)) return false;
      if (typeof key === 'string') return true;
    }
    return true;
  }

  harden(...values: unknown[]): void {
    harden(values);
  }
}
