import variant from '@jitl/quickjs-singlefile-mjs-release-sync';
import { newQuickJSWASMModuleFromVariant, newVariant, type QuickJSWASMModule } from 'quickjs-emscripten-core';
import { LIMITS } from '../limits.ts';

/**
 * The digest of the WebAssembly module in the package above. The runtime knows it, and runs no other
 * (`packages/runtime/src/sandbox/realm/web-assembly.ts`).
 */
export const QUICKJS_MODULE = '105c3bed22d457e43e3d1c3c1c6959fda62a8fe06f0fc8a985303c3a2be72232';

type QuickJsMemory = NonNullable<Parameters<typeof newVariant>[1]['wasmMemory']>;

/** In a bundle, a name of its own scope, and only where the engine runs in a process. */
declare const WebAssembly:
  | { readonly Memory: new (descriptor: { initial: number; maximum: number }) => Awaited<QuickJsMemory> }
  | undefined;

/** Whether there is a WebAssembly to run in. */
export function hasWebAssembly(): boolean {
  return typeof WebAssembly !== 'undefined';
}

/** An interpreter over a memory of its own, which never has more than `memoryBytes`. One for each run. */
export async function openInterpreter(memoryBytes: number): Promise<QuickJSWASMModule> {
  if (typeof WebAssembly === 'undefined') throw new Error('There is no WebAssembly.');
  const { Memory } = WebAssembly;
  const wasmMemory = new Memory({
    initial: LIMITS.leastMemoryBytes / LIMITS.pageBytes,
    maximum: Math.floor(memoryBytes / LIMITS.pageBytes),
  });
  return newQuickJSWASMModuleFromVariant(newVariant(variant, { wasmMemory }));
}
