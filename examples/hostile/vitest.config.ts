import { defineConfig, mergeConfig } from 'vitest/config';
// @boundaries-ignore one shared test configuration for the whole checkout
import shared from '../../vitest.shared.ts';

export default mergeConfig(shared, defineConfig({ test: { globalSetup: ['./test/built-engine.ts'] } }));
