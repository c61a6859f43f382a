import type { GapList } from './gaps.ts';
import { HistoryFault } from './history-fault.ts';
import type { ObjectDatabase } from './object-database.ts';
import { parseCommit, parseTag } from './parse-objects.ts';
import type { Ref } from './refs.ts';

/** What leads to files: a commit, or a ref that names a tree or a file without one. */
export interface Stop {
  /** Name of the commit in hexadecimal. */
  readonly commit: string | undefined;
  /** What is below it: a tree, or one file. */
  readonly object: number;
  readonly kind: 'tree' | 'blob';
  /** For want of a path: name of the ref. */
  readonly ref: string;
}

/** Words of an author, which are part of the history as files are. */
export interface Message {
  readonly kind: 'commit' | 'tag';
  readonly object: string;
  /** The ref that led to it. */
  readonly ref: string;
  readonly text: string;
}

export interface CommitWalk {
  readonly database: ObjectDatabase;
  readonly refs: readonly Ref[];
  /** Commits whose parents a shallow clone has not. */
  readonly shallow: ReadonlySet<string>;
  readonly maxCommits: number;
  readonly gaps: GapList;
  readonly onMessage: (message: Message) => void;
}

/** The commits in an order in which parents come first, and how many there are. */
export interface Walked {
  readonly stops: readonly Stop[];
  readonly commits: number;
}

/** A commit whose parents are not done yet. */
interface Open {
  readonly commit: string;
  readonly tree: string;
  readonly parents: readonly string[];
  next: number;
}

/** Of a commit or a tag: people write less. */
const MAX_SPOKEN_BYTES = 16 * 1024 * 1024;
/** Tags of tags of tags: nobody goes further. */
const MOST_TAGS = 100;

/** Follows every ref to the commits behind it, each once. @throws HistoryBound */
export function walkCommits(walk: CommitWalk): Walked {
  return new CommitWalker(walk).run();
}

class CommitWalker {
  readonly #walk: CommitWalk;
  readonly #seen: Uint8Array;
  readonly #stops: Stop[] = [];
  #commits = 0;
  #beyond = false;
  #ref = '';

  constructor(walk: CommitWalk) {
    this.#walk = walk;
    this.#seen = new Uint8Array(walk.database.count);
  }

  run(): Walked {
    for (const { name, id } of this.#walk.refs) {
      this.#ref = name;
      this.#follow(id);
    }
    if (this.#beyond)
      this.#walk.gaps.add(new HistoryFault('bound', `it has more than ${this.#walk.maxCommits} commits`));
    return { stops: this.#stops, commits: this.#commits };
  }

  #follow(first: string): void {
    let id = first;
    for (let step = 0; step < MOST_TAGS; step++) {
      const number = this.#meet(id);
      if (number === undefined) return;
      const object = this.#read(number, id);
      if (object === undefined) return;
      if (object.type === 'commit') return this.#walkFrom(id, object.content);
      if (object.type !== 'tag') {
        this.#stops.push({ commit: undefined, object: number, kind: object.type, ref: this.#ref });
        return;
      }
      const tag = this.#walk.gaps.keep(() => parseTag(object.content), { object: id });
      if (tag === undefined) return;
      this.#walk.onMessage({ kind: 'tag', object: id, ref: this.#ref, text: tag.message });
      id = tag.object;
    }
    this.#walk.gaps.add(new HistoryFault('malformed', 'tags name tags without an end'), { object: first });
  }

  /** Depth first without recursion: a history is as deep as it is old. */
  #walkFrom(id: string, content: Uint8Array): void {
    const stack = this.#open(id, content);
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const parent = top.parents[top.next++];
      if (parent === undefined) {
        stack.pop();
        this.#close(top);
        continue;
      }
      const number = this.#meet(parent);
      const object = number === undefined ? undefined : this.#read(number, parent);
      if (object === undefined) continue;
      if (object.type === 'commit') stack.push(...this.#open(parent, object.content));
      else this.#walk.gaps.add(new HistoryFault('malformed', 'a parent is no commit'), { object: parent });
    }
  }

  #open(id: string, content: Uint8Array): Open[] {
    if (this.#commits >= this.#walk.maxCommits) {
      this.#beyond = true;
      return [];
    }
    const commit = this.#walk.gaps.keep(() => parseCommit(content), { object: id });
    if (commit === undefined) return [];
    this.#commits += 1;
    this.#walk.onMessage({ kind: 'commit', object: id, ref: this.#ref, text: commit.message });
    const cut = this.#walk.shallow.has(id) && commit.parents.length > 0;
    if (cut) this.#walk.gaps.add(new HistoryFault('shallow', 'its parents are not in this clone'), { object: id });
    return [{ commit: id, tree: commit.tree, parents: cut ? [] : commit.parents, next: 0 }];
  }

  #close({ commit, tree }: Open): void {
    const number = this.#walk.database.findHex(tree);
    if (number < 0) this.#missing(tree);
    else this.#stops.push({ commit, object: number, kind: 'tree', ref: this.#ref });
  }

  /** Number of an object that was not met before. */
  #meet(id: string): number | undefined {
    const number = this.#walk.database.findHex(id);
    if (number < 0) this.#missing(id);
    if (number < 0 || this.#seen[number] === 1) return undefined;
    this.#seen[number] = 1;
    return number;
  }

  #read(number: number, id: string) {
    return this.#walk.gaps.keep(() => this.#walk.database.read(number, MAX_SPOKEN_BYTES), { object: id });
  }

  #missing(object: string): void {
    this.#walk.gaps.add(new HistoryFault('missing', 'it is not in the repository'), { object });
  }
}
