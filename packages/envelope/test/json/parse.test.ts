import { parseStrictJson } from '@mex/envelope/json';
import { describe, expect, it } from 'vitest';
import { refusalOf } from './refusal-of.ts';

const utf8 = new TextEncoder();

/** The text, the code it is refused with, and what the message must say about the place. */
const REFUSED: readonly (readonly [name: string, text: string, code: string, where: string])[] = [
  ['nothing', '', 'JSON_SYNTAX', 'line 1, column 1 (the top level)'],
  ['white space only', ' \n\t', 'JSON_SYNTAX', 'line 2, column 2'],
  ['two values', '1 2', 'JSON_SYNTAX', 'line 1, column 3'],
  ['a trailing comma in an array', '[1,]', 'JSON_SYNTAX', 'line 1, column 4 (/1)'],
  ['a trailing comma in an object', '{"a":1,}', 'JSON_SYNTAX', 'line 1, column 8'],
  ['a comment', '[1, // one\n2]', 'JSON_SYNTAX', 'line 1, column 5 (/1)'],
  ['a name without quotes', '{a:1}', 'JSON_SYNTAX', 'line 1, column 2'],
  ['a missing colon', '{"a" 1}', 'JSON_SYNTAX', 'line 1, column 6 (/a)'],
  ['an open array', '[1', 'JSON_SYNTAX', 'line 1, column 3'],
  ['an open object', '{"a":1', 'JSON_SYNTAX', 'line 1, column 7'],
  ['an open string', '["abc', 'JSON_SYNTAX', 'line 1, column 6 (/0)'],
  ['a raw line break in a string', '["a\nb"]', 'JSON_SYNTAX', 'line 1, column 4 (/0)'],
  ['an unknown escape', '["\\x41"]', 'JSON_SYNTAX', 'line 1, column 3 (/0)'],
  ['a short unicode escape', '["\\u12"]', 'JSON_SYNTAX', 'line 1, column 3 (/0)'],
  ['a leading zero', '[01]', 'JSON_SYNTAX', 'line 1, column 3'],
  ['a leading plus', '[+1]', 'JSON_SYNTAX', 'line 1, column 2 (/0)'],
  ['a bare point', '[.5]', 'JSON_SYNTAX', 'line 1, column 2 (/0)'],
  ['a point without digits', '[1.]', 'JSON_SYNTAX', 'line 1, column 4 (/0)'],
  ['an exponent without digits', '[1e+]', 'JSON_SYNTAX', 'line 1, column 5 (/0)'],
  ['a lone minus', '[-]', 'JSON_SYNTAX', 'line 1, column 3 (/0)'],
  ['NaN', '{"a":NaN}', 'JSON_SYNTAX', 'line 1, column 6 (/a)'],
  ['Infinity', '{"a":-Infinity}', 'JSON_SYNTAX', 'line 1, column 7 (/a)'],
  ['a word that only starts like one', '[nullx]', 'JSON_SYNTAX', 'line 1, column 6'],
  ['a vertical tab between values', '[1,\v2]', 'JSON_SYNTAX', 'line 1, column 4'],
  ['a no-break space between values', '[1,\u00a02]', 'JSON_SYNTAX', 'line 1, column 4'],
  ['a repeated name', '{"a":1,\n "b":2,\n "a":3}', 'JSON_DUPLICATE_KEY', 'line 3, column 2 (/a)'],
  ['a name repeated in other escapes', '{"a":1,"\\u0061":2}', 'JSON_DUPLICATE_KEY', 'line 1, column 8 (/a)'],
  ['a name repeated with the same value', '{"x":{"a":1,"a":1}}', 'JSON_DUPLICATE_KEY', '(/x/a)'],
  ['a repeated empty name', '[{"":1,"":2}]', 'JSON_DUPLICATE_KEY', '(/0/)'],
  ['a repetition hidden by a later one', '{"o":{"a":1,"a":2},"o":1}', 'JSON_DUPLICATE_KEY', '(/o/a)'],
  ['a repeated name holding a fault', '{"a":{"__proto__":1},"a":2}', 'JSON_FORBIDDEN_KEY', '(/a/__proto__)'],
  ['__proto__', '[{"__proto__":{"admin":true}}]', 'JSON_FORBIDDEN_KEY', 'line 1, column 3 (/0/__proto__)'],
  ['__proto__ escaped', '{"\\u005f_proto\\u005f_":1}', 'JSON_FORBIDDEN_KEY', 'line 1, column 2'],
  ['a lone high surrogate, escaped', '["\\ud83d"]', 'JSON_LONE_SURROGATE', 'line 1, column 2 (/0)'],
  ['a lone low surrogate, escaped', '["x\\uDE00"]', 'JSON_LONE_SURROGATE', 'line 1, column 2 (/0)'],
  ['a pair in the wrong order', '["\\ude00\\ud83d"]', 'JSON_LONE_SURROGATE', '(/0)'],
  ['a lone surrogate, raw', '["\ud83d"]', 'JSON_LONE_SURROGATE', '(/0)'],
  ['a pair of one raw and one escaped half', '["\ud83d\\ude00"]', 'JSON_LONE_SURROGATE', '(/0)'],
  ['a lone surrogate in a key', '{"k\\ud800":1}', 'JSON_LONE_SURROGATE', 'line 1, column 2'],
  ['a number beyond doubles', '[1e400]', 'JSON_NUMBER', 'line 1, column 2 (/0)'],
  ['a negative number beyond doubles', '{"n":-1E309}', 'JSON_NUMBER', '(/n)'],
  ['an integer that loses digits', '[9007199254740993]', 'JSON_NUMBER', '(/0)'],
  ['a negative integer that loses digits', '[-9007199254740993]', 'JSON_NUMBER', '(/0)'],
  ['an integer that prints differently', '[9223372036854775808]', 'JSON_NUMBER', '(/0)'],
  ['an integer of 400 digits', `[${'9'.repeat(400)}]`, 'JSON_NUMBER', '(/0)'],
  ['a byte order mark', '\ufeff{}', 'JSON_NOT_UTF8', 'line 1, column 1'],
];

