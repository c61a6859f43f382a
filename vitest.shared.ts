import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** `MEX_DIST=1` runs the same tests against the built packages. */
const conditions = process.env['MEX_DIST'] ? [] : ['@mex/source'];

export default defineConfig({
  // Also becomes `--conditions` for worker threads that a test starts.
  ssr: { resolve: { conditions: [...conditions, 'node', 'module'] } },
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 30_000,
    // Many tests wait for processes of their own: one worker a core, not one less. Projects do not take it from the root.
    maxWorkers: Math.max(2, availableParallelism()),
    sequence: { shuffle: true, seed: 20261121 },
    // Tests start many processes that load the sources; with what was compiled before, each starts in half the time.
    env: { NODE_COMPILE_CACHE: fileURLToPath(new URL('./node_modules/.cache/mex-tests', import.meta.url)) },
  },
});
