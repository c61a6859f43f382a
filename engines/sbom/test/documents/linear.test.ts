import { expect, it } from 'vitest';
import { writeCycloneDx } from '../../src/documents/cyclonedx.ts';
import { writeSpdx } from '../../src/documents/spdx.ts';
import { largeInventory } from './fixture.ts';

const OPTIONS = { timestamp: '2026-01-01T00:00:00Z', toolVersion: '0.1.0' };

/** Best of three: other work on the machine only ever adds. */
function best(run: () => unknown): number {
  const times = Array.from({ length: 3 }, () => {
    const start = performance.now();
    run();
    return performance.now() - start;
  });
  return Math.min(...times);
}

it.each([
  ['writeCycloneDx', writeCycloneDx],
  ['writeSpdx', writeSpdx],
])('%s takes time in proportion to the packages', (_name, write) => {
  const [small, large] = [largeInventory(500), largeInventory(5000)];
  const ratio = best(() => write([large], { name: 'x' }, OPTIONS)) / best(() => write([small], { name: 'x' }, OPTIONS));
  // Ten times the packages; quadratic would be a hundred times the work.
  expect(ratio).toBeLessThan(35);
});
