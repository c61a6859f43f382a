import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'tsup';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** URL of the first file of worker threads, as one file. */
    threadEntry: string;
  }
}

/**
 * Bundles the first file of worker threads from the sources that are there now, once for all tests: threads start three
 * times as fast as from sources, and there are hundreds.
 */
export default async function bundleThreadEntry(project: TestProject): Promise<() => void> {
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
  project.provide('threadEntry', pathToFileURL(join(outDir, 'entry.mjs')).href);
  return () => rmSync(outDir, { recursive: true, force: true });
}
