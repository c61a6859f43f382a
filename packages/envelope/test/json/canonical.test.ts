import { BOUNDS } from '@mex/envelope';
import { canonicalBytes, canonicalJson, checkInlineSize, parseStrictJson } from '@mex/envelope/json';
import { describe, expect, it } from 'vitest';
import { refusalOf } from './refusal-of.ts';

/** RFC 8785, appendix B: the bits of a double and its text. */
const NUMBERS: readonly (readonly [bits: bigint, text: string])[] = [
  [0x0000000000000000n, '0'],
  [0x8000000000000000n, '0'],
  [0x0000000000000001n, '5e-324'],
  [0x8000000000000001n, '-5e-324'],
  [0x7fefffffffffffffn, '1.7976931348623157e+308'],
  [0xffefffffffffffffn, '-1.7976931348623157e+308'],
  [0x4340000000000000n, '9007199254740992'],
  [0xc340000000000000n, '-9007199254740992'],
  [0x4430000000000000n, '295147905179352830000'],
  [0x44b52d02c7e14af5n, '9.999999999999997e+22'],
  [0x44b52d02c7e14af6n, '1e+23'],
  [0x44b52d02c7e14af7n, '1.0000000000000001e+23'],
  [0x444b1ae4d6e2ef4en, '999999999999999700000'],
  [0x444b1ae4d6e2ef4fn, '999999999999999900000'],
  [0x444b1ae4d6e2ef50n, '1e+21'],
  [0x3eb0c6f7a0b5ed8cn, '9.999999999999997e-7'],
  [0x3eb0c6f7a0b5ed8dn, '0.000001'],
  [0x41b3de4355555553n, '333333333.3333332'],
  [0x41b3de4355555554n, '333333333.33333325'],
  [0x41b3de4355555555n, '333333333.3333333'],
  [0x41b3de4355555556n, '333333333.3333334'],
  [0x41b3de4355555557n, '333333333.33333343'],
  [0xbecbf647612f3696n, '-0.0000033333333333333333'],
  [0x43143ff3c1cb0959n, '1424953923781206.2'],
];

function doubleOf(bits: bigint): number {
  return new Float64Array(BigUint64Array.of(bits).buffer)[0] ?? Number.NaN;
}

