/** A zero byte among so many tells a binary file, as it does for git. */
const LOOKED_AT = 8_000;

const utf8 = new TextDecoder('utf-8');
const utf16le = new TextDecoder('utf-16le');
const utf16be = new TextDecoder('utf-16be');

/**
 * The text of a file: UTF-16 where a mark says so, else UTF-8, bytes that are none of it as U+FFFD, without the mark.
 * `undefined`: a binary file.
 */
export function readText(bytes: Uint8Array): string | undefined {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return utf16le.decode(bytes);
  if (first === 0xfe && second === 0xff) return utf16be.decode(bytes);
  return bytes.subarray(0, LOOKED_AT).includes(0) ? undefined : utf8.decode(bytes);
}

/** Lines without their ends (LF or CR LF). A text that ends with a line end has no empty line after it. */
export function splitLines(text: string): string[] {
  if (text === '') return [];
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return text.includes('\r') ? lines.map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line)) : lines;
}
