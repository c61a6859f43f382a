import { MASK } from '../context/placeholder.ts';
import type { Detector } from './detector.ts';

const BEGIN = '-----BEGIN';
const HEADER = /-----BEGIN[ A-Z0-9_-]{0,40}PRIVATE KEY(?: BLOCK)?-----/y;
const FOOTER = /-----END[ A-Z0-9_-]{0,40}PRIVATE KEY(?: BLOCK)?-----/y;
/** How far into a key its first lines are sought, past headers of its own. */
const PROVEN_WITHIN = 2_000;
/** Header, footer and a few lines; what is shorter is a manual speaking of keys. */
const SHORTEST = 90;

/** Lines of a key are of one piece, or stand alone; words that a program or a manual puts after a header do not. */
const KEY_LINE = /[A-Za-z0-9+/]{24}|(?:\n[A-Za-z0-9+/=]{4,100}){3}/;

/** What stands in the lines of a key, also when they are quoted, joined or escaped in source text. */
const BODY = new Uint8Array(128);
const BODY_CHARACTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=-\\"\',:;.()_|#> \t\r\n';
for (let i = 0; i < BODY_CHARACTERS.length; i++) BODY[BODY_CHARACTERS.charCodeAt(i)] = 1;

function bodyEnd(text: string, from: number): number {
  let at = from;
  while (at < text.length && text.charCodeAt(at) < 128 && BODY[text.charCodeAt(at)] === 1) {
    if (text.charCodeAt(at) === 45 && text.startsWith('-----', at)) break;
    at++;
  }
  return at;
}

/**
 * A private key in PEM form, to its footer or, when that is missing, as far as it goes on. Written out rather than matched:
 * a key may be long, and each character is read once, for a body ends where the next header begins.
 */
export const PRIVATE_KEY: Detector = {
  keywords: ['PRIVATE KEY'],
  exact: true,
  inspect(text, anchor) {
    const from = Math.max(0, anchor - 64);
    const before = text.slice(from, anchor).lastIndexOf(BEGIN);
    if (before < 0) return undefined;
    const start = from + before;
    HEADER.lastIndex = start;
    if (!HEADER.test(text)) return undefined;
    const bodyStart = HEADER.lastIndex;
    const body = bodyEnd(text, bodyStart);
    FOOTER.lastIndex = body;
    const end = FOOTER.test(text) ? FOOTER.lastIndex : body;
    if (end - start < SHORTEST || text.slice(start, end).includes(MASK)) return undefined;
    if (!KEY_LINE.test(text.slice(bodyStart, Math.min(body, bodyStart + PROVEN_WITHIN)))) return undefined;
    return { rule: 'private-key', start, end, confidence: 'high' };
  },
};
