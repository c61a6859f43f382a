import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    // Many tests wait for processes of their own: one worker a core, not one less.
    maxWorkers: Math.max(2, availableParallelism()),
    // One fixed order per checkout; a test that needs another order is wrong in all of them.
    sequence: { shuffle: true, seed: 20261121 },
    projects: ['{packages,engines,examples}/*/vitest.config.ts'],
    coverage: {
      provider: 'v8',
      autoAttachSubprocess: true,
      include: ['{packages,engines}/*/src/**/*.ts'],
    },
  },
});
