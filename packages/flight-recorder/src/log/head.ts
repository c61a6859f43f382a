import type { DatabaseSync } from 'node:sqlite';
import { Frontier } from '../merkle/frontier.ts';

/** The log's own record of where it stands: one row, rewritten in every transaction. */
export interface LogHead {
  readonly origin: string;
  readonly verifierKey: string | undefined;
  /** Tree of the events that retention removed. Its size is the first kept position. */
  readonly base: Frontier;
  readonly tree: Frontier;
  readonly seal: Uint8Array;
}

/** Reads the head row. @throws RangeError when it is missing or its parts do not belong together. */
export function readHead(db: DatabaseSync): LogHead {
  const row = db.prepare('SELECT * FROM log_head WHERE id = 0').get();
  const { origin, verifier_key: key, base, base_frontier, size, frontier, seal } = row ?? {};
  if (
    typeof origin !== 'string' ||
    typeof base !== 'number' ||
    typeof size !== 'number' ||
    !(base_frontier instanceof Uint8Array) ||
    !(frontier instanceof Uint8Array) ||
    !(seal instanceof Uint8Array) ||
    base > size
  ) {
    throw new RangeError('the head row is missing or damaged');
  }
  return {
    origin,
    verifierKey: typeof key === 'string' ? key : undefined,
    base: Frontier.fromBytes(base, base_frontier),
    tree: Frontier.fromBytes(size, frontier),
    seal,
  };
}
