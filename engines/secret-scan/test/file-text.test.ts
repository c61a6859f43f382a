import { describe, expect, it } from 'vitest';
import { readText } from '../src/file-text.ts';

const TEXT = 'name = "value that somebody wrote"\n';
const utf16 = (text: string) => new Uint8Array(Buffer.from(text, 'utf16le'));
const swapped = (bytes: Uint8Array) => new Uint8Array(Buffer.from(bytes).swap16());

function utf32(text: string, littleEnd: boolean): Uint8Array {
  const bytes = Buffer.alloc(text.length * 4);
  Array.from(text).forEach((char, at) => {
    if (littleEnd) bytes.writeUInt32LE(char.codePointAt(0) ?? 0, at * 4);
    else bytes.writeUInt32BE(char.codePointAt(0) ?? 0, at * 4);
  });
  return new Uint8Array(bytes);
}

describe('[§14 E] text is read, whatever it is written in', () => {
  it.each<[string, Uint8Array]>([
    ['UTF-16, little end first', utf16(`\ufeff${TEXT}`)],
    ['UTF-16, big end first', swapped(utf16(`\ufeff${TEXT}`))],
    ['UTF-16 without a mark', utf16(TEXT)],
    ['UTF-16 without a mark, big end first', swapped(utf16(TEXT))],
    ['UTF-32', utf32(`\ufeff${TEXT}`, true)],
    ['UTF-32, big end first', utf32(`\ufeff${TEXT}`, false)],
    ['with a zero at its beginning', new Uint8Array(Buffer.from(`\0\n${TEXT}`))],
    ['with a zero at its end', new Uint8Array(Buffer.from(`${TEXT.repeat(20)}\0`))],
    ['with a zero late', new Uint8Array(Buffer.from(`${'a'.repeat(9_000)}\0${TEXT}`))],
    ['with a byte of another encoding', new Uint8Array(Buffer.from(`gr\u00fc\u00dfe\n${TEXT}`, 'latin1'))],
  ])('%s', (_name, bytes) => {
    const read = readText(bytes);
    expect(read.kind === 'text' && read.text).toContain(TEXT);
  });

  it.each<[string, readonly number[]]>([
    ['a few bytes', [1, 2, 0]],
    ['zeroes', Array.from({ length: 4_096 }, () => 0)],
    ['numbers of four bytes', Array.from({ length: 4_096 }, (_, at) => (at % 4 === 0 ? (at >> 2) % 256 : 0))],
    ['numbers of two bytes', Array.from({ length: 4_096 }, (_, at) => (at % 2 === 0 ? (at * 7) % 251 : 0))],
    ['compressed data', Array.from({ length: 4_096 }, (_, at) => (at * at * 31 + at * 17) % 256)],
  ])('is not, where it is none: %s', (_name, bytes) => {
    expect(readText(new Uint8Array(bytes)).kind).toBe('binary');
  });
});
