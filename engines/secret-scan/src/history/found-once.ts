import { clip } from '../clip.ts';
import { type FoundSecret, type Origin, shownPath } from '../finding.ts';

/** Where in the history a secret was met. */
export interface Meeting {
  /** Place of its commit in the order of the walk, and of its file among those that came in with it. */
  readonly order: readonly [stop: number, file: number];
  readonly commit: string | undefined;
  /** What leads to it where no commit does. */
  readonly ref: string;
}

interface Known {
  first: Meeting;
  /** Absent for one that the tree has, too. */
  secret: FoundSecret | undefined;
  inTree: boolean;
  versions: number;
}

/** Fingerprints that are counted beyond the bound; more are not told apart. */
const MOST_COUNTED = 1_000_000;
const MAX_REF = 300;

/** The secrets of a history, each once, however many versions of a file it stands in. */
export class FoundOnce {
  readonly #known = new Map<string, Known>();
  readonly #beyond = new Set<string>();
  #described = 0;
  readonly #room: number;

  /** @param room secrets that are described */
  constructor(room: number) {
    this.#room = room;
  }

  /** Secrets beyond the bound. */
  get beyond(): number {
    return this.#beyond.size;
  }

  /** A secret of the tree is in the history as well. */
  addOfTree(fingerprint: string, meeting: Meeting): void {
    this.#add(fingerprint, meeting, undefined, true);
  }

  /** @param inTree whether its value is still in some file of the tree */
  add(secret: FoundSecret, meeting: Meeting, inTree: boolean): void {
    this.#add(secret.fingerprint, meeting, secret, inTree);
  }

  #add(fingerprint: string, meeting: Meeting, secret: FoundSecret | undefined, inTree: boolean): void {
    const known = this.#known.get(fingerprint);
    if (known !== undefined) {
      known.versions += 1;
      if (!isBefore(meeting, known.first)) return;
      known.first = meeting;
      known.secret = secret ?? known.secret;
      return;
    }
    if (secret !== undefined && this.#described++ >= this.#room) {
      if (this.#beyond.size < MOST_COUNTED) this.#beyond.add(fingerprint);
      return;
    }
    this.#known.set(fingerprint, { first: meeting, secret, inTree, versions: 1 });
  }

  /** Where a secret of the tree came in; `undefined` when the history has it not. */
  originOf(fingerprint: string): Origin | undefined {
    const known = this.#known.get(fingerprint);
    return known === undefined ? undefined : originOf(known, 'tree');
  }

  /** Those that are not of the tree, in the order in which they came in. */
  list(ofTree: ReadonlySet<string>): FoundSecret[] {
    return [...this.#known.values()]
      .filter(({ secret }) => secret !== undefined && !ofTree.has(secret.fingerprint))
      .sort((a, b) => (isBefore(a.first, b.first) ? -1 : isBefore(b.first, a.first) ? 1 : inFile(a, b)))
      .flatMap((known) =>
        known.secret === undefined ? [] : [{ ...known.secret, origin: originOf(known, 'history') }],
      );
  }
}

function originOf({ first, inTree, versions }: Known, at: Origin['at']): Origin {
  const { commit, ref } = first;
  return { at, ...(commit === undefined ? { ref: clip(shownPath(ref), MAX_REF) } : { commit }), inTree, versions };
}

function isBefore(a: Meeting, b: Meeting): boolean {
  return a.order[0] < b.order[0] || (a.order[0] === b.order[0] && a.order[1] < b.order[1]);
}

function inFile({ secret: a }: Known, { secret: b }: Known): number {
  return (a?.line ?? 0) - (b?.line ?? 0) || (a?.column ?? 0) - (b?.column ?? 0);
}
