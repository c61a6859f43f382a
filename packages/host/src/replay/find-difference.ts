import { clipText, type JsonValue, parseStrictJson } from '@mex/envelope';
import { redact, stripControl } from '@mex/guard';
import type { DifferencePlace } from './replay.ts';

/** Longest part of a line that is shown, in characters. */
const MAX_SHOWN = 200;
/** Bytes of a line on each side of the place: those that are shown, and those that are looked through for secrets. */
const NARROW = 90;
const WIDE = 4_096;

/** Where two contents part. @param isJson whether both claim to be JSON */
export function findDifference(before: Uint8Array, now: Uint8Array, isJson: boolean): DifferencePlace | undefined {
  const offset = firstDifference(before, now);
  if (offset === undefined) return undefined;
  const pointer = isJson ? pointerOf(before, now) : undefined;
  const place = { offset, ...(pointer === undefined ? {} : { pointer }) };
  if (!isText(before) || !isText(now)) return place;
  return { ...place, line: lineAt(before, offset), before: shown(before, offset), now: shown(now, offset) };
}

function firstDifference(before: Uint8Array, now: Uint8Array): number | undefined {
  const shorter = Math.min(before.length, now.length);
  for (let at = 0; at < shorter; at += 1) if (before[at] !== now[at]) return at;
  return before.length === now.length ? undefined : shorter;
}

const LINE_FEED = 0x0a;

/** As git decides it: no NUL near the beginning. */
function isText(bytes: Uint8Array): boolean {
  return !bytes.subarray(0, 8_192).includes(0);
}

function lineAt(bytes: Uint8Array, offset: number): number {
  let line = 1;
  for (let at = bytes.indexOf(LINE_FEED); at >= 0 && at < offset; at = bytes.indexOf(LINE_FEED, at + 1)) line += 1;
  return line;
}

/**
 * The part of the line around a place. What engines write may hold anything, also a secret that stood in the input: it is
 * looked for in a wide part, so that none is cut in two and missed.
 */
function shown(bytes: Uint8Array, offset: number): string {
  const wide = around(bytes, offset, WIDE);
  const clean = redact(wide);
  return clipText(clean === wide ? around(bytes, offset, NARROW) : clean, MAX_SHOWN);
}

function around(bytes: Uint8Array, offset: number, distance: number): string {
  const start = offset === 0 ? 0 : bytes.lastIndexOf(LINE_FEED, offset - 1) + 1;
  const feed = bytes.indexOf(LINE_FEED, offset);
  const end = feed < 0 ? bytes.length : feed;
  const part = bytes.subarray(Math.max(start, offset - distance), Math.min(end, offset + distance));
  return stripControl(Buffer.from(part).toString('utf8'));
}

const MAX_POINTER = 300;

/** JSON Pointer (RFC 6901) of the first value that differs; `undefined` where one is no JSON, or both mean the same. */
function pointerOf(before: Uint8Array, now: Uint8Array): string | undefined {
  try {
    const pointer = firstOther(parseStrictJson(before, BOUNDS), parseStrictJson(now, BOUNDS), '');
    return pointer === undefined ? undefined : clipText(redact(stripControl(pointer)), MAX_POINTER);
  } catch {
    return undefined;
  }
}

/** Outputs are larger than what comes in at the door. */
const BOUNDS = { maxBytes: 16 * 1024 * 1024, maxKeys: 2_000_000 };

function firstOther(before: JsonValue, now: JsonValue, path: string): string | undefined {
  if (typeof before !== 'object' || typeof now !== 'object' || before === null || now === null)
    return Object.is(before, now) ? undefined : path;
  if (Array.isArray(before) !== Array.isArray(now)) return path;
  const left = new Map<string, JsonValue>(Object.entries(before));
  const right = new Map<string, JsonValue>(Object.entries(now));
  for (const name of new Set([...left.keys(), ...right.keys()])) {
    const here = `${path}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    const one = left.get(name);
    const other = right.get(name);
    if (one === undefined || other === undefined) return here;
    const below = firstOther(one, other, here);
    if (below !== undefined) return below;
  }
  return undefined;
}
