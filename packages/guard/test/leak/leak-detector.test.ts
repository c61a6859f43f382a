import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LeakForm } from '../../src/leak/leak.ts';
import { createLeakDetector } from '../../src/leak/leak-detector.ts';
import { createRedactor } from '../../src/mask/redactor.ts';
import { ALNUM, HEX, randomText } from '../samples.ts';

const MARKED = `gh${'p_'}${randomText(36, ALNUM, 71)}`;
const VALUES: readonly string[] = [
  MARKED,
  randomText(40, ALNUM, 72),
  randomText(32, HEX, 73),
  `p&ss ${'w/rd'}+“ü”?9k`,
  `${randomText(20, ALNUM, 74)}/+${randomText(18, ALNUM, 75)}=`,
  randomText(12, ALNUM, 76),
];

const each = (value: string, glue: string) => Array.from(value).join(glue);
const hexPairs = (value: string, glue: string) => (Buffer.from(value).toString('hex').match(/../g) ?? []).join(glue);
const percent = (value: string) => `%${hexPairs(value, '%')}`;
const points = (value: string, write: (code: number) => string) =>
  Array.from(value, (char) => write(char.codePointAt(0) ?? 0)).join('');
const reverse = (value: string) => Array.from(value).reverse().join('');
const everyOther = (value: string, write: (char: string) => string) =>
  Array.from(value, (char, at) => (at % 2 === 0 ? write(char) : char)).join('');

