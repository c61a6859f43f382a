import { hash } from 'node:crypto';
import type { BufferLedger } from './buffers.ts';

/*
 * WebAssembly for an engine that brings an interpreter along. A realm has none: its memory is in no figure of V8, a
 * module is native code that V8 compiles for whoever hands it in, and its objects lead to constructors of more.
 *
 * Who is believed: nobody. The engine that asks is as hostile here as any other.
 *
 * What it gets, and why that is no more than it had:
 * - Only modules of `KNOWN_MODULES`, by the digest of exactly the bytes that are compiled. A manifest names those that
 *   its engine wants; what is not on the list cannot be loaded, whoever vouches for the engine. So V8's compiler never
 *   sees a module that somebody wrote against it, and the machine code that runs is the same everywhere.
 * - Memory only with an end, which is charged to the operation's array buffers as a whole before it is made. It never
 *   grows beyond that, is never shared, and a module of the list has none of its own.
 * - No way to the real thing: `constructor` is gone from the prototypes of all its objects, the functions and the
 *   instance are V8's, everything that can be reached is frozen. Tables, globals, tags, compiling streams, and what
 *   suspends stacks are not there at all.
 * - It is no global: a bundle finds it as a name of its own scope, `eval` and other engines do not.
 * - Only in the process tier, where the kernel bounds memory and CPU time besides (`process/`). A thread is never asked.
 *
 * What is left: a fault of V8 in running one of the known modules. It would be a fault that the guest of the module
 * (a script in QuickJS) finds and not the engine, and behind it are the disarmed realm and the jail.
 */

/** Modules that may run: the digest of their bytes, and what they are. */
export const KNOWN_MODULES: ReadonlyMap<string, string> = new Map([
  [
    '105c3bed22d457e43e3d1c3c1c6959fda62a8fe06f0fc8a985303c3a2be72232',
    'QuickJS 2025-09-13, release build of quickjs-emscripten 0.32.0 with imported memory',
  ],
]);

const PAGE_BYTES = 65_536;
/** Of one memory. */
const MAX_PAGES = 8_192;

/** What is used of the real one, taken before the realm is disarmed. */
interface NativeWebAssembly {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: unknown) => { readonly exports: object };
  readonly Memory: new (descriptor: { initial: number; maximum: number }) => object;
  readonly RuntimeError: unknown;
}

// Node's own; the types that are used here know it only as a namespace.
const native = Reflect.get(globalThis, 'WebAssembly') as NativeWebAssembly & object;
const { Module, Instance, Memory, RuntimeError } = native;

/** What a bundle finds under the name `WebAssembly`. */
export interface GuardedWebAssembly {
  readonly Memory: unknown;
  readonly RuntimeError: unknown;
  readonly instantiate: (source: unknown, imports: unknown) => Promise<{ instance: { exports: object } }>;
}

/**
 * Takes from the real objects what leads back to their constructors. Before the realm is frozen.
 * @returns what no global name leads to any more: roots for freezing.
 */
export function disarmWebAssembly(): unknown[] {
  const roots: unknown[] = [];
  for (const key of Reflect.ownKeys(native)) {
    const member: unknown = Reflect.get(native, key);
    const prototype: unknown = typeof member === 'function' ? Reflect.get(member, 'prototype') : undefined;
    if (typeof prototype !== 'object' || prototype === null) continue;
    if (!(prototype instanceof Error) && !Reflect.deleteProperty(prototype, 'constructor'))
      throw new Error('The realm cannot take a constructor of WebAssembly away.');
    roots.push(prototype);
  }
  return roots;
}

/**
 * The guard for one bundle.
 * @param wanted digests of the modules that its manifest names
 * @throws Error when one of them is not known.
 */
export function guardWebAssembly(wanted: readonly string[], ledger: BufferLedger): GuardedWebAssembly {
  for (const sha256 of wanted)
    if (!KNOWN_MODULES.has(sha256)) throw new Error('The engine asks for a WebAssembly module that MEX does not know.');
  const compiled = new Map<string, object>();

  function GuardedMemory(this: unknown, descriptor: unknown): object {
    if (new.target === undefined) throw new TypeError("Constructor Memory requires 'new'");
    const initial = pages(descriptor, 'initial');
    const maximum = pages(descriptor, 'maximum');
    if (initial > maximum) throw new RangeError('A memory begins with no more pages than it may have.');
    const owner = {};
    // Before it is there: what cannot be paid for is not made.
    ledger.hold(owner, maximum * PAGE_BYTES);
    const memory = new Memory({ initial, maximum });
    owners.set(memory, owner);
    return memory;
  }
  return {
    Memory: GuardedMemory,
    RuntimeError,
    // A promise, as the library expects; compiled at once, so that it takes the same turns of the loop every time.
    instantiate: async (source, imports) => {
      const bytes = copyOf(source);
      const sha256 = hash('sha256', bytes, 'hex');
      if (!wanted.includes(sha256))
        throw new Error('This WebAssembly module is not one of those that the engine names.');
      const module = compiled.get(sha256) ?? new Module(bytes);
      compiled.set(sha256, module);
      const instance = new Instance(module, imports);
      return { instance: { exports: instance.exports } };
    },
  };
}

/** What pays for a memory lives as long as it. */
const owners = new WeakMap<object, object>();

function pages(descriptor: unknown, name: 'initial' | 'maximum'): number {
  const value: unknown =
    typeof descriptor === 'object' && descriptor !== null ? Reflect.get(descriptor, name) : undefined;
  if (typeof value === 'number' && Number.isInteger(value) && value > 0 && value <= MAX_PAGES) return value;
  throw new RangeError(`A memory needs "${name}", from 1 to ${MAX_PAGES} pages.`);
}

/** A copy: what is hashed is what is compiled. */
function copyOf(source: unknown): Uint8Array<ArrayBuffer> {
  if (source instanceof Uint8Array) return new Uint8Array(source);
  if (source instanceof ArrayBuffer) return new Uint8Array(source.slice(0));
  throw new TypeError('A WebAssembly module is bytes.');
}
