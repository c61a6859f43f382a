import { defineConfig } from 'vitest/config';

/** `MEX_DIST=1` runs the same tests against the built packages. */
const conditions = process.env['MEX_DIST'] ? [] : ['@mex/source'];

export default defineConfig({
  // Also becomes `--conditions` for worker threads that a test starts.
  ssr: { resolve: { conditions: [...conditions, 'node', 'module'] } },
  test: { include: ['test/**/*.test.ts'], testTimeout: 30_000, sequence: { shuffle: true, seed: 20261121 } },
});
