/**
 * A text as the words that matter for recognising a license: lower case, no punctuation, no mark-up, no comment leaders,
 * no enumeration, no addresses, no copyright statements. The same function reads the SPDX texts and the scanned files, so
 * both lose the same things.
 */
export interface Words {
  readonly words: readonly string[];
  /** Offset of each word in the text. */
  readonly starts: readonly number[];
  /** Number of the sentence each word belongs to: a full stop, a colon at a line's end, an empty line or a heading ends one. */
  readonly sentences: readonly number[];
}

/** Spellings that the SPDX matching guidelines treat as equal, and what is often written differently. */
const SPELLINGS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    acknowledgement: 'acknowledgment',
    analogue: 'analog',
    analyse: 'analyze',
    artefact: 'artifact',
    authorisation: 'authorization',
    authorised: 'authorized',
    calibre: 'caliber',
    cancelled: 'canceled',
    capitalisations: 'capitalizations',
    catalogue: 'catalog',
    categorise: 'categorize',
    centre: 'center',
    emphasised: 'emphasized',
    favour: 'favor',
    favourite: 'favorite',
    fulfil: 'fulfill',
    fulfilment: 'fulfillment',
    initialise: 'initialize',
    judgement: 'judgment',
    labelling: 'labeling',
    labour: 'labor',
    licence: 'license',
    licences: 'licenses',
    licenced: 'licensed',
    licencing: 'licensing',
    maximise: 'maximize',
    modelled: 'modeled',
    modelling: 'modeling',
    offence: 'offense',
    optimise: 'optimize',
    organisation: 'organization',
    organise: 'organize',
    organisations: 'organizations',
    practise: 'practice',
    programme: 'program',
    realise: 'realize',
    recognise: 'recognize',
    signalling: 'signaling',
    sublicence: 'sublicense',
    utilisation: 'utilization',
    whilst: 'while',
    wilful: 'willful',
    owner: 'holder',
    owners: 'holders',
    merchantibility: 'merchantability',
  }),
);

