import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'tsup';

/** The first file of worker threads as one: threads start three times as fast as from sources, and there are hundreds. */
export interface BundledEntry {
  readonly url: URL;
  readonly remove: () => void;
}

/** Bundles it from the sources that are there now. */
export async function bundleThreadEntry(): Promise<BundledEntry> {
  const outDir = mkdtempSync(join(tmpdir(), 'mex-thread-entry-'));
  await build({
    entry: { entry: fileURLToPath(new URL('../../../runtime/src/sandbox/thread/entry.ts', import.meta.url)) },
    outDir,
    outExtension: () => ({ js: '.mjs' }),
    format: ['esm'],
    platform: 'node',
    target: 'node26',
    splitting: false,
    minify: true,
    dts: false,
    silent: true,
    config: false,
    removeNodeProtocol: false,
    noExternal: [/.*/],
    esbuildOptions(options) {
      options.conditions = ['@mex/source', 'import', 'module', 'default'];
      options.legalComments = 'none';
    },
  });
  return {
    url: pathToFileURL(join(outDir, 'entry.mjs')),
    remove: () => rmSync(outDir, { recursive: true, force: true }),
  };
}