describe('canonicalJson writes RFC 8785', () => {
  it('[§3] numbers as in appendix B', () => {
    for (const [bits, text] of NUMBERS) {
      expect(canonicalJson(doubleOf(bits)), bits.toString(16)).toBe(text);
      expect(canonicalJson(parseStrictJson(text))).toBe(text);
    }
  });

  it('[§3] members by UTF-16 code units, not by code points or locale', () => {
    const value = {
      '\u20ac': 'Euro',
      '\r': 'Return',
      '\ufb33': 'Dalet',
      '1': 'One',
      '\ud83d\ude00': 'Smile',
      '\u0080': 'Control',
      '\u00f6': 'O',
    };
    expect([...canonicalJson(value).matchAll(/:"(\w+)"/g)].map((match) => match[1])).toEqual([
      'Return',
      'One',
      'Control',
      'O',
      'Euro',
      'Smile',
      'Dalet',
    ]);
    expect(canonicalJson({ b: 1, B: 2, a: 3, 10: 4, 9: 5, '': 6 })).toBe('{"":6,"10":4,"9":5,"B":2,"a":3,"b":1}');
  });

  it('the sample of section 3.2.2, as text and as bytes', () => {
    const value = parseStrictJson(
      '{"numbers":[333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],' +
        '"string":"\\u20ac$\\u000F\\u000aA\'\\u0042\\u0022\\u005c\\\\\\"\\/","literals":[null, true, false]}',
    );
    const text =
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],' +
      '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}';
    expect(canonicalJson(value)).toBe(text);
    expect(canonicalBytes(value)).toEqual(new TextEncoder().encode(text));
  });

  it('the escapes of section 3.2.2.2, in strings and names, short and long', () => {
    for (const pad of ['', 'x'.repeat(40)]) {
      const text = `${pad}\b\t\n\f\r"\\/\u0000\u001f\u007f\u2028é😀`;
      const escaped = `"${pad}\\b\\t\\n\\f\\r\\"\\\\/\\u0000\\u001f\u007f\u2028é😀"`;
      expect(canonicalJson(text)).toBe(escaped);
      expect(canonicalJson({ [text]: text })).toBe(`{${escaped}:${escaped}}`);
    }
  });

  it('leaves undefined members out, wherever they stand', () => {
    expect(canonicalJson({ a: undefined, b: 'x', c: undefined, d: 1, e: undefined })).toBe('{"b":"x","d":1}');
    expect(canonicalJson({ a: 'x', b: undefined })).toBe('{"a":"x"}');
    expect(canonicalJson([{ a: undefined }, {}])).toBe('[{},{}]');
  });

  it('ignores what JSON does not see: symbols as names, hidden members, names on arrays', () => {
    const value = Object.defineProperty({ a: 1, [Symbol('s')]: 2 }, 'hidden', { value: 3, enumerable: false });
    expect(canonicalJson(value)).toBe('{"a":1}');
    expect(canonicalJson(Object.assign([1], { extra: 2 }))).toBe('[1]');
  });

  it('an object without prototype, and one value in two places', () => {
    const part = Object.assign(Object.create(null), { b: 1, a: 2 });
    expect(canonicalJson({ y: part, x: [part] })).toBe('{"x":[{"a":2,"b":1}],"y":{"a":2,"b":1}}');
  });

  it('many shapes of the same size and ends without mixing them up', () => {
    for (let round = 0; round < 2; round++) {
      for (let index = 0; index < 1_000; index++) {
        const middle = `m${index.toString().padStart(4, '0')}`;
        expect(canonicalJson({ z: 1, [middle]: 2, a: 3 })).toBe(`{"a":3,"${middle}":2,"z":1}`);
      }
    }
  });
});

class Point {
  x = 1;
}
const circle: { name: string; inner: { back?: unknown } } = { name: 'c', inner: {} };
circle.inner.back = circle;
const holed: number[] = [1];
holed[2] = 3;
let deep: unknown = 1;
for (let level = 0; level <= BOUNDS.maxJsonDepth; level++) deep = { in: deep };
let shared: unknown = [];
for (let level = 0; level < 60; level++) shared = [shared, shared];

const REFUSED: readonly (readonly [name: string, value: unknown, code: string, where: string])[] = [
  ['NaN', { a: [1, Number.NaN] }, 'JSON_NUMBER', 'at /a/1:'],
  ['Infinity', { a: -Infinity }, 'JSON_NUMBER', 'at /a:'],
  ['undefined at the top', undefined, 'JSON_NOT_CANONICAL', 'at the top level:'],
  ['undefined in an array', [1, undefined], 'JSON_NOT_CANONICAL', 'at /1:'],
  ['a hole', holed, 'JSON_NOT_CANONICAL', 'at /1:'],
  ['a function', { a: { f: () => 1 } }, 'JSON_NOT_CANONICAL', 'at /a/f:'],
  ['a symbol', [Symbol('s')], 'JSON_NOT_CANONICAL', 'at /0:'],
  ['a bigint', { n: 1n }, 'JSON_NOT_CANONICAL', 'at /n:'],
  ['a Date', { at: new Date(0) }, 'JSON_NOT_CANONICAL', 'at /at:'],
  ['a Map', new Map(), 'JSON_NOT_CANONICAL', 'at the top level:'],
  ['a class instance', [new Point()], 'JSON_NOT_CANONICAL', 'at /0:'],
  ['an inheriting object', Object.create({ a: 1 }), 'JSON_NOT_CANONICAL', 'at the top level:'],
  ['a boxed string', [Object('s')], 'JSON_NOT_CANONICAL', 'at /0:'],
  ['bytes', { b: new Uint8Array(2) }, 'JSON_NOT_CANONICAL', 'at /b:'],
  ['an array subclass', new (class extends Array {})(), 'JSON_NOT_CANONICAL', 'at the top level:'],
  ['toJSON', { toJSON: () => 1 }, 'JSON_NOT_CANONICAL', 'at /toJSON:'],
  [
    'a getter',
    {
      a: {
        get b() {
          return 1;
        },
      },
    },
    'JSON_NOT_CANONICAL',
    'at /a/b:',
  ],
  ['a setter', { set a(_: number) {} }, 'JSON_NOT_CANONICAL', 'at /a:'],
  ['a getter in an array', Object.defineProperty([1], 0, { get: () => 1 }), 'JSON_NOT_CANONICAL', 'at /0:'],
  ['a lone surrogate', { a: ['\ud83d'] }, 'JSON_LONE_SURROGATE', 'at /a/0:'],
  ['a lone surrogate in a long string', `${'x'.repeat(100)}\ude00`, 'JSON_LONE_SURROGATE', 'at the top level:'],
  ['a lone surrogate in a name', [{ 'k\ud800': 1 }], 'JSON_LONE_SURROGATE', 'at /0:'],
  ['an own __proto__', [1, { ['__proto__']: 1 }], 'JSON_FORBIDDEN_KEY', 'at /1:'],
  ['a cycle', circle, 'JSON_CYCLE', 'at /inner/back/inner/back'],
  ['65 levels', deep, 'JSON_TOO_DEEP', 'at /in/in'],
];

