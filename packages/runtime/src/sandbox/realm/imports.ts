import { registerHooks } from 'node:module';

/** Code of the error every import and require of an engine fails with. */
export const IMPORT_DENIED = 'MEX_IMPORT_DENIED';

/** Denies every specifier, of whatever scheme, to everything that runs in this thread from now on (CONTRACT §9). */
export function denyImports(): void {
  const deny = (specifier: string): never => {
    const error = new Error(
      `An engine cannot import ${JSON.stringify(String(specifier).slice(0, 80))}: its bundle is all it has.`,
    );
    throw Object.assign(error, { code: IMPORT_DENIED });
  };
  registerHooks({ resolve: (specifier) => deny(specifier), load: (url) => deny(url) });
}
