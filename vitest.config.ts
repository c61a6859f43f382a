import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
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
