import { HistoryFault } from './history-fault.ts';
import { HEX_ID, ID_BYTES, isObjectType, type ObjectType } from './object-id.ts';

const utf8 = new TextDecoder('utf-8');

/** A commit as far as it leads somewhere, and what its author said. */
export interface Commit {
  readonly tree: string;
  readonly parents: readonly string[];
  readonly message: string;
}

/** More than any merge has. */
const MOST_PARENTS = 10_000;

/** @throws HistoryFault `malformed` */
export function parseCommit(content: Uint8Array): Commit {
  const { head, message } = splitMessage(content);
  const lines = linesOf(head);
  const tree = idAfter('tree ', lines.next().value ?? '');
  const parents: string[] = [];
  for (const line of lines) {
    if (!line.startsWith('parent ')) break;
    if (parents.push(idAfter('parent ', line)) > MOST_PARENTS) throw malformed('a commit has too many parents');
  }
  return { tree, parents, message };
}

/** An annotated tag. */
export interface Tag {
  readonly object: string;
  readonly type: ObjectType;
  readonly message: string;
}

/** @throws HistoryFault `malformed` */
export function parseTag(content: Uint8Array): Tag {
  const { head, message } = splitMessage(content);
  const [first = '', second = ''] = head.split('\n', 2);
  const type = second.slice('type '.length);
  if (!second.startsWith('type ') || !isObjectType(type)) throw malformed('a tag says no type');
  return { object: idAfter('object ', first), type, message };
}

/** One at a time: a header may be megabytes of empty lines. */
function* linesOf(text: string): Generator<string, undefined> {
  for (let at = 0; at < text.length; ) {
    const end = text.indexOf('\n', at);
    yield text.slice(at, end < 0 ? text.length : end);
    at = end < 0 ? text.length : end + 1;
  }
  return undefined;
}

/** Headers end with an empty line. */
function splitMessage(content: Uint8Array): { head: string; message: string } {
  const text = utf8.decode(content);
  const end = text.indexOf('\n\n');
  return end < 0 ? { head: text, message: '' } : { head: text.slice(0, end), message: text.slice(end + 2) };
}

function idAfter(word: string, line: string): string {
  const id = line.slice(word.length);
  if (!line.startsWith(word) || !HEX_ID.test(id)) throw malformed('a commit or tag names no object where it should');
  return id;
}

/** What an entry of a tree is. `module`: a commit of another repository. */
export type EntryKind = 'tree' | 'blob' | 'module';

/** Told for each entry of a tree; the name of its object stands in `content` at `id`. */
export type OnEntry = (kind: EntryKind, name: string, id: number) => void;

const SPACE = 0x20;
const LONGEST_MODE = 7;

/** @throws HistoryFault `malformed`, after the entries that stand before the fault were told */
export function readTree(content: Uint8Array, onEntry: OnEntry): void {
  for (let at = 0; at < content.length; ) {
    const space = content.indexOf(SPACE, at);
    const end = content.indexOf(0, at);
    if (space < 0 || space - at > LONGEST_MODE || end < space || end + ID_BYTES >= content.length)
      throw malformed('a tree is cut off');
    const kind = kindOf(utf8.decode(content.subarray(at, space)));
    onEntry(kind, utf8.decode(content.subarray(space + 1, end)), end + 1);
    at = end + 1 + ID_BYTES;
  }
}

/** Modes are octal numbers; what counts is the type in front of the permissions. */
function kindOf(mode: string): EntryKind {
  const number = /^[0-7]+$/.test(mode) ? Number.parseInt(mode, 8) & 0o170_000 : 0;
  if (number === 0o040_000) return 'tree';
  if (number === 0o160_000) return 'module';
  if (number === 0o100_000 || number === 0o120_000) return 'blob';
  throw malformed('a tree has an entry of an unknown kind');
}

function malformed(what: string): HistoryFault {
  return new HistoryFault('malformed', what);
}
