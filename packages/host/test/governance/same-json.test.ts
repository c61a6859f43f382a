import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isSameJson } from '../../src/governance/same-json.ts';

const json = () => fc.jsonValue({ maxDepth: 3 });

it('says what canonical JSON would say, for anything and its copy', () => {
  fc.assert(
    fc.property(json(), json(), (a, b) => {
      expect(isSameJson(a, structuredClone(a))).toBe(true);
      expect(isSameJson(a, b)).toBe(sorted(a) === sorted(b));
    }),
    { seed: 20261121, numRuns: 300 },
  );
});

it('tells an absent member from an empty one, a list from an object, and a member of the prototype from an own one', () => {
  expect(isSameJson({ a: 1 }, { a: 1, b: null })).toBe(false);
  expect(isSameJson([], {})).toBe(false);
  expect(isSameJson({}, [])).toBe(false);
  expect(isSameJson({ toString: 1 }, { valueOf: 1 })).toBe(false);
  expect(isSameJson({ a: [1, { b: '' }] }, { a: [1, { b: '' }] })).toBe(true);
});

/** JSON with sorted members; a negative zero is a zero there. */
function sorted(value: unknown): string {
  return JSON.stringify(value, (_name, one: unknown) =>
    typeof one === 'object' && one !== null && !Array.isArray(one)
      ? Object.fromEntries(Object.entries(one).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : one,
  );
}