describe('parseStrictJson refuses', () => {
  for (const [name, text, code, where] of REFUSED) {
    it(`[§3] ${name}: ${code}, with the place`, () => {
      const refusal = refusalOf(() => parseStrictJson(text));
      expect(refusal.code).toBe(code);
      expect(refusal.message).toContain(where);
      expect(refusal.kind).toBe('validation');
      expect(refusal.remedy).toMatch(/\.$/);
      if (text.isWellFormed()) expect(refusalOf(() => parseStrictJson(utf8.encode(text))).code).toBe(code);
    });
  }

  it('the first of several faults', () => {
    expect(refusalOf(() => parseStrictJson('{"a":1,"a":2,"__proto__":3')).code).toBe('JSON_DUPLICATE_KEY');
  });

  it('hostile names without letting them into the log raw', () => {
    const { message } = refusalOf(() => parseStrictJson('{"a\\nb\\u202e\\u001b[31m~/":NaN}'));
    expect(message).toContain('/a\\u{a}b\\u{202e}\\u{1b}[31m~0~1');
    const long = refusalOf(() => parseStrictJson(`{"${'k'.repeat(100_000)}":NaN}`));
    expect(long.message.length).toBeLessThan(500);
  });
});

describe('parseStrictJson reads bytes', () => {
  const bytes = (...items: (string | number)[]) =>
    Uint8Array.from(items.flatMap((item) => (typeof item === 'string' ? [...utf8.encode(item)] : [item])));

  it('as the UTF-8 they are', () => {
    expect(parseStrictJson(utf8.encode('{"ö":"€😀"}'))).toEqual({ ö: '€😀' });
    const shared = new Uint8Array(new SharedArrayBuffer(4));
    shared.set(utf8.encode('[12]'));
    expect(parseStrictJson(shared)).toEqual([12]);
  });

  const invalid: readonly (readonly [string, Uint8Array, string])[] = [
    ['a stray continuation byte', bytes('["a', 0x80, '"]'), 'byte 3'],
    ['an overlong form', bytes('[\n"', 0xc0, 0xaf, '"]'), 'line 2, column 2'],
    ['an encoded surrogate', bytes('["€', 0xed, 0xa0, 0x80, '"]'), 'column 4: byte 5'],
    ['a code point beyond U+10FFFF', bytes('["', 0xf4, 0x90, 0x80, 0x80, '"]'), 'column 3'],
    ['a character cut short', bytes('["', 0xe2, 0x82), 'column 3: byte 2'],
    ['a byte order mark', bytes(0xef, 0xbb, 0xbf, '{}'), 'byte order mark'],
    ['UTF-16', bytes(0xff, 0xfe, '{', 0, '}', 0), 'byte 0'],
  ];
  for (const [name, input, where] of invalid) {
    it(`and refuses ${name}`, () => {
      const refusal = refusalOf(() => parseStrictJson(input));
      expect(refusal.code).toBe('JSON_NOT_UTF8');
      expect(refusal.message).toContain(where);
    });
  }
});

