import { extname } from 'node:path';

/**
 * First files of the sandboxes, as `openHost` takes them: bundled, they are one level above the commands; from source the
 * runtime knows its own.
 */
export function sandboxFiles(): { readonly threadEntry?: URL; readonly processProgram?: URL } {
  if (extname(import.meta.url) !== '.js') return {};
  return {
    threadEntry: new URL('../thread-entry.js', import.meta.url),
    processProgram: new URL('../process-program.mjs', import.meta.url),
  };
}
