import type { DatabaseSync } from 'node:sqlite';
import { headInvalid } from '../errors.ts';
import type { Frontier } from '../merkle/frontier.ts';
import { leafHash, sameHash } from '../merkle/hash.ts';
import { newEventId } from './event-id.ts';
import type { EventIntake } from './event-row.ts';
import type { LogHead } from './head.ts';
import type { LogWriter } from './writer.ts';

/** What retention did. */
export interface PruneResult {
  /** Events removed. */
  readonly removed: number;
  /** Position of the first event that is still there. */
  readonly first_kept: number;
}

/** What pruning needs of the recorder. */
export interface PruneParts {
  readonly db: DatabaseSync;
  readonly file: string;
  readonly intake: EventIntake;
  readonly now: number;
}

/** Position of the first event that is at least as young as `olderThan` (milliseconds since 1970). */
export function firstToKeep(db: DatabaseSync, head: LogHead, olderThan: number): number {
  const row = db.prepare('SELECT seq FROM events WHERE timestamp >= ? ORDER BY seq LIMIT 1').get(olderThan);
  return typeof row?.['seq'] === 'number' ? row['seq'] : head.tree.size;
}

/**
 * Removes the events before `firstKept` and records `log.pruned` with their root; the tree goes on as if they were there.
 * Inside a transaction.
 * @throws MexError `LOG_HEAD_INVALID` when the events are not those that were recorded: nobody can tell any more once
 * they are gone.
 */
export function pruneEvents(writer: LogWriter, head: LogHead, firstKept: number, parts: PruneParts): LogHead {
  const { db, file, intake, now } = parts;
  const base = readTree(db, file, head, firstKept);
  const event = {
    event_id: newEventId(now),
    type: 'system',
    subject: 'log.pruned',
    timestamp: new Date(now).toISOString(),
    actor: { kind: 'system', id: 'flight-recorder' },
    body: { first_kept: firstKept, root_sha256: Buffer.from(base.root()).toString('hex') },
  };
  const tree = head.tree.clone();
  writer.insert([intake.createRow(event, 0)], tree);
  // The head goes first: the triggers let go of what is before its base.
  const pruned = writer.storeHead({ ...head, base, tree });
  db.prepare('DELETE FROM events WHERE seq < ?').run(firstKept);
  db.prepare('DELETE FROM log_checkpoints WHERE size < ?').run(firstKept);
  return pruned;
}

/** The tree of the first events, after making sure that all events together give the head's root. */
function readTree(db: DatabaseSync, file: string, head: LogHead, firstKept: number): Frontier {
  const tree = head.base.clone();
  let base = tree.clone();
  for (const { seq, payload } of db.prepare('SELECT seq, payload FROM events ORDER BY seq').iterate()) {
    if (seq !== tree.size || typeof payload !== 'string') throw headInvalid(file, `event ${tree.size} is missing`);
    tree.push(leafHash(payload));
    if (tree.size === firstKept) base = tree.clone();
  }
  if (base.size !== firstKept || !sameHash(tree.root(), head.tree.root())) {
    throw headInvalid(file, 'its events are not those that were recorded');
  }
  return base;
}
