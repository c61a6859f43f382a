import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    projects: ['{packages,engines,examples}/*/vitest.config.ts'],
    coverage: {
      provider: 'v8',
      autoAttachSubprocess: true,
      include: ['{packages,engines}/*/src/**/*.ts'],
    },
  },
});
