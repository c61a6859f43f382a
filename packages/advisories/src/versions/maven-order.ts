import { compareDigits, compareText, createVersionOrder } from './version-order.ts';

/** A Maven version is a tree: dots separate items of one list, a dash or a change between letter and digit opens a deeper list. */
type Item =
  | { readonly kind: 'number'; readonly digits: string }
  | { readonly kind: 'word'; readonly word: string }
  | { readonly kind: 'list'; readonly items: Item[] };

/** In order; `''` is the release itself. Every other word comes after all of them. */
const QUALIFIERS = ['alpha', 'beta', 'milestone', 'rc', 'snapshot', '', 'sp'];
const SAME: Readonly<Record<string, string>> = { ga: '', final: '', release: '', cr: 'rc' };
const BEFORE_DIGIT: Readonly<Record<string, string>> = { a: 'alpha', b: 'beta', m: 'milestone' };

function parseMaven(text: string): Item[] | undefined {
  const version = text.trim().toLowerCase();
  if (!/^[0-9a-z]/.test(version) || /[\s\p{Cc}[\](),]/u.test(version)) return undefined;
  return new MavenReader(version).read();
}

class MavenReader {
  private readonly version: string;
  private readonly root: Item[] = [];
  private readonly lists: Item[][] = [this.root];
  private current: Item[] = this.root;
  private start = 0;
  private inNumber = false;

  constructor(version: string) {
    this.version = version;
  }

  read(): Item[] {
    for (let at = 0; at < this.version.length; at++) this.step(at);
    if (this.start < this.version.length) {
      if (!this.inNumber) this.deepen();
      this.current.push(this.item(this.version.length, false));
    }
    // Innermost first: what is empty after clean-up vanishes from the list above.
    for (const list of this.lists.toReversed()) removeNulls(list);
    return this.root;
  }

  private step(at: number): void {
    const char = this.version[at] ?? '';
    if (char === '.' || char === '-' || char === '_') {
      this.current.push(at === this.start ? { kind: 'number', digits: '0' } : this.item(at, false));
      this.start = at + 1;
      if (char !== '.') this.deepen();
    } else if (char >= '0' && char <= '9') {
      if (!this.inNumber && at > this.start) {
        this.deepen();
        this.current.push(this.item(at, true));
        this.start = at;
        this.deepen();
      }
      this.inNumber = true;
    } else {
      if (this.inNumber && at > this.start) {
        this.current.push(this.item(at, false));
        this.start = at;
        this.deepen();
      }
      this.inNumber = false;
    }
  }

  private deepen(): void {
    if (this.current.length === 0) return;
    const items: Item[] = [];
    this.current.push({ kind: 'list', items });
    this.current = items;
    this.lists.push(items);
  }

  private item(end: number, followedByDigit: boolean): Item {
    const text = this.version.slice(this.start, end);
    if (this.inNumber) return { kind: 'number', digits: text };
    const word = followedByDigit ? (BEFORE_DIGIT[text] ?? text) : text;
    return { kind: 'word', word: SAME[word] ?? word };
  }
}

/** `1.0.0` is `1`, and `1.0-rc` is `1-rc`: what says nothing is dropped at the end of a list and before a dash or a word. */
function removeNulls(list: Item[]): void {
  for (let index = list.length - 1; index >= 0; index--) {
    const item = list[index];
    if (item === undefined || !isNull(item)) continue;
    const next = list[index + 1];
    if (next?.kind !== 'number') list.splice(index, 1);
  }
}

function isNull(item: Item): boolean {
  if (item.kind === 'number') return /^0+$/.test(item.digits);
  return item.kind === 'word' ? item.word === '' : item.items.length === 0;
}

function compareItems(a: Item | undefined, b: Item | undefined): number {
  if (a === undefined) return b === undefined ? 0 : -compareToNothing(b);
  if (b === undefined) return compareToNothing(a);
  if (a.kind === 'number' && b.kind === 'number') return compareDigits(a.digits, b.digits);
  if (a.kind === 'word' && b.kind === 'word') return compareWords(a.word, b.word);
  if (a.kind === 'list' && b.kind === 'list') return compareLists(a.items, b.items);
  // 1-word < 1-1 < 1.1
  return KIND_RANK[a.kind] - KIND_RANK[b.kind];
}

const KIND_RANK = { word: 0, list: 1, number: 2 };

function compareToNothing(item: Item): number {
  if (item.kind === 'number') return isNull(item) ? 0 : 1;
  if (item.kind === 'word') return compareWords(item.word, '');
  for (const one of item.items) {
    const order = compareToNothing(one);
    if (order !== 0) return order;
  }
  return 0;
}

function compareWords(a: string, b: string): number {
  const left = QUALIFIERS.indexOf(a);
  const right = QUALIFIERS.indexOf(b);
  if (left === -1 && right === -1) return compareText(a, b);
  return (left === -1 ? QUALIFIERS.length : left) - (right === -1 ? QUALIFIERS.length : right);
}

function compareLists(a: readonly Item[], b: readonly Item[]): number {
  const length = Math.max(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const order = compareItems(a[index], b[index]);
    if (order !== 0) return order;
  }
  return 0;
}

/** Maven: the order of its ComparableVersion. `snapshot` and other known qualifiers come before the release. */
export const mavenOrder = createVersionOrder(parseMaven, compareLists);
