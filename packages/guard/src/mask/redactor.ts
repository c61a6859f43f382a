import { MASK } from '../context/placeholder.ts';
import { detectorOf, leakSpans, patternTable } from '../leak/leak-detector.ts';
import { containsSecret, maskSpans, redact } from '../redact.ts';
import { type JsonValue, mapStrings, redactJson } from '../redact-json.ts';
import { formsOfAll, verifyLongEnough } from './known-values.ts';
import { maskSpread } from './mask-spread.ts';

/** Masks what looks like a secret and, besides, the very values it was made for. */
export interface Redactor {
  /** Whether text or bytes hold one of the known values, in any form. Patterns play no part. */
  holdsKnownValue(content: string | Uint8Array): boolean;
  /** Whether {@link Redactor.redact} would change the text. */
  containsSecret(text: string): boolean;
  redact(text: string): string;
  /** Like the function of that name; the same object when nothing was found. */
  redactJson(value: JsonValue): JsonValue;
}

/** Masking can bring together what stood around a masked value, so it is done again until nothing is found. */
const MOST_ROUNDS = 8;

type Place = { start: number; end: number };
/** Finds the places to mask. */
type Finder = (text: string) => readonly Place[];

/** Known forms letter for letter, with the edges that {@link leakSpans} does not see. */
function placesOfForms(text: string, forms: readonly string[]): Place[] {
  const places: Place[] = [];
  for (const form of forms) {
    for (let at = text.indexOf(form); at >= 0; at = text.indexOf(form, at + form.length))
      places.push({ start: at, end: at + form.length });
  }
  return places;
}

/** Whether a place lies in a mask that is already there. */
function isMasked(text: string, { start, end }: Place): boolean {
  const mask = text.lastIndexOf(MASK, start);
  return mask >= 0 && mask + MASK.length >= end;
}

function joined(places: Place[]): readonly Place[] {
  places.sort((a, b) => a.start - b.start);
  const merged: Place[] = [];
  for (const place of places) {
    const last = merged.at(-1);
    if (last !== undefined && place.start < last.end) last.end = Math.max(last.end, place.end);
    else merged.push({ ...place });
  }
  return merged;
}

function maskKnown(text: string, find: Finder): string {
  let out = text;
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const places = find(out);
    if (places.length === 0) return out;
    out = maskSpans(out, places);
  }
  return out;
}

/**
 * A redactor that also knows the secrets handed to an engine (CONTRACT §9): it masks each in every form that
 * the leak detector finds.
 *
 * @param options.values the secrets, each at least 6 characters
 * @throws MexError `GUARD_SECRET_TOO_SHORT`
 */
export function createRedactor(options: { readonly values: readonly string[] }): Redactor {
  for (const [at, value] of options.values.entries()) verifyLongEnough(value, at);
  // A value that the mask itself shows cannot be masked.
  const values = options.values.filter((value) => !MASK.includes(value));
  const forms = formsOfAll(values).filter((form) => !MASK.includes(form));
  const table = patternTable(values);
  const detector = detectorOf(table);
  const spans = leakSpans(table);
  const find: Finder = (text) => {
    const places = [...placesOfForms(text, forms), ...spans(text)];
    return places.length === 0 ? places : joined(places.filter((place) => !isMasked(text, place)));
  };
  const mask = (text: string): string => maskKnown(text, find);
  return {
    holdsKnownValue: (content) => detector.holds(content),
    containsSecret: (text) => find(text).length > 0 || containsSecret(text),
    redact: (text) => redact(mask(text)),
    redactJson: (value) => {
      const masked = mapStrings(value, { value: mask, name: mask });
      return redactJson(maskSpread(masked, (text) => detector.holds(text)));
    },
  };
}
