import { createReadStream } from 'node:fs';
import { lstat, open, readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pipeline, type Readable, Transform } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { quoteText } from '@mex/envelope';
import { advisoriesError } from '../errors.ts';
import { MAX_RECORD_BYTES, type ReadRecord, readDocument } from './document.ts';
import { type Line, readLines } from './lines.ts';
import { readZip } from './zip.ts';

/** Bytes that one compressed file may become. */
const MAX_INFLATED_BYTES = 32 * 1024 * 1024 * 1024;
const MAX_DEPTH = 16;
const RECORD_FILE = /\.(?:json|jsonl|ndjson)(?:\.gz)?$|\.zip$/i;

/**
 * Everything that `path` holds: a directory (searched to a depth of 16; links are not followed), a zip archive, or JSON
 * and NDJSON files, compressed with gzip or not. What kind a file is, its first bytes say.
 * @throws MexError `ADVISORIES_SOURCE_UNREADABLE` or `ADVISORIES_SOURCE_UNKNOWN`
 */
export async function* readSource(path: string): AsyncGenerator<ReadRecord> {
  const info = await lstat(path).catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
  if (info.isFile()) yield* readFile(path, basename(path));
  else if (info.isDirectory()) yield* readDirectory(path, '', 0);
  else throw unknown(path, 'it is neither a file nor a directory');
}

async function* readDirectory(path: string, below: string, depth: number): AsyncGenerator<ReadRecord> {
  const entries = await readdir(path, { withFileTypes: true }).catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const name = below === '' ? entry.name : `${below}/${entry.name}`;
    if (entry.isDirectory() && depth >= MAX_DEPTH) yield { kind: 'rejected', source: name, reason: 'nested too deep' };
    else if (entry.isDirectory()) yield* readDirectory(join(path, entry.name), name, depth + 1);
    else if (entry.isSymbolicLink()) yield { kind: 'rejected', source: name, reason: 'a link; links are not followed' };
    else if (entry.isFile() && RECORD_FILE.test(entry.name)) yield* readFile(join(path, entry.name), name);
  }
}

async function* readFile(path: string, name: string): AsyncGenerator<ReadRecord> {
  const start = await firstBytes(path);
  if (start[0] === 0x50 && start[1] === 0x4b) return yield* readArchive(path, name);
  const file = createReadStream(path);
  const isGzip = start[0] === 0x1f && start[1] === 0x8b;
  const stream = isGzip ? pipeline(file, createGunzip(), limit(), ignoreEnd) : file;
  try {
    yield* readText(stream, name);
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && String(cause.code).startsWith('ADVISORIES_')) throw cause;
    throw unreadable(path, cause);
  } finally {
    file.destroy();
  }
}

/** `pipeline` hands every failure to the last stream, where the reader meets it. */
function ignoreEnd(): void {}

async function firstBytes(path: string): Promise<Uint8Array> {
  try {
    await using file = await open(path, 'r');
    const { buffer, bytesRead } = await file.read(new Uint8Array(4), 0, 4, 0);
    return buffer.subarray(0, bytesRead);
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

async function* readArchive(path: string, name: string): AsyncGenerator<ReadRecord> {
  for await (const { name: entry, bytes } of readZip(path, name)) {
    const source = `${name}/${entry}`;
    if (bytes === 'too-large') yield { kind: 'rejected', source, reason: `more than ${MAX_RECORD_BYTES} bytes` };
    else if (bytes === 'unreadable') yield { kind: 'rejected', source, reason: 'damaged in the archive' };
    else yield* readDocument(source, bytes);
  }
}

/** NDJSON when the first line is a document of its own, else one document over all lines. */
async function* readText(stream: Readable, name: string): AsyncGenerator<ReadRecord> {
  const lines = readLines(stream, MAX_RECORD_BYTES);
  const first = await lines.next();
  if (first.done === true) {
    yield { kind: 'rejected', source: name, reason: 'empty' };
    return;
  }
  if (isWhole(first.value)) {
    yield* readLine(name, first.value);
    for await (const line of lines) yield* readLine(name, line);
    return;
  }
  const parts = [first.value];
  let size = 0;
  for await (const line of lines) {
    size += line.bytes.length;
    if (size > MAX_RECORD_BYTES) break;
    parts.push(line);
  }
  if (size > MAX_RECORD_BYTES) yield { kind: 'rejected', source: name, reason: `more than ${MAX_RECORD_BYTES} bytes` };
  else yield* readDocument(name, joinLines(parts));
}

/** A record that is written over several lines begins with a line that is no JSON of its own. */
function isWhole({ bytes }: Line): boolean {
  if (bytes === 'too-long') return true;
  const last = bytes[bytes.length - 1];
  return bytes.length > 1 && (last === 0x7d || last === 0x5d);
}

function* readLine(name: string, { number, bytes }: Line): Generator<ReadRecord> {
  const source = `${name}:${number}`;
  if (bytes === 'too-long') yield { kind: 'rejected', source, reason: `more than ${MAX_RECORD_BYTES} bytes` };
  else yield* readDocument(source, bytes);
}

function joinLines(lines: readonly Line[]): Uint8Array {
  return Buffer.concat(lines.flatMap(({ bytes }) => (bytes === 'too-long' ? [] : [bytes, Buffer.from('\n')])));
}

/** Ends a stream that goes on for ever: a few bytes of gzip can stand for any number. */
function limit(): Transform {
  let seen = 0;
  return new Transform({
    transform(chunk: Uint8Array, _encoding, done) {
      seen += chunk.length;
      if (seen > MAX_INFLATED_BYTES) done(new RangeError('the file inflates beyond all bounds'));
      else done(null, chunk);
    },
  });
}

function unreadable(path: string, cause: unknown) {
  return advisoriesError({
    code: 'ADVISORIES_SOURCE_UNREADABLE',
    kind: 'validation',
    message: `${quoteText(path, 200)} cannot be read to its end.`,
    remedy: 'Check that it exists, that you may read it, and that it was copied completely.',
    cause,
  });
}

function unknown(path: string, what: string) {
  return advisoriesError({
    code: 'ADVISORIES_SOURCE_UNKNOWN',
    kind: 'validation',
    message: `${quoteText(path, 200)} is no source of advisories: ${what}.`,
    remedy: 'Name a directory of OSV records, a zip archive, or a JSON or NDJSON file (also with .gz).',
  });
}
