import { defineConfig, mergeConfig } from 'vitest/config';
// @boundaries-ignore one shared test configuration for the whole checkout
import shared from '../../vitest.shared.ts';

// The pages are read with the built command, as their readers have it.
export default mergeConfig(
  shared,
  defineConfig({ test: { globalSetup: ['../../packages/cli/test/built-command.ts'] } }),
);
