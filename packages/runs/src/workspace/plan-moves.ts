import { CHANGE_SET_BOUNDS, type ChangeSet, type DirectoryChange, type FileChange } from '../change-set/change-set.ts';
import { ChangeRefusal, namePaths } from '../errors.ts';
import type { Move, PathState } from './path-state.ts';
import type { Observed, Tree } from './tree.ts';
import { ancestorsOf, verifyCase } from './tree-path.ts';

const NEW_FILE_MODE = 0o644;
const NEW_DIRECTORY_MODE = 0o755;

/** Everything a change set does to a workspace, path by path, as the workspace is now. */
export interface PlannedMoves {
  /** In the order of paths; what changes nothing is left out. */
  readonly moves: readonly Move[];
  /** Content of the files that are there now. */
  readonly before: ReadonlyMap<string, Uint8Array>;
}

/**
 * Compares a change set with the workspace.
 * @throws MexError `CHANGE_CONFLICT` naming every path that is not as the change set says, `POLICY_PATH_ESCAPE`,
 * `CHANGE_SET_CASE_CLASH`, `CHANGE_SET_INVALID`, `CHANGE_SET_TOO_LARGE`
 */
export function planMoves(tree: Tree, set: ChangeSet): PlannedMoves {
  const planner = new Planner(tree);
  for (const entry of set.entries.toSorted((a, b) => compare(a.path, b.path))) {
    if ('directory' in entry) planner.addDirectory(entry);
    else planner.addFile(entry);
  }
  planner.addWays();
  planner.clearRemoved();
  return planner.finish();
}

class Planner {
  readonly #tree: Tree;
  readonly #moves = new Map<string, Move>();
  readonly #before = new Map<string, Uint8Array>();
  readonly #conflicts = new Set<string>();
  #bytes = 0;

  constructor(tree: Tree) {
    this.#tree = tree;
  }

  addFile({ path, before_sha256, after, mode }: FileChange): void {
    if (before_sha256 === null && after === null) throw invalid(path, 'it has neither a before nor an after');
    const from = this.#observe(path);
    const sha256 = from?.kind === 'file' ? from.sha256 : null;
    // A directory may give way to a file: what is in it has to be deleted by the same change set.
    if (sha256 !== before_sha256) this.#conflicts.add(path);
    if (after === null) {
      this.#put(path, from, null);
      return;
    }
    const bits = mode === undefined ? undefined : Number.parseInt(mode, 8);
    // New content does not inherit the rights of another user: set-user-id ends with the content it was given to.
    const kept = from?.kind === 'file' ? from.mode & 0o777 : NEW_FILE_MODE;
    const { sha256: content, size_bytes } = after;
    this.#put(path, from, { kind: 'file', mode: bits ?? kept, sha256: content, size_bytes });
  }

  addDirectory({ path, directory, mode }: DirectoryChange): void {
    const from = this.#observe(path);
    if (directory === 'remove') {
      if (from?.kind === 'directory') this.#put(path, from, null);
      else this.#conflicts.add(path);
      return;
    }
    if (from?.kind === 'directory') this.#conflicts.add(path);
    const bits = mode === undefined ? NEW_DIRECTORY_MODE : Number.parseInt(mode, 8);
    this.#put(path, from, { kind: 'directory', mode: bits });
  }

  /** Directories that have to be there for what is put into them. */
  addWays(): void {
    for (const { path, to } of this.#moves.values()) {
      if (to === null) continue;
      for (const ancestor of ancestorsOf(path)) this.#addWay(ancestor, path);
    }
  }

  #addWay(ancestor: string, path: string): void {
    const known = this.#moves.get(ancestor);
    if (known?.to?.kind === 'directory') return;
    if (known?.to?.kind === 'file') throw invalid(path, `${JSON.stringify(ancestor)} becomes a file`);
    const from = known?.from ?? this.#observe(ancestor);
    if (known === undefined && from?.kind === 'directory') return;
    // A file in the way has to be deleted by the change set itself; a directory must not be removed by it.
    if (from?.kind === 'directory') throw invalid(path, `the directory ${JSON.stringify(ancestor)} is removed`);
    if (from?.kind === 'file' && known === undefined) this.#conflicts.add(ancestor);
    this.#put(ancestor, from, { kind: 'directory', mode: NEW_DIRECTORY_MODE });
  }

  /** What is in a directory that goes has to go by the same change set; empty directories in it go along. */
  clearRemoved(): void {
    for (const { path, from, to } of this.#moves.values()) {
      if (from?.kind === 'directory' && to?.kind !== 'directory') this.#clear(path);
    }
  }

  #clear(directory: string): void {
    for (const name of this.#tree.names(directory)) {
      const path = `${directory}/${name}`;
      const known = this.#moves.get(path);
      if (known !== undefined) {
        if (known.to !== null) this.#conflicts.add(path);
        continue;
      }
      const from = this.#observe(path);
      if (from?.kind !== 'directory') {
        this.#conflicts.add(path);
        continue;
      }
      this.#put(path, from, null);
      this.#clear(path);
    }
  }

  finish(): PlannedMoves {
    if (this.#conflicts.size > 0) throw conflict([...this.#conflicts]);
    const all = [...this.#moves.values()].toSorted((a, b) => compare(a.path, b.path));
    const created = all.filter(({ from, to }) => from === null && to !== null).map(({ path }) => path);
    verifyCase(created, (directory) =>
      this.#tree.names(directory).filter((name) => {
        const move = this.#moves.get(directory === '' ? name : `${directory}/${name}`);
        return move === undefined || move.to !== null;
      }),
    );
    return { moves: all.filter(isChange), before: this.#before };
  }

  #put(path: string, from: PathState, to: PathState): void {
    this.#moves.set(path, { path, from, to });
  }

  #observe(path: string): PathState {
    const observed: Observed = this.#tree.observe(path);
    if ('bytes' in observed) {
      this.#bytes += observed.bytes.length;
      if (this.#bytes > CHANGE_SET_BOUNDS.maxTotalBytes) throw tooMuch();
      this.#before.set(path, observed.bytes);
    }
    return observed.state;
  }
}

function isChange({ from, to }: Move): boolean {
  if (from === null || to === null) return from !== to;
  if (from.kind !== to.kind) return true;
  return from.kind === 'file' && to.kind === 'file' && (from.sha256 !== to.sha256 || from.mode !== to.mode);
}

/** Code units, as bundles sort. */
export function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function invalid(path: string, why: string): ChangeRefusal {
  return new ChangeRefusal('CHANGE_SET_INVALID', `The entry ${JSON.stringify(path.slice(0, 200))}: ${why}.`, [path]);
}

function tooMuch(): ChangeRefusal {
  const message = `The files that would change hold more than ${CHANGE_SET_BOUNDS.maxTotalBytes} bytes together.`;
  return new ChangeRefusal('CHANGE_SET_TOO_LARGE', message);
}

export function conflict(paths: readonly string[]): ChangeRefusal {
  const sorted = paths.toSorted(compare);
  return new ChangeRefusal(
    'CHANGE_CONFLICT',
    `Not as the change expects: ${namePaths(sorted)}. Nothing was written.`,
    sorted,
  );
}
