import { randomBytes } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { type Signer, verifierKeyOf } from '../checkpoint/signer.ts';
import { headInvalid, signerMismatch } from '../errors.ts';
import { Frontier } from '../merkle/frontier.ts';
import { openForReading, openForWriting } from '../store/database.ts';
import { forgetDigest } from '../store/rest-digest.ts';
import { newEventId } from './event-id.ts';
import { DEFAULT_REDACTOR, type EventRedactor } from './event-redactor.ts';
import { EventIntake } from './event-row.ts';
import { type LogHead, readHead } from './head.ts';
import { FlightRecorder } from './recorder.ts';
import { checkTail } from './recovery.ts';
import { Sealer } from './sealer.ts';
import { WriteSession } from './write-session.ts';

export interface RecorderOptions {
  /** The database. It is made with mode 0600 when missing, and SQLite keeps `-wal` and `-shm` beside it. */
  readonly file: string;
  /** Signs the log. Without one, changes are found only against a checkpoint that somebody kept. */
  readonly signer?: Signer;
  /** Milliseconds since 1970. Default `Date.now`. */
  readonly clock?: () => number;
  /** Default: the patterns of `@mex/guard`. */
  readonly redactor?: EventRedactor;
  /** What `prune` keeps by default, in days. Default 30 (CONTRACT §11). */
  readonly retentionDays?: number;
  /** Read only, also while another process writes. */
  readonly readOnly?: boolean;
}

/**
 * Opens a log, and makes it when it is missing. After a crash of its last writer it records `log.recovered` first.
 * @throws MexError `LOG_NOT_FOUND`, `LOG_UNREADABLE`, `LOG_VERSION`, `LOG_SIGNER_MISMATCH`, `LOG_HEAD_INVALID`.
 */
export function openRecorder(options: RecorderOptions): FlightRecorder {
  const { file, signer, clock = Date.now, readOnly = false, retentionDays = 30 } = options;
  const intake = new EventIntake(options.redactor ?? DEFAULT_REDACTOR);
  const sealer = new Sealer(signer);
  if (readOnly)
    return new FlightRecorder({
      file,
      db: openForReading(file),
      intake,
      session: undefined,
      signer,
      sealer,
      clock,
      retentionDays,
    });
  const verifierKey = signer === undefined ? undefined : verifierKeyOf(signer);
  const origin = signer?.keyName ?? `mex.log/${randomBytes(8).toString('hex')}`;
  const empty = { origin, base: Frontier.empty(), tree: Frontier.empty() };
  const db = openForWriting(file, { origin, verifierKey, seal: sealer.sealHead(empty) });
  try {
    checkIdentity(db, file, verifierKey);
    forgetDigest(file);
    const session = new WriteSession({ db, file, signer, sealer, clock });
    session.start((head) => {
      checkTail(db, file, head);
      return intake.createRow(recoveredEvent(head, clock()), 0);
    });
    return new FlightRecorder({ file, db, intake, session, signer, sealer, clock, retentionDays });
  } catch (error) {
    db.close();
    throw error;
  }
}

/** The key of a log never changes: a log without signatures must not be signed as if it had always been. */
function checkIdentity(db: DatabaseSync, file: string, verifierKey: string | undefined): void {
  let head: LogHead;
  try {
    head = readHead(db);
  } catch (error) {
    throw headInvalid(file, error instanceof RangeError ? error.message : 'its head cannot be read');
  }
  if (head.verifierKey !== verifierKey) throw signerMismatch(file, head.verifierKey);
}

function recoveredEvent(head: LogHead, now: number): unknown {
  return {
    event_id: newEventId(now),
    type: 'system',
    subject: 'log.recovered',
    timestamp: new Date(now).toISOString(),
    actor: { kind: 'system', id: 'flight-recorder' },
    body: {
      size: head.tree.size,
      root_sha256: Buffer.from(head.tree.root()).toString('hex'),
      reason: 'writer-ended-without-closing',
    },
  };
}
