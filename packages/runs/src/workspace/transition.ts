import { chmodSync, lstatSync, mkdirSync, rmdirSync, unlinkSync } from 'node:fs';
import { link, rename, unlink } from 'node:fs/promises';
import { setImmediate as breathe } from 'node:timers/promises';
import type { SafeDirectory } from '@mex/artifacts';
import { errnoOf } from '../errors.ts';
import type { Move } from './path-state.ts';
import { conflict } from './plan-moves.ts';
import {
  AT_ONCE,
  clearStaging,
  dropStaging,
  type ReadContent,
  stageFiles,
  stagingName,
  syncDirectories,
} from './staging.ts';
import { BREATH, type Pending, surveyMoves } from './survey.ts';
import type { Tree } from './tree.ts';
import { nameOf, parentOf } from './tree-path.ts';

export interface TransitionOptions {
  readonly changeId: string;
  readonly read: ReadContent;
  /**
   * Some of the moves may have been made. Paths that are in neither state are then left as they are and named;
   * otherwise one of them ends it all before anything is written.
   */
  readonly resumed: boolean;
  readonly onStep: (step: string) => void;
}

/**
 * Brings paths from one state to another: everything is prepared and on the disk first, then put in place by renames.
 * Running it again, from wherever it was interrupted, ends in the same state.
 * @returns paths that were left alone, when `resumed`
 * @throws MexError `CHANGE_CONFLICT`; what the disk says. Then some moves may have been made.
 */
export async function runMoves(tree: Tree, moves: readonly Move[], options: TransitionOptions): Promise<string[]> {
  const { changeId, read, resumed, onStep } = options;
  const survey = await surveyMoves(tree, moves, resumed);
  if (!resumed && survey.conflicts.length > 0) throw conflict(survey.conflicts);
  clearStaging(tree, changeId);
  const numbered = survey.pending.map((pending, index) => ({ ...pending, index }));
  const files = numbered.flatMap(({ move: { to }, index }) => (to?.kind === 'file' ? [{ index, state: to }] : []));
  await stageFiles(tree, changeId, files, read, onStep);
  const mover = new Mover(tree, options);
  for (const one of numbered.toReversed())
    await mover.step(one, isRemoval(one.move), 'remove', () => mover.remove(one));
  tree.forget();
  for (const one of numbered) {
    const makes = one.move.to?.kind === 'directory' && one.move.from?.kind !== 'directory';
    await mover.step(one, makes, 'make', () => mover.make(one));
  }
  tree.forget();
  for (const group of byDirectory(numbered)) {
    await together(group, (one) => mover.step(one, true, 'place', () => mover.place(one)));
  }
  for (const one of numbered.toReversed()) {
    await mover.step(one, one.move.to?.kind === 'directory', 'mode', () => mover.setMode(one));
  }
  onStep('sync');
  const touched = numbered.flatMap(({ move: { path, to } }) =>
    to?.kind === 'directory' ? [parentOf(path), path] : [parentOf(path)],
  );
  await syncDirectories(tree, [...new Set(touched)].toSorted());
  onStep('clean');
  dropStaging(tree, changeId);
  return [...survey.conflicts, ...mover.conflicts];
}

/** Nothing may stand where something of another kind is put. */
function isRemoval({ from, to }: Move): boolean {
  return from !== null && from.kind !== to?.kind;
}

interface Numbered extends Pending {
  readonly index: number;
}

/** What the kernel says when a path is no longer what it was. */
const CHANGED = new Set([
  'EEXIST',
  'ENOTEMPTY',
  'EISDIR',
  'ENOTDIR',
  'ENOENT',
  'ELOOP',
  'POLICY_PATH_ESCAPE',
  'CHANGE_CONFLICT',
]);

class Mover {
  readonly conflicts = new Set<string>();
  readonly #tree: Tree;
  readonly #options: TransitionOptions;
  #steps = 0;

  constructor(tree: Tree, options: TransitionOptions) {
    this.#tree = tree;
    this.#options = options;
  }

