import { HistoryFault } from './history-fault.ts';
import { HEX_ID, LONG_HEX_ID } from './object-id.ts';

/** A name that leads into the history. */
export interface Ref {
  readonly name: string;
  /** Name of the object, in hexadecimal. */
  readonly id: string;
}

/** Where the history of a repository begins. */
export interface Refs {
  /** `HEAD` first, then by name: what comes first is told as the origin of what is in several. */
  readonly refs: readonly Ref[];
  readonly faults: readonly HistoryFault[];
}

const MOST_REFS = 100_000;
const SYMBOLIC = 'ref: ';
/** What git writes to `HEAD` when the refs are in a table of their own. */
const REFTABLE = 'ref: refs/heads/.invalid';

/**
 * Reads what leads into the history.
 * @param head text of `HEAD`; absent where there is none
 * @param packed text of `packed-refs`
 * @param files texts of the files below `refs`, by name; they count before packed ones
 */
export function readRefs(head: string | undefined, packed: string, files: ReadonlyMap<string, string>): Refs {
  const faults: HistoryFault[] = [];
  const ids = new Map<string, string>();
  const add = (name: string, text: string): void => {
    const value = text.trim();
    // A symbolic ref leads to another ref, which is read anyway.
    if (value.startsWith(SYMBOLIC)) return;
    if (HEX_ID.test(value)) ids.set(name, value);
    else faults.push(notAnId(name, value));
  };
  for (const line of packed.split('\n')) {
    if (line === '' || line.startsWith('#') || line.startsWith('^')) continue;
    const space = line.indexOf(' ');
    add(line.slice(space + 1), space < 0 ? '' : line.slice(0, space));
  }
  for (const [name, text] of files) add(name, text);
  if (head === undefined) faults.push(new HistoryFault('format', 'it has no HEAD, so it is no repository of git'));
  else if (head.trim() === REFTABLE) faults.push(new HistoryFault('format', 'its refs are in a reftable'));
  else add('HEAD', head);
  if (ids.size > MOST_REFS) faults.push(new HistoryFault('bound', `it has ${ids.size} refs, more than ${MOST_REFS}`));
  return { refs: inOrder(ids, head).slice(0, MOST_REFS), faults };
}

function inOrder(ids: ReadonlyMap<string, string>, head = ''): Ref[] {
  const first = head.startsWith(SYMBOLIC) ? head.slice(SYMBOLIC.length).trim() : 'HEAD';
  const rank = (name: string): number => (name === first ? 0 : 1);
  return [...ids]
    .map(([name, id]) => ({ name, id }))
    .sort((a, b) => rank(a.name) - rank(b.name) || (a.name < b.name ? -1 : 1));
}

function notAnId(name: string, value: string): HistoryFault {
  if (LONG_HEX_ID.test(value)) return new HistoryFault('format', 'its objects are named by SHA-256');
  return new HistoryFault('malformed', `the ref ${name} names no object`);
}
