import { realpathSync } from 'node:fs';
import { isAbsolute, relative, sep } from 'node:path';
import type { ArtifactStore } from '@mex/artifacts';
import {
  type ChangeBudget,
  findOverBudget,
  isFormattingOnly,
  type MeasuredChange,
  sum,
} from '../change-set/change-budget.ts';
import { CHANGE_SET_BOUNDS, type ChangeSet, changeSetDigest } from '../change-set/change-set.ts';
import { countLineChanges } from '../change-set/line-changes.ts';
import { ChangeRefusal } from '../errors.ts';
import type { Move } from './path-state.ts';
import { planMoves } from './plan-moves.ts';
import { Tree } from './tree.ts';
import { verifyPaths } from './tree-path.ts';

/** Where and how far a change may go. */
export interface ChangeLimits {
  /** Directory that is changed; links in its own path are followed. */
  readonly workspace: string;
  readonly budget: ChangeBudget;
  /** `ask`: whoever authorizes the change decides about one that is over its budget. Default `deny`. */
  readonly overBudget?: 'deny' | 'ask';
  /** What happens to a change that is about white space and little else; `deny` in the `prod` profile. */
  readonly formattingOnly: 'warn' | 'deny';
  /** Directories nothing may be changed in, e.g. the MEX home; absolute paths. */
  readonly forbidden: readonly string[];
}

/** A change set held against the workspace: what exactly it would do. Nothing has been written. */
export interface PreparedChange {
  /** Real path. */
  readonly workspace: string;
  readonly changeSetSha256: string;
  readonly moves: readonly Move[];
  /** One for each file that changes. */
  readonly files: readonly MeasuredChange[];
  readonly changedLines: number;
  readonly formattingOnly: boolean;
  /** What is over the change budget, in words; only where `overBudget` is `ask`. */
  readonly overBudget?: string;
  /** What has to be kept, by hash. */
  readonly contents: ReadonlyMap<string, Uint8Array>;
  /** Content that comes, by hash; read from the store, which verified it. */
  readonly after: ReadonlyMap<string, Uint8Array>;
}

/**
 * Checks everything that can be checked before anything is written (CONTRACT §12).
 * @param verifyFree throws when somebody is changing the workspace, given by its real path
 * @throws MexError every code of a refusal: see `RunErrorCode`; those of the store for content that is not there
 */
export async function prepareChange(
  store: ArtifactStore,
  set: ChangeSet,
  limits: ChangeLimits,
  verifyFree: (workspace: string) => void = () => undefined,
): Promise<PreparedChange> {
  const { workspace, forbidden } = locateWorkspace(limits.workspace, limits.forbidden);
  // Half changed, everything would look like somebody else's doing.
  verifyFree(workspace);
  verifyPaths(
    set.entries.map(({ path }) => path),
    forbidden,
  );
  const tree = new Tree(workspace);
  try {
    // What is too large is not read first.
    denyOverBudget(countFiles(set), limits);
    const { moves, before } = planMoves(tree, set);
    if (moves.length === 0) throw new ChangeRefusal('CHANGE_SET_INVALID', 'The change set changes nothing.');
    const measured = await measure(store, set, moves, before);
    const { files } = measured;
    const overBudget = denyOverBudget(files, limits);
    const formattingOnly = isFormattingOnly(files);
    if (formattingOnly && limits.formattingOnly === 'deny') throw formattingDenied();
    const changedLines = sum(files, ({ lines }) => lines.changed);
    return {
      workspace,
      changeSetSha256: changeSetDigest(set),
      moves,
      ...measured,
      changedLines,
      formattingOnly,
      ...(overBudget === undefined ? {} : { overBudget }),
    };
  } finally {
    tree.close();
  }
}

function countFiles(set: ChangeSet): MeasuredChange[] {
  const nothing = { changed: 0, formatting: 0 };
  return set.entries.flatMap((entry) => ('directory' in entry ? [] : [{ path: entry.path, lines: nothing }]));
}

/** @returns what is too much, where somebody else decides about it. @throws MexError `POLICY_CHANGE_BUDGET_EXCEEDED` */
function denyOverBudget(changes: readonly MeasuredChange[], limits: ChangeLimits): string | undefined {
  const refusal = findOverBudget(changes, limits.budget);
  if (refusal !== undefined && limits.overBudget !== 'ask') throw refusal;
  return refusal?.message;
}

async function measure(
  store: ArtifactStore,
  set: ChangeSet,
  moves: readonly Move[],
  before: ReadonlyMap<string, Uint8Array>,
): Promise<Pick<PreparedChange, 'files' | 'contents' | 'after'>> {
  const handles = new Map(
    set.entries.flatMap((entry) =>
      'after' in entry && entry.after !== null ? [[entry.path, entry.after] as const] : [],
    ),
  );
  const total = sum([...handles.values()], ({ size_bytes }) => size_bytes);
  const largest = [...handles.values()].find(({ size_bytes }) => size_bytes > CHANGE_SET_BOUNDS.maxFileBytes);
  if (largest !== undefined || total > CHANGE_SET_BOUNDS.maxTotalBytes) {
    throw new ChangeRefusal(
      'CHANGE_SET_TOO_LARGE',
      `The change set brings ${total} bytes, or one file that is too large.`,
    );
  }
  const contents = new Map<string, Uint8Array>();
  const files: MeasuredChange[] = [];
  const after = new Map<string, Uint8Array>();
  for (const { path, from, to } of moves) {
    const handle = to?.kind === 'file' ? handles.get(path) : undefined;
    const old = from?.kind === 'file' ? before.get(path) : undefined;
    if (old !== undefined && from?.kind === 'file') contents.set(from.sha256, old);
    if (handle === undefined && old === undefined) continue;
    const fresh = handle && (after.get(handle.sha256) ?? (await store.get(handle)));
    if (fresh !== undefined && handle !== undefined) {
      after.set(handle.sha256, fresh);
      contents.set(handle.sha256, fresh);
    }
    files.push({ path, lines: countLineChanges(old, fresh) });
  }
  return { files, contents, after };
}

/** @returns the real workspace, and where in it nothing may be changed */
function locateWorkspace(
  given: string,
  closed: readonly string[],
): { workspace: string; forbidden: readonly string[] } {
  const workspace = realOf(given);
  if (workspace === undefined || !isAbsolute(given)) {
    throw new ChangeRefusal('WORKSPACE_INVALID', `${given} is not the absolute path of a directory.`);
  }
  const forbidden: string[] = [];
  for (const place of closed) {
    const real = realOf(place);
    if (real === undefined) continue;
    const inside = relative(real, workspace);
    const isInside = inside === '' || !(inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside));
    if (isInside)
      throw new ChangeRefusal('WORKSPACE_INVALID', `${workspace} is inside ${real}, where nothing is changed.`);
    const below = relative(workspace, real);
    if (below !== '..' && !below.startsWith(`..${sep}`) && !isAbsolute(below))
      forbidden.push(below.split(sep).join('/'));
  }
  return { workspace, forbidden };
}

function realOf(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}

function formattingDenied(): ChangeRefusal {
  return new ChangeRefusal(
    'POLICY_FORMATTING_ONLY_DIFF',
    'More than 80 % of the changed lines are equal when white space does not count.',
  );
}
