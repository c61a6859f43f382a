import { canonicalJson, parseStrictJson, utf8Length } from '@mex/envelope/json';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const SEED = 8785;
const values = fc
  .jsonValue({ stringUnit: 'binary', depthSize: 'medium' })
  .filter((value) => !JSON.stringify(value).includes('__proto__'));

/** RFC 8785 said in the plainest way, slow and obvious. */
function plainly(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(plainly).join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${plainly(member)}`).join()}}`;
}

/** The same value with the members of every object in another order. */
function shuffled(value: unknown, pick: () => number): unknown {
  if (Array.isArray(value)) return value.map((element) => shuffled(element, pick));
  if (typeof value !== 'object' || value === null) return value;
  const ranked = Object.entries(value).map(([key, member]) => ({ key, member, rank: pick() }));
  ranked.sort((a, b) => a.rank - b.rank);
  return Object.fromEntries(ranked.map(({ key, member }) => [key, shuffled(member, pick)]));
}

describe('canonicalJson, for every JSON value', () => {
  it('[§3] is what RFC 8785 says', () => {
    const law = fc.property(values, (value) => {
      expect(canonicalJson(value)).toBe(plainly(value));
    });
    fc.assert(law, { seed: SEED, numRuns: 2_000 });
  });

  it('does not depend on the order in which members were set', () => {
    const law = fc.property(values, fc.infiniteStream(fc.nat()), (value, picks) => {
      expect(canonicalJson(shuffled(value, () => picks.next().value))).toBe(canonicalJson(value));
    });
    fc.assert(law, { seed: SEED, numRuns: 1_000 });
  });

  it('is accepted by the strict door, which reads the same value back', () => {
    const law = fc.property(values, (value) => {
      const back = parseStrictJson(canonicalJson(value));
      // JSON text knows -0, canonical JSON does not.
      expect(back).toEqual(JSON.parse(JSON.stringify(value)));
    });
    fc.assert(law, { seed: SEED, numRuns: 2_000 });
  });

  it('also for every finite double', () => {
    const law = fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (number) => {
      expect(parseStrictJson(canonicalJson(number))).toBe(number + 0);
    });
    fc.assert(law, { seed: SEED, numRuns: 5_000 });
    for (let power = 53; power < 1024; power++) {
      for (const number of [2 ** power, 2 ** power * (1 + Number.EPSILON), -(2 ** power) * (1 - Number.EPSILON / 2)]) {
        expect(parseStrictJson(canonicalJson(number))).toBe(number);
      }
    }
  });

  it('is stable: reading and writing again changes nothing', () => {
    const law = fc.property(fc.json({ stringUnit: 'binary' }), (text) => {
      fc.pre(!text.includes('__proto__'));
      const once = canonicalJson(parseStrictJson(text));
      expect(canonicalJson(parseStrictJson(once))).toBe(once);
    });
    fc.assert(law, { seed: SEED, numRuns: 2_000 });
  });
});

describe('utf8Length', () => {
  it('counts the bytes that TextEncoder writes, for every text', () => {
    const encoder = new TextEncoder();
    const unit = fc.oneof(
      fc.constantFrom('a', 'é', '€', '😀', '\ud83d', '\ude00', '\uffff'),
      fc.string({ unit: 'binary' }),
    );
    const law = fc.property(fc.array(unit), fc.constantFrom(1, 20_000), (parts, repeat) => {
      const text = parts
        .slice(0, 6)
        .join('')
        .repeat(parts.length === 0 ? 1 : Math.ceil(repeat / parts.length));
      expect(utf8Length(text)).toBe(encoder.encode(text).length);
    });
    fc.assert(law, { seed: SEED, numRuns: 200 });
  });
});
