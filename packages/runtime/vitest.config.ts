import { defineConfig, mergeConfig } from 'vitest/config';
// @boundaries-ignore one shared test configuration for the whole checkout
import shared from '../../vitest.shared.ts';

/**
 * That every escape works where nothing holds it takes a minute, and says nothing of MEX: it is part of
 * `npm run test:soak`, and a step of CI.
 */
const exclude = process.env['MEX_SOAK'] === undefined ? ['test/escape/control.test.ts'] : [];

export default mergeConfig(shared, defineConfig({ test: { exclude } }));
