import type { DatabaseSync } from 'node:sqlite';
import { headInvalid } from '../errors.ts';
import { Frontier } from '../merkle/frontier.ts';
import { leafHash, sameHash } from '../merkle/hash.ts';
import type { LogHead } from './head.ts';

/**
 * Makes sure after a crash that the events behind the newest checkpoint are those that the head counts. The rest of the
 * log is left to the verification: this reads at most what one checkpoint interval holds.
 * @throws MexError `LOG_HEAD_INVALID`.
 */
export function checkTail(db: DatabaseSync, file: string, head: LogHead): void {
  const tree = newestCheckpoint(db, file) ?? head.base.clone();
  const first = tree.size;
  const rows = db.prepare('SELECT seq, payload FROM events WHERE seq >= ? ORDER BY seq').iterate(first);
  for (const { seq, payload } of rows) {
    if (seq !== tree.size || typeof payload !== 'string') throw headInvalid(file, `event ${tree.size} is missing`);
    tree.push(leafHash(payload));
  }
  if (tree.size !== head.tree.size || !sameHash(tree.root(), head.tree.root())) {
    throw headInvalid(file, `its events from ${first} on are not those that were recorded`);
  }
}

function newestCheckpoint(db: DatabaseSync, file: string): Frontier | undefined {
  const row = db.prepare('SELECT size, frontier FROM log_checkpoints ORDER BY size DESC LIMIT 1').get();
  if (row === undefined) return undefined;
  const { size, frontier } = row;
  try {
    if (typeof size === 'number' && frontier instanceof Uint8Array) return Frontier.fromBytes(size, frontier);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  throw headInvalid(file, 'its newest checkpoint is damaged');
}