describe('parseStrictJson accepts', () => {
  const texts = [
    'null',
    'true',
    ' false\r\n',
    '0',
    '-0',
    '-1.5e-3',
    '1e-400',
    '9007199254740991',
    '9007199254740992',
    '123456789012345680000',
    '1e21',
    '1E+300',
    '""',
    '"\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00"',
    '"a:b{[,\\\\"',
    '"\u2028\u007f"',
    '[]',
    '\t[ 1 , 2 ]\n',
    '{}',
    '{"a":{"a":{"a":1}},"b":[{"a":1},{"a":2}]}',
    '{"\\ud83d\\ude00":"\\\\ud800"}',
    '[{"":{"":""}}]',
    '{"2":1,"10":2,"1":3}',
  ];
  for (const text of texts) {
    it(`${JSON.stringify(text)} as JSON.parse does`, () => {
      const value = parseStrictJson(text);
      expect(value).toStrictEqual(JSON.parse(text));
      expect(parseStrictJson(utf8.encode(text))).toStrictEqual(value);
    });
  }

  it('constructor and prototype as ordinary own members', () => {
    const value = parseStrictJson('{"constructor":1,"prototype":2,"toString":3,"hasOwnProperty":4}');
    expect(Object.keys(Object(value))).toEqual(['constructor', 'prototype', 'toString', 'hasOwnProperty']);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  });

  it('[§3] names in the words of this text, whatever names earlier texts had', () => {
    // JSON.parse of V8 14.6 answers some of these with the name of the text before; nodejs/node#63785.
    const pairs = [
      ['{"h":[],"\\\\":0}', '{"h":1,"\\"":2}', 'h,"'],
      ['{"h":[],"op\\\\":0}', '{"h":1,"op\\u0065":2}', 'h,ope'],
      ['{"\\\\u0061":0}', '{"\\u0061":2}', 'a'],
    ] as const;
    for (const [earlier, text, names] of pairs) {
      for (let round = 0; round < 3; round++) {
        JSON.parse(earlier);
        parseStrictJson(earlier);
        expect(Object.keys(Object(parseStrictJson(text))).join()).toBe(names);
      }
    }
  });

  it('names that Object.prototype makes unsettable, on both paths', () => {
    Object.defineProperty(Object.prototype, 'frozen', { value: 0, writable: false, configurable: true });
    try {
      expect(parseStrictJson('{"frozen":1}')).toEqual({ frozen: 1 });
      expect(Object.entries(Object(parseStrictJson('{"froze\\u006e":1}')))).toEqual([['frozen', 1]]);
    } finally {
      Reflect.deleteProperty(Object.prototype, 'frozen');
    }
  });
});
