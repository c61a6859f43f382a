import { setImmediate as breathe } from 'node:timers/promises';
import { ChangeRefusal, errnoOf } from '../errors.ts';
import { type Move, sameState } from './path-state.ts';
import type { Observed, Tree } from './tree.ts';

/** A move that is still to be made. `identity` tells the file that was looked at from any other; absent for what is no file. */
export interface Pending {
  readonly move: Move;
  readonly identity: string | undefined;
}

export interface Survey {
  readonly pending: readonly Pending[];
  /** Paths that are neither as before nor as after. */
  readonly conflicts: readonly string[];
}

/** Other work of the process gets its turn after so many files. */
export const BREATH = 256;

/**
 * Compares moves with the workspace.
 * @param resumed some of the moves may have been made, or half of one: what is done is left out
 */
export async function surveyMoves(tree: Tree, moves: readonly Move[], resumed: boolean): Promise<Survey> {
  const pending: Pending[] = [];
  const conflicts: string[] = [];
  for (const [index, move] of moves.entries()) {
    if (index % BREATH === BREATH - 1) await breathe();
    const observed = observe(tree, move.path, resumed);
    if (observed === undefined) conflicts.push(move.path);
    else if (resumed && isDone(move, observed)) continue;
    else if (sameState(observed.state, move.from) || (resumed && isHalfMade(move, observed))) {
      pending.push({ move, identity: 'identity' in observed ? observed.identity : undefined });
    } else conflicts.push(move.path);
  }
  return { pending, conflicts };
}

function observe(tree: Tree, path: string, resumed: boolean): Observed | undefined {
  try {
    return tree.observe(path);
  } catch (error) {
    // Whoever cleans up after a crash names what stands in the way and goes on.
    if (resumed && (error instanceof ChangeRefusal || errnoOf(error) !== undefined)) return undefined;
    throw error;
  }
}

function isDone({ to }: Move, { state }: Observed): boolean {
  if (!sameState(state, to)) return false;
  return state === null || to === null || state.mode === to.mode;
}

/** A directory gets its mode last; between it and the file that takes its place there is a moment with neither. */
function isHalfMade({ from, to }: Move, { state }: Observed): boolean {
  if (state?.kind === 'directory') return to?.kind === 'directory';
  return state === null && from !== null && to !== null && from.kind !== to.kind;
}