const FORMS: readonly (readonly [LeakForm, string, (value: string) => string | Buffer])[] = [
  ['plain', 'as it is', (value) => value],
  ['base64', 'base64', (value) => Buffer.from(value).toString('base64')],
  ['base64', 'base64 one byte on', (value) => Buffer.from(`u${value};more`).toString('base64')],
  ['base64', 'base64 two bytes on', (value) => Buffer.from(`u:${value};more`).toString('base64')],
  ['base64', 'base64url', (value) => Buffer.from(`??>${value}`).toString('base64url')],
  [
    'base64',
    'base64 in lines of 16',
    (value) =>
      (
        Buffer.from(value)
          .toString('base64')
          .match(/.{1,16}/g) ?? []
      ).join('\r\n'),
  ],
  ['base64', 'base64 of UTF-16', (value) => Buffer.from(value, 'utf16le').toString('base64')],
  ['base64', 'base64 of the reversed value', (value) => Buffer.from(reverse(value)).toString('base64')],
  [
    'encoded-twice',
    'base64 of base64',
    (value) => Buffer.from(Buffer.from(value).toString('base64')).toString('base64'),
  ],
  ['encoded-twice', 'hex of base64', (value) => Buffer.from(Buffer.from(value).toString('base64')).toString('hex')],
  ['hex', 'hex', (value) => Buffer.from(value).toString('hex')],
  ['hex', 'upper-case hex', (value) => Buffer.from(value).toString('hex').toUpperCase()],
  ['hex', 'hex with colons', (value) => hexPairs(value, ':')],
  ['hex', 'hex dump with lines', (value) => hexPairs(value, ' ').replace(/(.{30})/g, '$1\n')],
  ['hex', 'hex with 0x', (value) => `0x${hexPairs(value, ', 0x')}`],
  ['hex', 'hex in mixed case', (value) => everyOther(Buffer.from(value).toString('hex'), (char) => char.toUpperCase())],
  ['decimal', 'a list of byte values', (value) => JSON.stringify([...Buffer.from(value)])],
  ['escaped', 'backslash x', (value) => `\\x${hexPairs(value, '\\x')}`],
  [
    'escaped',
    'octal escapes',
    (value) => [...Buffer.from(value)].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join(''),
  ],
  ['escaped', 'HTML, decimal', (value) => points(value, (code) => `&#${code};`)],
  [
    'escaped',
    'HTML, hexadecimal, padded',
    (value) => points(value, (code) => `&#x${code.toString(16).padStart(6, '0')};`),
  ],
  [
    'escaped',
    'JSON',
    (value) => value.replace(/[^]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`),
  ],
  ['escaped', 'code points', (value) => points(value, (code) => `\\u{${code.toString(16)}}`)],
  ['escaped', 'every other character', (value) => everyOther(value, (char) => percent(char))],
  [
    'escaped',
    'percent signs escaped again',
    (value) => everyOther(value, (char) => percent(char)).replaceAll('%', '%25'),
  ],
  ['reversed', 'reversed', reverse],
  ['reversed', 'reversed, with spaces', (value) => each(reverse(value), ' ')],
  ['split', 'spaces', (value) => each(value, ' ')],
  ['split', 'a list', (value) => JSON.stringify(Array.from(value))],
  ['split', 'lines', (value) => each(value, '\r\n')],
  ['split', 'invisible characters', (value) => each(value, '\u200b')],
  ['split', 'string pieces', (value) => each(value, `" + "`)],
  ['split', 'in two', (value) => `${value.slice(0, 5)} - ${value.slice(5)}`],
  ['utf-16', 'UTF-16, low byte first', (value) => Buffer.from(`x${value}y`, 'utf16le')],
  ['utf-16', 'UTF-16, high byte first', (value) => Buffer.from(`x${value}y`, 'utf16le').swap16()],
];

const around = (hidden: string | Buffer) =>
  Buffer.concat([Buffer.from('before '), Buffer.from(hidden), Buffer.from(' after')]);

describe('createLeakDetector', () => {
  it.each(FORMS)('[§9] %s: %s', (form, _, hide) => {
    const detector = createLeakDetector(VALUES);
    for (const [at, value] of VALUES.entries()) {
      const content = around(hide(value));
      const leaks = detector.find(content).filter((leak) => leak.value === at);
      expect(
        leaks.map((leak) => leak.form),
        `value ${at}`,
      ).toContain(form);
      for (const leak of leaks) {
        expect(leak.start).toBeGreaterThanOrEqual(7);
        expect(leak.end).toBeLessThanOrEqual(content.length - 6);
      }
      expect(JSON.stringify(leaks).includes(value)).toBe(false);
    }
  });

  it('[§9] a percent-encoded value is a leak, whichever form names it', () => {
    const detector = createLeakDetector(VALUES);
    for (const value of VALUES) {
      for (const hidden of [percent(value), percent(value).toLowerCase(), encodeURIComponent(value)])
        expect(detector.holds(hidden)).toBe(true);
    }
  });

  it('[§9] letters in another case', () => {
    const detector = createLeakDetector([MARKED]);
    expect(detector.find(MARKED.toUpperCase()).map(({ form }) => form)).toEqual(['case-changed']);
  });

  it('[§9] any cut into pieces, any form: a stream finds what the whole holds', () => {
    const detector = createLeakDetector(VALUES);
    fc.assert(
      fc.property(
        fc.nat(VALUES.length - 1),
        fc.nat(FORMS.length - 1),
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 30 }),
        (value, form, cuts) => {
          const content = around(FORMS[form]?.[2](VALUES[value] ?? '') ?? '');
          const stream = detector.stream();
          for (let at = 0, turn = 0; at < content.length; turn++) {
            const size = cuts[turn % cuts.length] ?? 1;
            stream.push(content.subarray(at, at + size));
            at += size;
          }
          expect(stream.finish()).toEqual(detector.find(content));
          expect(stream.finish().length).toBeGreaterThan(0);
        },
      ),
      { seed: 20261121, numRuns: 400 },
    );
  });

  it('finds a value across the blocks in which long content is read, behind escapes or not, and says where', () => {
    const detector = createLeakDetector(VALUES);
    for (const hide of [
      (value: string) => value,
      (value: string) => each(value, '\n'),
      (value: string) => everyOther(value, percent),
    ]) {
      for (let offset = 16_384 - 60; offset < 16_384 + 20; offset += 7) {
        for (const filler of ['.', 'x', '\\n']) {
          const before = filler.repeat(Math.ceil(offset / filler.length)).slice(0, offset - (offset % filler.length));
          const [leak] = detector.find(`${before}${hide(MARKED)}${filler.repeat(20_000)}`);
          expect(leak).toMatchObject({
            value: 0,
            start: before.length,
            end: before.length + hide(MARKED).length,
          });
        }
      }
    }
  });

  it('tells places in a text in UTF-16 code units', () => {
    const [leak] = createLeakDetector([MARKED]).find(`“ü” 😀 ${MARKED} …`);
    expect(leak).toEqual({ value: 0, form: 'plain', start: 7, end: 7 + MARKED.length });
  });

  it('keeps the first place of each value and form, however many there are', () => {
    const leaks = createLeakDetector(VALUES).find(`${MARKED} ${VALUES[1]} ${MARKED}\n`.repeat(500));
    expect(leaks.map(({ value, form, start }) => [value, form, start])).toEqual([
      [0, 'plain', 0],
      [1, 'plain', MARKED.length + 1],
    ]);
  });

  it('of a long value the middle is enough, and its boilerplate is no leak', () => {
    const key = `-----BEGIN PRIVATE${' KEY'}-----\n${randomText(1600, ALNUM, 77).replace(/(.{64})/g, '$1\n')}-----END PRIVATE${' KEY'}-----\n`;
    const detector = createLeakDetector([key]);
    expect(detector.find(`x${key}`)[0]?.form).toBe('plain');
    expect(detector.holds(JSON.stringify(key))).toBe(true);
    expect(detector.holds(Buffer.from(key).toString('base64'))).toBe(true);
    expect(detector.holds(key.slice(200, 1400))).toBe(true);
    expect(detector.holds(key.slice(0, 100))).toBe(false);
  });

  it.each(FORMS)('of a long value a part around the middle is enough, also as %s: %s', (_form, _what, hide) => {
    for (const [seed, size] of [
      [78, 500],
      [79, 4_096],
      [80, 20_001],
    ] as const) {
      const value = randomText(size, ALNUM, seed);
      const detector = createLeakDetector([value]);
      const half = size >> 1;
      expect(detector.holds(around(hide(value)))).toBe(true);
      expect(detector.holds(around(hide(value.slice(half - 160, half + 161))))).toBe(true);
      expect(detector.holds(around(hide(randomText(size, ALNUM, seed + 100))))).toBe(false);
    }
  });

  it('[§9] a key file of 20 KB costs about what a short key costs, and does not stop the host', () => {
    const cost = (size: number): number => {
      const begun = process.cpuUsage();
      for (let turn = 0; turn < 5; turn += 1) createLeakDetector([randomText(size, ALNUM, 90 + turn)]);
      const { user, system } = process.cpuUsage(begun);
      return user + system;
    };
    cost(400);
    expect(cost(20_000) / cost(400)).toBeLessThan(15);
  });

  it('short or wordy values are found as they are; put together from pieces of a sentence they are not', () => {
    const detector = createLeakDetector(['sunset', '!@#$%^&*()', 'hello-there']);
    expect(detector.find('at sunset')).toHaveLength(1);
    expect(detector.find('(!@#$%^&*())')).toHaveLength(1);
    expect(detector.find('sun set, hello there, Sunset')).toEqual([]);
    expect(detector.holds(Buffer.from('x sunset at eight').toString('hex'))).toBe(true);
  });

  it('refuses a value too short to tell from chance, without repeating it', () => {
    const act = () => createLeakDetector([MARKED, 'abc12']);
    expect(act).toThrow(expect.objectContaining({ code: 'GUARD_SECRET_TOO_SHORT' }));
    expect(act).not.toThrow(/abc12/);
  });

  it('a finished stream takes nothing more', () => {
    const stream = createLeakDetector([MARKED]).stream();
    stream.push('nothing');
    expect(stream.finish()).toEqual([]);
    expect(() => stream.push('x')).toThrow(/open another stream/);
  });

  it('without values nothing is found', () => {
    expect(createLeakDetector([]).find('anything %41 &amp; \\n')).toEqual([]);
  });
});

describe('a redactor for known values', () => {
  const redactor = createRedactor({ values: VALUES });
  it.each(FORMS.filter(([form]) => form !== 'utf-16'))('[§9] masks %s: %s', (_, __, hide) => {
    for (const value of VALUES) {
      const masked = redactor.redact(around(hide(value)).toString());
      expect(redactor.holdsKnownValue(masked)).toBe(false);
      expect(masked.startsWith('before ') && masked.endsWith(' after')).toBe(true);
    }
  });

  it('masks what masking brings together', () => {
    const value = randomText(20, ALNUM, 78);
    const inner = `${value.slice(0, 10)}${value}${value.slice(10)}`;
    expect(createRedactor({ values: [value] }).holdsKnownValue(createRedactor({ values: [value] }).redact(inner))).toBe(
      false,
    );
  });
});
