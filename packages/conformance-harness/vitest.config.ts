import { mergeConfig } from 'vitest/config';
// @boundaries-ignore one shared test configuration for the whole checkout
import shared from '../../vitest.shared.ts';

export default mergeConfig(shared, { test: { globalSetup: ['test/self-test/thread-entry.ts'] } });