describe('canonicalJson refuses', () => {
  for (const [name, value, code, where] of REFUSED) {
    it(`[§3] ${name}: ${code}, with the place, each time`, () => {
      for (let round = 0; round < 2; round++) {
        const refusal = refusalOf(() => canonicalJson(value));
        expect(refusal.code).toBe(code);
        expect(refusal.message).toContain(where);
      }
    });
  }

  it('a value whose shared parts would fill the memory', () => {
    const refusal = refusalOf(() => canonicalJson(shared, { maxChars: 100_000 }));
    expect(refusal.code).toBe('JSON_TOO_LARGE');
    expect(canonicalJson('abc', { maxChars: 5 })).toBe('"abc"');
    expect(refusalOf(() => canonicalJson('abcd', { maxChars: 5 })).code).toBe('JSON_TOO_LARGE');
    expect(refusalOf(() => canonicalJson({ a: 'abcd' }, { maxChars: 9 })).code).toBe('JSON_TOO_LARGE');
  });

  it('no member of a polluted prototype gets in', () => {
    const planted = { value: 1, enumerable: true, writable: true, configurable: true };
    Object.defineProperty(Object.prototype, 'planted', planted);
    try {
      expect(canonicalJson({ a: 1 })).toBe('{"a":1}');
      expect(Object.keys(Object(parseStrictJson('{"a":1}')))).toEqual(['a']);
      // One member lost to the repetition, one gained from the prototype: the sum must not look right.
      expect(refusalOf(() => parseStrictJson('{"a":1,"a":2}')).code).toBe('JSON_DUPLICATE_KEY');
    } finally {
      Reflect.deleteProperty(Object.prototype, 'planted');
    }
  });
});

describe('checkInlineSize', () => {
  it('[§3] measures UTF-8 bytes of canonical JSON, not characters', () => {
    expect(checkInlineSize({ b: '€', a: undefined })).toEqual({ bytes: 11, fits: true });
    const exact = 'x'.repeat(BOUNDS.maxInlineBytes - 2);
    expect(checkInlineSize(exact)).toEqual({ bytes: 32_768, fits: true });
    expect(checkInlineSize(`${exact}x`)).toEqual({ bytes: 32_769, fits: false });
    expect(checkInlineSize('€'.repeat(11_000))).toEqual({ bytes: 33_002, fits: false });
    expect(checkInlineSize([1, 2], 4)).toEqual({ bytes: 5, fits: false });
  });
});