/** A line that states a copyright and nothing of a license: `Copyright (c) 2020 A`, `© A`, `Portions copyright 1999 by B`. */
const COPYRIGHT_SIGN =
  /^[^\p{L}\p{N}(©<&]{0,40}(?:portions (?:of this \w+ )?(?:are )?)?(?:copyright\s*(?:\(c\)|©|&copy;|[<[{]|:|\d{4}|yyyy|by\b)|\(c\)\s*(?:copyright|\d{4}|[<[{])|©)/iu;
/** `Copyright The Authors`: a name follows, and no word that speaks of copyright itself. */
const COPYRIGHT_NAME =
  /^[^\p{L}\p{N}(©<&]{0,40}Copyright (?!Notice|Holder|Owner|And|Or|Law|License|Statement|Act|Rights?\b|Treat|Status|Grant)(?:the )?["'\p{Lu}]/u;

/** Where a copyright line stops being one: text was wrapped, and a license begins on the same line. */
const LICENSE_BEGINS =
  /\b(?:permission (?:is|to)|redistribution(?:s)? and use|licensed under|released under|this (?:software|program|library|file|package|work|license|code|source|is)\b|everyone is permitted|the software|you may|subject to|distributed under|see (?:the )?(?:file )?(?:license|copying))/i;

const TAG = /^(?:SPDX-[A-Za-z]+(?:-[A-Za-z]+)*:|@license\b|@preserve\b)/;
const HTML = /<(?:html|head|body|p|br|div|h[1-6]|ul|li|span|table|!doctype)\b[^<>]{0,200}>/i;
const ROMAN = /^(?:i{1,3}|iv|vi{0,3}|ix|xi{0,3}|xiv|xv)$/;
const LETTER = /[\p{L}\p{N}]/u;

/** Whether the character (UTF-16 unit) is part of a word. */
function isWordUnit(code: number): boolean {
  if (code < 128) return (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || (code >= 48 && code <= 57);
  return code !== 0xa9 && (LETTER.test(String.fromCharCode(code)) || (code >= 0xd800 && code <= 0xdfff));
}

/**
 * Replaces HTML mark-up by white space of the same length, so that offsets stay true. Text that is no HTML loses only
 * placeholders and addresses in angle brackets.
 */
function withoutMarkup(text: string): string {
  if (!text.includes('<') && !text.includes('&')) return text;
  const isHtml = HTML.test(text);
  const blank = (found: string): string => ' '.repeat(found.length);
  const flat = text.replace(isHtml ? /<[^<>]{0,2000}>/g : /<[\w/!@:.[][^<>\n]{0,200}>/g, (tag) =>
    /^<\/?(?:p|br|div|h\d|li|ul|tr|title|pre)\b/i.test(tag) ? `\n${' '.repeat(tag.length - 1)}` : blank(tag),
  );
  return flat.replace(/&(?:#\d{1,6}|[a-z]{2,8});/gi, (entity) =>
    /copy|169/.test(entity) ? `©${blank(entity.slice(1))}` : blank(entity),
  );
}

class Collector {
  readonly words: string[] = [];
  readonly starts: number[] = [];
  readonly sentences: number[] = [];
  #sentence = 0;
  #isOpen = false;

  endSentence(): void {
    if (this.#isOpen) this.#sentence++;
    this.#isOpen = false;
  }

  add(raw: string, start: number): void {
    const word = SPELLINGS.get(raw) ?? raw;
    const last = this.words.length - 1;
    const before = this.words[last];
    if ((before === 'non' || before === 'sub') && word !== 'and') {
      this.words[last] = before + word;
      return;
    }
    if (word === 'reserved' && before === 'rights' && this.words[last - 1] === 'all') {
      this.#drop(2);
      return;
    }
    this.words.push(word);
    this.starts.push(start);
    this.sentences.push(this.#sentence);
    this.#isOpen = true;
  }

  #drop(count: number): void {
    this.words.length -= count;
    this.starts.length -= count;
    this.sentences.length -= count;
  }
}

/** Splits `text` into {@link Words}; time and space are linear in its length. */
export function splitWords(text: string): Words {
  const flat = withoutMarkup(text);
  const into = new Collector();
  const prefix = repeatedPrefix(flat);
  let from = 0;
  while (from < flat.length) {
    const newline = flat.indexOf('\n', from);
    const end = newline < 0 ? flat.length : newline;
    readLine(flat, prefix !== '' && flat.startsWith(prefix, from) ? from + prefix.length : from, end, into);
    from = end + 1;
  }
  return into;
}

/** What nearly every line begins with, such as `%%Copyright:`: the mark of a comment, even when it holds letters. */
function repeatedPrefix(text: string): string {
  const lines = text
    .slice(0, 8_192)
    .split('\n')
    .filter((line) => line.trim() !== '');
  const prefix = /^\S{2,24}(?=\s|$)/.exec(lines[0] ?? '')?.[0] ?? '';
  if (lines.length < 5 || !/[^\p{L}\p{N}]/u.test(prefix)) return '';
  return lines.filter((line) => line.startsWith(prefix)).length > lines.length * 0.8 ? prefix : '';
}

function readLine(text: string, from: number, end: number, into: Collector): void {
  let at = from;
  while (at < end && !isWordUnit(text.charCodeAt(at)) && text[at] !== '(' && text[at] !== '©') at++;
  if (at >= end) {
    into.endSentence();
    return;
  }
  const head = text.slice(from, Math.min(end, from + 400));
  if (TAG.test(text.slice(at, at + 60)) && text[at] === 'S') return into.endSentence();
  if (COPYRIGHT_SIGN.test(head) || COPYRIGHT_NAME.test(head)) {
    const begins = LICENSE_BEGINS.exec(head);
    into.endSentence();
    if (begins === null) return;
    at = from + begins.index;
  }
  readWords(text, at, end, into);
  // A short line that does not go on with the next word is a heading or the end of a paragraph.
  const tail = text.charAt(end - 1) === '\r' ? end - 2 : end - 1;
  if (text[tail] === ':') into.endSentence();
}

function readWords(text: string, from: number, end: number, into: Collector): void {
  let at = from;
  while (at < end) {
    const code = text.charCodeAt(at);
    if (!isWordUnit(code)) {
      if (code === 0x2e && at + 1 >= end) into.endSentence();
      else if ((code === 0x2e || code === 0x3b) && isSpace(text.charCodeAt(at + 1))) into.endSentence();
      at++;
      continue;
    }
    const start = at;
    at = wordEnd(text, start, end);
    const raw = text.slice(start, at);
    if (text.startsWith('://', at) || (raw === 'www' && text[at] === '.') || text[at] === '@') {
      at = addressEnd(text, at, end);
      continue;
    }
    if (isEnumerator(raw, text, start, at)) continue;
    into.add(raw.toLowerCase().replace(/['\u2019]/g, ''), start);
  }
}

/** An apostrophe or, in a number, a dot belongs to the word when word characters stand on both sides. */
function wordEnd(text: string, start: number, end: number): number {
  let at = start;
  while (at < end) {
    const code = text.charCodeAt(at);
    if (isWordUnit(code)) {
      at++;
      continue;
    }
    const isJoint =
      code === 0x27 ||
      code === 0x2019 ||
      (code === 0x2e && isDigit(text.charCodeAt(at - 1)) && isDigit(text.charCodeAt(at + 1)));
    if (!isJoint || at + 1 >= end || !isWordUnit(text.charCodeAt(at + 1))) return at;
    at++;
  }
  return at;
}

function addressEnd(text: string, from: number, end: number): number {
  let at = from;
  while (at < end && !isSpace(text.charCodeAt(at)) && !')>"]\u201d'.includes(text.charAt(at))) at++;
  return at;
}

/** `(a)`, `b)`, `(iv)`, `3.`, `1.2.`: the marks of a list, which every rendering writes differently. */
function isEnumerator(raw: string, text: string, start: number, end: number): boolean {
  if (raw.length > 6) return false;
  const lower = raw.toLowerCase();
  const isNumber = /^\d{1,2}(?:\.\d{1,2}){0,3}$/.test(raw);
  if (!isNumber && raw.length > 1 && !ROMAN.test(lower)) return false;
  const after = text.charAt(end);
  if (after === ')') return text[start - 1] === '(' || isSpace(text.charCodeAt(start - 1)) || start === 0;
  const before = text.charAt(start - 1);
  return (
    after === '.' &&
    (isNumber || before === '\n' || before === '' || before === ' ') &&
    isEdge(text.charCodeAt(end + 1))
  );
}

function isEdge(code: number): boolean {
  return Number.isNaN(code) || isSpace(code) || code === 0x2a;
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

function isSpace(code: number): boolean {
  return code === 32 || (code >= 9 && code <= 13) || code === 0xa0;
}
