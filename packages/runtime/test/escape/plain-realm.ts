import { createRequire } from 'node:module';
import { constants, Script } from 'node:vm';
import type { Realm } from '../../src/sandbox/realm/realm.ts';

/** Gives bundles, as the global `outside`, what no engine is ever handed: Node's process object and loaders. */
export function exposeOutside(): void {
  const loader = new Script('(id) => import(id)', {
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  Object.defineProperty(globalThis, 'outside', {
    value: { process, require: createRequire(import.meta.url), load: loader.runInThisContext() as unknown },
  });
}

/** A realm that disarms nothing: bundles run like any other program. For controls. */
export function createPlainRealm(): Realm {
  const nothing = (): void => {};
  return {
    load(code) {
      let found: unknown;
      // As an ordinary script, so that import() works as in any other program.
      const script = new Script(`(function (__mex_register__) {${code}\n})`, {
        importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
      });
      const run: unknown = script.runInThisContext();
      const register = (definition: unknown): void => {
        found = definition;
      };
      if (typeof run === 'function') Reflect.apply(run, undefined, [register]);
      return found;
    },
    beginCall: nothing,
    endCall: () => [],
    memory: () => ({ current: 0, peak: 0, exceeded: false }),
    harden: nothing,
  };
}
