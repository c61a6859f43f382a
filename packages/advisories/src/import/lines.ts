import type { Readable } from 'node:stream';

/** One line without its end, or `'too-long'` for one beyond the bound: it is skipped, not held. */
export interface Line {
  readonly number: number;
  readonly bytes: Uint8Array | 'too-long';
}

const NEWLINE = 0x0a;

/** Splits a stream into lines of at most `maxBytes` bytes each. Empty lines are passed over but counted. */
export async function* readLines(stream: Readable, maxBytes: number): AsyncGenerator<Line> {
  let parts: Uint8Array[] = [];
  let held = 0;
  let number = 1;
  const take = (): Line | undefined => {
    const bytes = held > maxBytes ? 'too-long' : trim(Buffer.concat(parts));
    parts = [];
    held = 0;
    return bytes === 'too-long' || bytes.length > 0 ? { number, bytes } : undefined;
  };
  for await (const chunk of stream) {
    if (!(chunk instanceof Uint8Array)) throw new TypeError('a stream of bytes is needed');
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, from)) {
      held += end - from;
      if (held <= maxBytes) parts.push(chunk.subarray(from, end));
      const line = take();
      if (line !== undefined) yield line;
      number++;
      from = end + 1;
    }
    held += chunk.length - from;
    if (held <= maxBytes) parts.push(chunk.subarray(from));
  }
  const last = take();
  if (last !== undefined) yield last;
}

/** Without white space at both ends and without a byte order mark. */
function trim(bytes: Uint8Array): Uint8Array {
  let start = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  let end = bytes.length;
  while (start < end && isSpace(bytes[start])) start++;
  while (end > start && isSpace(bytes[end - 1])) end--;
  return bytes.subarray(start, end);
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x0d || byte === 0x0a;
}
