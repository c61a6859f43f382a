import { extname } from 'node:path';

/** First files of the sandboxes: bundled, they are one level above the commands; from source the runtime knows its own. */
export function sandboxFiles(): {
  readonly thread: { readonly entry?: URL };
  readonly process: { readonly program?: URL };
} {
  if (extname(import.meta.url) !== '.js') return { thread: {}, process: {} };
  return {
    thread: { entry: new URL('../thread-entry.js', import.meta.url) },
    process: { program: new URL('../process-program.mjs', import.meta.url) },
  };
}
