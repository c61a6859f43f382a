import { describe, expect, it } from 'vitest';
import { newReading } from '../src/context/assigned-value.ts';
import { HINT_WORDS, KEY_WORDS, PASSWORD_WORDS, SECRET_WORDS } from '../src/context/vocabulary.ts';
import { findSecrets } from '../src/find-secrets.ts';
import { containsSecret, redact } from '../src/redact.ts';
import { TOKEN_RULES } from '../src/rules/catalog.ts';
import { nameDetector } from '../src/scan/name-detector.ts';

const MEGABYTE = 1_000_000;
const fill = (piece: string, length = MEGABYTE) => piece.repeat(Math.ceil(length / piece.length)).slice(0, length);

/** Texts that made naive scanners crawl or overflow. */
const BARREN = ['a', '=', '-----BEGIN ', '"\'`', '{"a":"', '\n', '\u0000'];
/** Texts made of anchors, where every few characters something is looked at. */
const FERTILE = [
  '-----BEGIN PRIVATE KEY-----',
  'PRIVATE KEY ',
  'token=',
  'token="',
  'key:key:',
  'secret-',
  '://',
  '://a:',
  'eyJaaaa.',
  '/ZXlK',
  'kind: secret\n',
];

describe('hostile text', () => {
  it.each(BARREN.map((piece) => [JSON.stringify(piece), piece]))('1 MB of %s is read to its end', (_, piece) => {
    expect(containsSecret(fill(piece))).toBe(false);
  });

  it.each(FERTILE.map((piece) => [JSON.stringify(piece), piece]))('200 kB of %s is read to its end', (_, piece) => {
    const text = fill(piece, 200_000);
    expect(containsSecret(text)).toBe(findSecrets(text).length > 0);
    expect(containsSecret(redact(text))).toBe(false);
  });

  it('a key block without end and a token without end are masked without overflowing', () => {
    const block = `-----BEGIN RSA PRIVATE${' '}KEY-----\n${fill('QUJDRE\n')}`;
    expect(redact(block).length).toBeLessThan(100);
    expect(redact(`${fill('x ', 5000)}${block}`).length).toBeLessThan(5_100);
  });

  it('work on names grows with the text, not with its square: characters read per character', () => {
    for (const words of [PASSWORD_WORDS, SECRET_WORDS, HINT_WORDS, KEY_WORDS]) {
      for (const piece of [`${words[0]}=`, `${words[0]}-`, `${words[0]} `, `${words[0]}="`, `${words[0]}:/`]) {
        const [small, large] = [5_000, 20_000].map((length) => charactersRead(fill(piece, length), words[0] ?? ''));
        expect((large ?? 0) / 20_000, piece).toBeLessThan(((small ?? 0) / 5_000) * 1.5 + 1);
      }
    }
  });

  it('every token rule meets a text made of its own anchors', () => {
    for (const rule of TOKEN_RULES) {
      for (const word of rule.keywords.slice(0, 2)) {
        for (const piece of [word, `/${word}`, `${word}aaaaaaaa-`])
          expect(() => findSecrets(fill(piece, 20_000)), rule.id).not.toThrow();
      }
    }
  });
});

/** Counts every character that a name detector looks at, by handing it a text that tells. */
function charactersRead(text: string, word: string): number {
  let read = 0;
  const counted = Object.create(String.prototype, {
    length: { value: text.length },
    charCodeAt: { value: (at: number) => (read++, text.charCodeAt(at)) },
    charAt: { value: (at: number) => (read++, text.charAt(at)) },
    slice: { value: (from: number, to: number) => ((read += Math.max(0, to - from)), text.slice(from, to)) },
    startsWith: { value: (part: string, at: number) => text.startsWith(part, at) },
  });
  const detector = nameDetector('secret', [word]);
  const context = { inCode: false, reading: newReading() };
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1))
    detector.inspect(counted, at, at + word.length, context);
  return read;
}
