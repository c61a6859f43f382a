import { MASK } from '../context/placeholder.ts';
import { containsSecret, maskSpans, redact } from '../redact.ts';
import { type JsonValue, mapStrings, redactJson } from '../redact-json.ts';
import { utf8Bytes } from './encodings.ts';
import { formsOfAll } from './known-values.ts';

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

/** Bytes looked at in one go; windows overlap by the longest form. */
const WINDOW = 65_536;

/** One character per byte, so that forms can be sought in any content. */
function latin1(bytes: Uint8Array): string {
  let out = '';
  for (let at = 0; at < bytes.length; at += 4096) out += String.fromCharCode(...bytes.subarray(at, at + 4096));
  return out;
}

function holdsInBytes(bytes: Uint8Array, forms: readonly string[]): boolean {
  const overlap = Math.max(0, ...forms.map((form) => form.length));
  for (let at = 0; at < bytes.length; at += WINDOW) {
    const part = latin1(bytes.subarray(at, at + WINDOW + overlap));
    if (forms.some((form) => part.includes(form))) return true;
  }
  return false;
}

function maskForms(text: string, forms: readonly string[]): string {
  const spans: { start: number; end: number }[] = [];
  for (const form of forms) {
    for (let at = text.indexOf(form); at >= 0; at = text.indexOf(form, at + form.length))
      spans.push({ start: at, end: at + form.length });
  }
  if (spans.length === 0) return text;
  spans.sort((a, b) => a.start - b.start);
  const merged: { start: number; end: number }[] = [];
  for (const span of spans) {
    const last = merged.at(-1);
    if (last !== undefined && span.start < last.end) last.end = Math.max(last.end, span.end);
    else merged.push({ ...span });
  }
  return maskSpans(text, merged);
}

/**
 * A redactor that also knows the secrets handed to an engine (CONTRACT §9): it finds each as it is, in base64 and base64url
 * at any offset, in hex, URL-encoded, JSON-escaped and reversed.
 *
 * @param options.values the secrets, each at least 6 characters
 * @throws MexError `GUARD_SECRET_TOO_SHORT`
 */
export function createRedactor(options: { readonly values: readonly string[] }): Redactor {
  const forms = formsOfAll(options.values).filter((form) => !MASK.includes(form));
  const byteForms = [...new Set(forms.map((form) => String.fromCharCode(...utf8Bytes(form))))];
  const holds = (text: string): boolean => forms.some((form) => text.includes(form));
  const mask = (text: string): string => redact(maskForms(text, forms));
  return {
    holdsKnownValue: (content) => (typeof content === 'string' ? holds(content) : holdsInBytes(content, byteForms)),
    containsSecret: (text) => holds(text) || containsSecret(text),
    redact: mask,
    redactJson: (value) =>
      redactJson(
        mapStrings(value, { value: (text) => maskForms(text, forms), name: (name) => maskForms(name, forms) }),
      ),
  };
}
