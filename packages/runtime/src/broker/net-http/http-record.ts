import { clipText } from '@mex/envelope';
import { MASK, redact, SHORTEST_KNOWN_VALUE } from '@mex/guard';
import type { HttpTarget } from './http-target.ts';

/** What is written down of one request on the wire, or refused on its way there (CONTRACT §11: no payloads). */
export interface HttpRecord {
  readonly method: string;
  readonly origin: string;
  /** Without the query, which carries data; clipped, and masked where it looks like a secret. */
  readonly path: string;
  /** The capability it needed. */
  readonly capabilityId: string;
  /** How many redirects led here. */
  readonly hop: number;
  /** Of the answer, if there was one. */
  readonly status: number | undefined;
  /** Why there was none: a code of MEX. */
  readonly code: string | undefined;
  /** HTTP as it went over the connection, without TLS. */
  readonly bytesSent: number;
  readonly bytesReceived: number;
  readonly ms: number;
}

const PATH_CHARS = 256;

/** A path for a record. What is percent-encoded is judged by what it says. */
export function recordedPath({ pathname }: HttpTarget): string {
  const plain = decodeBytes(pathname);
  return redact(plain) === plain ? clipText(redact(pathname), PATH_CHARS) : MASK;
}

/** Whether a URL shows one of these values, also in part encoded or in another case. */
export function carriesValue({ href }: HttpTarget, values: Iterable<string>): boolean {
  const texts = [href, decodeBytes(href)].map((text) => text.toLowerCase());
  for (const value of values) {
    const sought = value.toLowerCase();
    if (sought.length >= SHORTEST_KNOWN_VALUE && texts.some((text) => text.includes(sought))) return true;
  }
  return false;
}

function decodeBytes(text: string): string {
  return text.replaceAll(/%([0-9a-f]{2})/gi, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
