import { existsSync, readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLeakDetector } from '../../src/leak/leak-detector.ts';
import { ALNUM, HEX, randomText } from '../samples.ts';

/** Values as services hand them out, the shortest too. */
const values = Array.from({ length: 60 }, (_, n) => randomText(8 + (n % 40), n % 3 === 0 ? HEX : ALNUM, 900 + n));

function noise(length: number, seed: number): Uint8Array {
  let state = seed >>> 0;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state >>> 24;
  });
}

describe('no false alarms', () => {
  const detector = createLeakDetector(values);

  it('in random bytes, random base64 and random hex', () => {
    expect(detector.find(noise(1_000_000, 1))).toEqual([]);
    expect(detector.find(randomText(500_000, `${ALNUM}+/`, 2))).toEqual([]);
    expect(detector.find(randomText(500_000, HEX, 3))).toEqual([]);
    expect(detector.find(randomText(500_000, '0123456789, ', 4))).toEqual([]);
  });

  it('in any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 2_000 }), (text) => {
        expect(detector.find(text)).toEqual([]);
      }),
      { seed: 20261121, numRuns: 150 },
    );
  });

  it('in another value of the same kind', () => {
    for (let n = 0; n < 60; n++)
      expect(detector.find(randomText(8 + (n % 40), n % 3 === 0 ? HEX : ALNUM, 5_000 + n))).toEqual([]);
  });

  const LOCKFILES = new URL('../../../../../shared/data/lockfiles/', import.meta.url);
  const present = existsSync(LOCKFILES);
  const because = present ? '' : ' — SKIPPED: ../shared/data/lockfiles is not here';
  if (!present) console.warn(`guard false alarms${because}`);

  it.skipIf(!present)(`in real lockfiles, which are full of digests${because}`, () => {
    let megabytes = 0;
    for (const path of readdirSync(LOCKFILES, { recursive: true, encoding: 'utf8' })) {
      if (!/\.(?:json|yaml|lock|sum)$/.test(path)) continue;
      const content = readFileSync(new URL(path, LOCKFILES));
      expect(detector.find(content), path).toEqual([]);
      megabytes += content.length / 1e6;
    }
    expect(megabytes).toBeGreaterThan(5);
  });
});

describe('hostile content', () => {
  const value = randomText(40, ALNUM, 7);
  const detector = createLeakDetector([value, 'a'.repeat(200), `${'ab'.repeat(60)}c`]);

  it.each([
    ['near misses', `${value.slice(0, 39)}#`],
    ['one character', 'a'],
    ['two characters', 'ab'],
    ['percent signs', '%'],
    ['unfinished escapes', '\\u00'],
    ['ampersands', '&#'],
    ['escaped escapes', '%2525'],
    ['backslashes', '\\'],
  ])('%s: work per byte does not grow with the length', (_, piece) => {
    const timeOf = (length: number) => {
      const content = new TextEncoder().encode(piece.repeat(Math.ceil(length / piece.length)));
      const from = performance.now();
      detector.find(content);
      return performance.now() - from;
    };
    timeOf(50_000);
    const [small, large] = [timeOf(50_000), timeOf(400_000)];
    // Eight times the text: an honest factor of eight, and ample room for a busy machine.
    expect(large).toBeLessThan(small * 40 + 200);
  });
});
