import { KNOWN_MODULES } from '../../../src/sandbox/realm/web-assembly.ts';
import type { Attempt, AttemptFile } from '../attempt.ts';

const known = [...KNOWN_MODULES.keys()];
const named = { webAssembly: known, only: 'process' } as const;
/** An empty module: the shortest that any WebAssembly takes. */
const EMPTY = 'new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0])';

/** What an engine that names a known module makes of it: other modules, more memory, the real WebAssembly. */
const attempts: readonly Attempt[] = [
  {
    name: 'a module that nobody knows',
    body: `await WebAssembly.instantiate(${EMPTY}); return 'GOT a module of mine';`,
    ...named,
  },
  {
    name: 'a module that changes after it was looked at',
    body: `let n = 0; const source = new Proxy(${EMPTY}, { get(t, k) { n += 1; return Reflect.get(t, k); } }); await WebAssembly.instantiate(source); return 'GOT a module of mine';`,
    noControl: 'a proxy is no buffer',
    ...named,
  },
  {
    name: 'a buffer of a class of one’s own as a module',
    body: `class Bytes extends Uint8Array { static get [Symbol.species]() { return Bytes; } } await WebAssembly.instantiate(new Bytes(${EMPTY})); return 'GOT a module of mine';`,
    ...named,
  },
  {
    name: 'compiling, tables, globals, tags, suspended stacks',
    body: `const names = ['Module', 'Instance', 'compile', 'validate', 'Table', 'Global', 'Tag', 'Exception', 'compileStreaming', 'instantiateStreaming', 'Suspending', 'promising'].filter((name) => name in WebAssembly); return names.length > 0 ? 'GOT ' + names : '';`,
    ...named,
  },
  {
    name: 'the constructor of a memory by what was made',
    body: `const memory = new WebAssembly.Memory({ initial: 1, maximum: 1 }); for (let at = memory; at !== null; at = Object.getPrototypeOf(at)) { const made = Object.getOwnPropertyDescriptor(at, 'constructor')?.value; if (made !== undefined && made !== Object) return 'GOT ' + made.name; } return '';`,
    ...named,
  },
  {
    name: 'memory without an end',
    body: `return 'GOT ' + new WebAssembly.Memory({ initial: 1 }).buffer.byteLength;`,
    ...named,
  },
  {
    name: 'memory that two threads could share',
    body: `return new WebAssembly.Memory({ initial: 1, maximum: 2, shared: true }).buffer.constructor.name === 'SharedArrayBuffer' ? 'GOT shared memory' : '';`,
    ...named,
  },
  {
    name: 'more memory than the budget, in many pieces',
    body: `const kept = []; for (let at = 0; at < 64; at += 1) { const memory = new WebAssembly.Memory({ initial: 1, maximum: 512 }); memory.grow(511); new Uint8Array(memory.buffer)[0] = 1; kept.push(memory); } return 'GOT ' + kept.length * 32 + ' MiB';`,
    ...named,
  },
  {
    name: 'a memory whose end is another when it is asked for again',
    body: `let n = 0; const memory = new WebAssembly.Memory({ initial: 1, get maximum() { n += 1; return n === 1 ? 1 : 8000; } }); memory.grow(4000); return 'GOT ' + memory.buffer.byteLength;`,
    noControl: 'a plain one is asked once',
    ...named,
  },
  {
    name: 'a guard that is changed for the next call',
    body: `try { WebAssembly.instantiate = () => 1; WebAssembly.Memory.prototype.x = 1; Object.getPrototypeOf(new WebAssembly.Memory({ initial: 1, maximum: 1 })).grow = () => 1; } catch { return ''; } return Object.isFrozen(WebAssembly) ? '' : 'GOT a guard that can be changed';`,
    ...named,
  },
  {
    name: 'WebAssembly as a global of an engine that has it',
    body: `return 'WebAssembly' in globalThis || Function('return typeof WebAssembly')() !== 'undefined' ? 'GOT a global' : '';`,
    ...named,
  },
  {
    name: 'WebAssembly in a thread, though the manifest names a module',
    body: `return typeof WebAssembly === 'undefined' ? '' : 'GOT WebAssembly';`,
    webAssembly: known,
    only: 'thread',
  },
  {
    name: 'WebAssembly in an engine that does not ask for it',
    body: `const found = [() => WebAssembly, () => globalThis.WebAssembly, () => Function('return WebAssembly')(), () => (0, eval)('WebAssembly')].filter((get) => { try { return get() !== undefined; } catch { return false; } }); return found.length > 0 ? 'GOT WebAssembly' : '';`,
  },
];

export default { class: 'process and native code', attempts } satisfies AttemptFile;
