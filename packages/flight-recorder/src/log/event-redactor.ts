import { containsSecret, type JsonValue, redact, redactJson } from '@mex/guard';

/** What keeps secrets out of the log; `createRedactor` of `@mex/guard` makes one that knows particular values. */
export interface EventRedactor {
  readonly containsSecret: (text: string) => boolean;
  readonly redact: (text: string) => string;
  readonly redactJson: (value: JsonValue) => JsonValue;
}

/** The patterns of `@mex/guard`. */
export const DEFAULT_REDACTOR: EventRedactor = { containsSecret, redact, redactJson };

const TIME = /^\d{4}-\d\d-\d\dT[\d:.]{8,18}Z$/;
const MAX_KEPT = 4_096;
const MAX_KEPT_CHARS = 128;

/**
 * Remembers which short texts under which member name were found clean, because a log repeats its actors, engines and
 * tools without end and scanning is the dearest part of recording. Bounded; forgets everything when full.
 */
class CleanTexts {
  readonly #byName = new Map<string, Set<string>>();
  #count = 0;

  has(name: string, text: string): boolean {
    return this.#byName.get(name)?.has(text) === true;
  }

  add(name: string, text: string): void {
    if (text.length > MAX_KEPT_CHARS) return;
    if (this.#count >= MAX_KEPT) {
      this.#byName.clear();
      this.#count = 0;
    }
    const texts = this.#byName.get(name) ?? new Set<string>();
    if (texts.size === 0) this.#byName.set(name, texts);
    texts.add(text);
    this.#count += 1;
  }
}

const DASH = 0x2d;

/** Whether a text has only lower-case hex digits, and with `dashes` dashes where a UUID has them. */
function isHex(text: string, dashes: boolean): boolean {
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (dashes && (at === 8 || at === 13 || at === 18 || at === 23)) {
      if (code !== DASH) return false;
    } else if (!((code >= 0x30 && code <= 0x39) || (code >= 0x61 && code <= 0x66))) {
      return false;
    }
  }
  return true;
}

/** Hashes, UUIDs and times have one fixed form that holds no secret. */
function hasFixedForm(text: string): boolean {
  const { length } = text;
  if (length === 36) return isHex(text, true);
  if (length === 64) return isHex(text, false);
  return length >= 20 && length <= 30 && TIME.test(text);
}

/** Decides quickly, for most events without scanning, that an event holds no secret. */
export class EventScreen {
  readonly #redactor: EventRedactor;
  readonly #clean = new CleanTexts();

  constructor(redactor: EventRedactor) {
    this.#redactor = redactor;
  }

  /** The value with secrets masked; the same value when there are none. `text` is its canonical JSON. */
  redact(value: unknown, text: string): unknown {
    if (this.#isKnownClean('', value)) return value;
    // An escape could hide a secret from a look at the text, so such values are looked at string by string.
    if (text.includes('\\') || this.#redactor.containsSecret(text)) {
      const plain: JsonValue = JSON.parse(text);
      const masked = this.#redactor.redactJson(plain);
      if (masked !== plain) return masked;
    }
    this.#remember('', value);
    return value;
  }

  #isKnownClean(name: string, value: unknown): boolean {
    if (typeof value === 'string') return hasFixedForm(value) || this.#clean.has(name, value);
    if (typeof value !== 'object' || value === null) return true;
    if (Array.isArray(value)) return value.every((item) => this.#isKnownClean(name, item));
    // No Object.keys: this runs for every event. Its shape was checked, so it has no inherited members.
    const members: Readonly<Record<string, unknown>> = { ...value };
    for (const key in members) if (!this.#isKnownClean(key, members[key])) return false;
    return true;
  }

  #remember(name: string, value: unknown): void {
    if (typeof value === 'string') {
      if (!hasFixedForm(value)) this.#clean.add(name, value);
    } else if (Array.isArray(value)) {
      for (const item of value) this.#remember(name, item);
    } else if (typeof value === 'object' && value !== null) {
      for (const key of Object.keys(value)) this.#remember(key, Reflect.get(value, key));
    }
  }
}
