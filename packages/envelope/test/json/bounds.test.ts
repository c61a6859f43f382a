import { BOUNDS } from '@mex/envelope';
import { parseStrictJson } from '@mex/envelope/json';
import { describe, expect, it } from 'vitest';
import { refusalOf } from './refusal-of.ts';

const codeOf = (...args: Parameters<typeof parseStrictJson>) => refusalOf(() => parseStrictJson(...args)).code;
const nest = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);
const members = (count: number) => `{${Array.from({ length: count }, (_, index) => `"k${index}":${index}`).join(',')}}`;

describe('bounds of parseStrictJson', () => {
  it('allow exactly maxDepth levels', () => {
    expect(() => parseStrictJson(nest(BOUNDS.maxJsonDepth))).not.toThrow();
    expect(codeOf(nest(BOUNDS.maxJsonDepth + 1))).toBe('JSON_TOO_DEEP');
    expect(codeOf(`${'{"a":'.repeat(65)}1${'}'.repeat(65)}`)).toBe('JSON_TOO_DEEP');
    expect(() => parseStrictJson('[[1]]', { maxDepth: 2 })).not.toThrow();
    expect(codeOf('[[[1]]]', { maxDepth: 2 })).toBe('JSON_TOO_DEEP');
    expect(() => parseStrictJson(`["${'['.repeat(100)}"]`, { maxDepth: 1 })).not.toThrow();
  });

  it('never allow more than 512 levels, whatever the caller asks for', () => {
    expect(() => parseStrictJson(nest(512), { maxDepth: 1e9 })).not.toThrow();
    expect(codeOf(nest(513), { maxDepth: 1e9 })).toBe('JSON_TOO_DEEP');
  });

  it('count bytes, not characters', () => {
    expect(() => parseStrictJson('"ab"', { maxBytes: 4 })).not.toThrow();
    expect(codeOf('"abc"', { maxBytes: 4 })).toBe('JSON_TOO_LARGE');
    expect(codeOf('"€"', { maxBytes: 4 })).toBe('JSON_TOO_LARGE');
    expect(() => parseStrictJson('"€"', { maxBytes: 5 })).not.toThrow();
    expect(codeOf(new Uint8Array(BOUNDS.maxJsonBytes + 1))).toBe('JSON_TOO_LARGE');
    expect(codeOf(' '.repeat(BOUNDS.maxJsonBytes + 1))).toBe('JSON_TOO_LARGE');
  });

  it('hold for one string or key, after unescaping', () => {
    expect(() => parseStrictJson('["\\u20ac\\u0061"]', { maxStringBytes: 4 })).not.toThrow();
    expect(codeOf('["\\u20ac\\u0061b"]', { maxStringBytes: 4 })).toBe('JSON_TOO_LARGE');
    expect(codeOf('{"abcde":1}', { maxStringBytes: 4 })).toBe('JSON_TOO_LARGE');
    const text = `["${'x'.repeat(BOUNDS.maxStringBytes)}"]`;
    expect(() => parseStrictJson(text)).not.toThrow();
    expect(codeOf(text.replace('x', 'xx'))).toBe('JSON_TOO_LARGE');
  });

  it('count the members of all levels together', () => {
    expect(() => parseStrictJson('{"a":{"b":1},"c":[{"d":2}]}', { maxKeys: 4 })).not.toThrow();
    expect(codeOf('{"a":{"b":1},"c":[{"d":2}]}', { maxKeys: 3 })).toBe('JSON_TOO_MANY_KEYS');
    expect(() => parseStrictJson(members(BOUNDS.maxJsonKeys))).not.toThrow();
    expect(codeOf(members(BOUNDS.maxJsonKeys + 1))).toBe('JSON_TOO_MANY_KEYS');
    expect(() => parseStrictJson('["a:b","::",{"k":":"}]', { maxKeys: 1 })).not.toThrow();
  });
});

describe('hostile texts end quickly', () => {
  /** The best of five: the machine may be busy, the algorithm may not be slow. */
  const bestTime = (run: () => unknown) => {
    const times = Array.from({ length: 5 }, () => {
      const start = performance.now();
      run();
      return performance.now() - start;
    });
    return Math.min(...times);
  };

  const deep: readonly (readonly [string, string])[] = [
    ['a million open brackets', '['.repeat(1_000_000)],
    ['a million open objects', '{"a":'.repeat(800_000)],
    ['two million nested arrays', nest(2_000_000)],
  ];
  for (const [name, text] of deep) {
    it(`${name}: JSON_TOO_DEEP within 50 ms`, () => {
      expect(bestTime(() => expect(codeOf(text)).toBe('JSON_TOO_DEEP'))).toBeLessThan(50);
    });
  }

  const long: readonly (readonly [string, string, string])[] = [
    ['four million digits', '1'.repeat(4_000_000), 'JSON_NUMBER'],
    ['four million line breaks', `${'\n'.repeat(4_000_000)}x`, 'JSON_SYNTAX'],
    ['a string of backslashes', `"${'\\'.repeat(1_000_001)}"`, 'JSON_SYNTAX'],
    ['a million quotes', '"'.repeat(1_000_001), 'JSON_SYNTAX'],
    ['the last of 100,000 names repeated', members(99_999).replace('}', ',"k99998":0}'), 'JSON_DUPLICATE_KEY'],
  ];
  for (const [name, text, code] of long) {
    it(`${name}: ${code} within a second`, () => {
      expect(bestTime(() => expect(codeOf(text)).toBe(code))).toBeLessThan(1_000);
    });
  }
});
