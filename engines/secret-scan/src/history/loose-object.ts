import { HistoryFault } from './history-fault.ts';
import { type GitObject, isObjectType, type ObjectType } from './object-id.ts';
import { LARGEST_OBJECT_BYTES, type ReadingTools } from './pack.ts';

/** A header is `type`, a space, the size and a zero byte. */
const HEADER_BYTES = 32;
const HEADER = /^([a-z]+) (\d{1,15})$/;

const ascii = new TextDecoder('utf-8');

interface LooseHead {
  readonly type: ObjectType;
  readonly size: number;
  /** The first bytes of the content. */
  readonly known: Uint8Array;
}

/**
 * Reads an object that is a file of its own.
 * @throws HistoryFault `malformed`, `too-large`; HistoryBound
 */
export function readLoose(file: Uint8Array, limit: number, { inflater, meter }: ReadingTools): GitObject {
  const { type, size, known } = readHead(inflater.head(file, 0, file.length, HEADER_BYTES));
  if (size > Math.min(limit, LARGEST_OBJECT_BYTES)) throw new HistoryFault('too-large', `it has ${size} bytes`);
  meter.spend(size);
  return { type, content: inflater.rest(known, size) };
}

/** The first bytes of an object that is too large to be unpacked whole. */
export function looseHead(file: Uint8Array, most: number, { inflater }: ReadingTools): Uint8Array {
  return readHead(inflater.head(file, 0, file.length, HEADER_BYTES + most)).known;
}

function readHead(bytes: Uint8Array): LooseHead {
  const end = bytes.indexOf(0);
  const [, type = '', size = ''] = HEADER.exec(ascii.decode(bytes.subarray(0, end < 0 ? 0 : end))) ?? [];
  if (!isObjectType(type)) throw new HistoryFault('malformed', 'a file of an object does not begin like one');
  return { type, size: Number(size), known: bytes.subarray(end + 1) };
}