  async step({ move }: Numbered, wanted: boolean, name: string, act: () => void | Promise<void>): Promise<void> {
    if (!wanted || this.conflicts.has(move.path)) return;
    this.#steps += 1;
    if (this.#steps % BREATH === 0) await breathe();
    this.#options.onStep(name);
    try {
      await act();
    } catch (error) {
      if (!CHANGED.has(errnoOf(error) ?? '')) throw error;
      if (!this.#options.resumed) throw conflict([move.path]);
      this.conflicts.add(move.path);
    }
  }

  remove({ move, identity }: Numbered): void {
    const { parent, name } = this.#find(move.path);
    const path = parent.entryPath(name);
    if (identity === undefined) {
      // Half made: there is nothing to remove any more.
      if (move.from?.kind === 'file') return;
      this.#tree.forget();
      return this.#removeDirectory(move);
    }
    this.#verifySame(move.path, identity);
    unlinkSync(path);
  }

  #removeDirectory({ path, to }: Move): void {
    const { parent, name } = this.#find(path);
    try {
      rmdirSync(parent.entryPath(name));
    } catch (error) {
      const gone = this.#options.resumed && to !== null && errnoOf(error) === 'ENOENT';
      if (!gone) throw error;
    }
  }

  make({ move: { path, to } }: Numbered): void {
    if (to?.kind !== 'directory') return;
    const { parent, name } = this.#find(path);
    try {
      mkdirSync(parent.entryPath(name), { mode: 0o700 });
    } catch (error) {
      const made = this.#options.resumed && lstatSync(parent.entryPath(name)).isDirectory();
      if (!made) throw error;
    }
    this.#tree.forget();
  }

  /** Last of all: a directory that nobody may write to still has to be filled. */
  setMode({ move: { path, to } }: Numbered): void {
    const directory = this.#tree.directory(path);
    if (typeof directory === 'string') throw conflict([path]);
    if (to !== null) chmodSync(directory.listPath, to.mode);
  }

  async place({ move: { path, from }, identity, index }: Numbered): Promise<void> {
    const staged = this.#tree.root.entryPath(`${stagingName(this.#options.changeId)}/${index}`);
    const { parent, name } = this.#find(path);
    parent.recheck();
    if (from?.kind === 'file' && identity !== undefined) {
      this.#verifySame(path, identity);
      await rename(staged, parent.entryPath(name));
    } else await placeNew(staged, parent.entryPath(name));
  }

  #find(path: string): { parent: SafeDirectory; name: string } {
    const parent = this.#tree.parent(path);
    if (typeof parent === 'string') throw conflict([path]);
    return { parent, name: nameOf(path) };
  }

  #verifySame(path: string, identity: string): void {
    if (!this.#tree.isSame(path, identity)) throw conflict([path]);
  }
}

const NO_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']);

/** A link, unlike a rename, fails when something is there: what appeared meanwhile is not lost. */
async function placeNew(staged: string, target: string): Promise<void> {
  try {
    await link(staged, target);
    await unlink(staged);
  } catch (error) {
    // Some file systems have no links; there a look has to do.
    if (!NO_LINKS.has(errnoOf(error) ?? '')) throw error;
    const taken = lstatSync(target, { throwIfNoEntry: false }) !== undefined;
    if (taken) throw Object.assign(new Error(target), { code: 'EEXIST' });
    await rename(staged, target);
  }
}

/** Files of one directory, which stays open while they are put in place; the directories in their order. */
function byDirectory(moves: readonly Numbered[]): Iterable<readonly Numbered[]> {
  const files = moves.filter(({ move }) => move.to?.kind === 'file');
  return Map.groupBy(files, ({ move }) => parentOf(move.path)).values();
}

/** A few at a time: each waits for the disk. All have ended when this does, also when one fails. */
async function together(group: readonly Numbered[], act: (one: Numbered) => Promise<void>): Promise<void> {
  const queue = group.values();
  const work = async (): Promise<void> => {
    for (const one of queue) await act(one);
  };
  const done = await Promise.allSettled(Array.from({ length: Math.min(AT_ONCE, group.length) }, work));
  for (const one of done) if (one.status === 'rejected') throw one.reason;
}
