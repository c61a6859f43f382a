import type { DatabaseSync } from 'node:sqlite';
import type { FlightEvent } from '@mex/envelope';
import { parseCheckpoint } from '../checkpoint/checkpoint.ts';
import type { Signer } from '../checkpoint/signer.ts';
import { logReadOnly } from '../errors.ts';
import { exportLog } from '../export/export-log.ts';
import type { ConsistencyClaim, InclusionClaim } from '../merkle/check.ts';
import { ProblemStore } from '../problems/problem-store.ts';
import { keepDigest } from '../store/rest-digest.ts';
import type { VerifyReport } from '../verify/report.ts';
import { type VerifyOptions, verifyLog } from '../verify/verify-log.ts';
import type { EventIntake } from './event-row.ts';
import { type FollowOptions, followEvents } from './follow.ts';
import { proveConsistency, proveInclusion } from './proofs.ts';
import { type EventFilter, EventReader, type RecordedEvent } from './reader.ts';
import type { PruneResult } from './retention.ts';
import type { Sealer } from './sealer.ts';
import type { WriteSession } from './write-session.ts';
import type { Companion } from './writer.ts';

const DAY_MS = 86_400_000;

/** What {@link openRecorder} puts together. */
export interface RecorderParts {
  readonly file: string;
  readonly db: DatabaseSync;
  readonly intake: EventIntake;
  /** Absent when the log was opened for reading only. */
  readonly session: WriteSession | undefined;
  readonly signer: Signer | undefined;
  readonly sealer: Sealer;
  readonly clock: () => number;
  readonly retentionDays: number;
}

/** An open log. Several processes may have the same one open. */
export class FlightRecorder {
  readonly file: string;
  /**
   * The recorder's own connection, for reading what companions wrote. Write only inside a companion: a transaction of
   * your own on this connection would swallow the recorder's.
   */
  readonly database: DatabaseSync;
  readonly problems: ProblemStore;
  readonly #intake: EventIntake;
  readonly #signer: Signer | undefined;
  readonly #session: WriteSession | undefined;
  readonly #reader: EventReader;
  readonly #clock: () => number;
  readonly #retentionDays: number;

  constructor({ file, db, intake, session, signer, sealer, clock, retentionDays }: RecorderParts) {
    this.file = file;
    this.database = db;
    this.#intake = intake;
    this.#session = session;
    this.#signer = signer;
    this.#clock = clock;
    this.#retentionDays = retentionDays;
    this.#reader = new EventReader(db);
    this.problems = new ProblemStore({
      db,
      redactor: intake.redactor,
      sealer,
      clock,
      append: (events, companion) => this.append(events, companion),
    });
  }

  /**
   * Records events. Resolves when they are on the disk, together with what `companion` wrote in the same transaction;
   * the companion runs after the events are in the table. All events of one append are recorded, or none.
   * `siblings`: how many other appends are likely to come soon; from eight on, this one waits about a millisecond for
   * them, to share their commit.
   *
   * Rejects with MexError `HSK-400-INVALID-EVENT` (naming the place), `LOG_WRITE_FAILED`, `LOG_HEAD_INVALID`,
   * `LOG_READ_ONLY` or `LOG_CLOSED`, or with what the companion threw.
   */
  append(events: readonly FlightEvent[], companion?: Companion, siblings = 0): Promise<void> {
    if (this.#session === undefined) return Promise.reject(logReadOnly(this.file));
    try {
      const rows = events.map((event, index) => this.#intake.createRow(event, index));
      return this.#session.append(rows, companion, siblings);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Events that fit the filter. @throws MexError `LOG_ROW_INVALID` when one is not what was recorded. */
  list(filter: EventFilter = {}): RecordedEvent[] {
    return this.#reader.list(filter);
  }

  /** The event with this id. @throws MexError `LOG_ROW_INVALID`. */
  get(eventId: string): RecordedEvent | undefined {
    return this.#reader.get(eventId);
  }

  /** Yields events as any process records them, until the signal fires or the log is closed. */
  follow(options: FollowOptions = {}): AsyncIterable<RecordedEvent> {
    return followEvents(this.#reader, options, () => this.database.isOpen);
  }

  /** Number of events ever recorded. */
  size(): number {
    return this.#reader.size();
  }

  /** Signs everything recorded so far: a C2SP checkpoint to keep elsewhere. @throws MexError `LOG_UNSIGNED`. */
  checkpoint(): string {
    if (this.#session === undefined) throw logReadOnly(this.file);
    return this.#session.checkpoint();
  }

  /** The newest stored checkpoint, also for readers without the key. */
  latestCheckpoint(): string | undefined {
    const row = this.database.prepare('SELECT note FROM log_checkpoints ORDER BY size DESC LIMIT 1').get();
    return typeof row?.['note'] === 'string' ? row['note'] : undefined;
  }

  /**
   * Recomputes the whole log and compares it with everything that was signed. With no key in `options`, the signer
   * this log was opened with is used. @throws as {@link verifyLog}.
   */
  verify(options: VerifyOptions = {}): Promise<VerifyReport> {
    this.#session?.flush();
    const ownSigner = this.#signer === undefined || options.publicKey !== undefined ? {} : { signer: this.#signer };
    return verifyLog(this.file, { ...ownSigner, ...options });
  }

  /**
   * Proves with hashes alone that the event at `seq` is in the log of the first `size` events (default: all).
   * `checkInclusion` of `@mex/flight-recorder/merkle` checks it; the root is that of a checkpoint of the same size.
   * @throws RangeError outside the log, or before what retention has kept.
   */
  proveInclusion(seq: number, size?: number): InclusionClaim {
    return proveInclusion(this.database, seq, size);
  }

  /** Proves that nothing was changed between two sizes; `checkConsistency` checks it. @throws as `proveInclusion`. */
  proveConsistency(oldSize: number, size?: number): ConsistencyClaim {
    return proveConsistency(this.database, oldSize, size);
  }

  /**
   * The log as NDJSON for somebody who has the public key only; check it with `verifyExport`. Opened with its signer,
   * the log is signed first and exported up to that checkpoint; otherwise the newest events may come unsigned.
   */
  exportLog(): AsyncIterable<string> {
    if (this.#session === undefined || this.#signer === undefined) return exportLog(this.file);
    return exportLog(this.file, parseCheckpoint(this.#session.checkpoint()).size);
  }

  /**
   * Removes the oldest events up to the first one that is not older than `olderThan` (milliseconds since 1970, default:
   * the retention of this log), and records `log.pruned`. What is left is verified as before.
   * @throws MexError `LOG_READ_ONLY`, `LOG_WRITE_FAILED`; `LOG_HEAD_INVALID` when events were changed: run `verify`.
   */
  prune({ olderThan }: { readonly olderThan?: number } = {}): PruneResult {
    const session = this.#session;
    if (session === undefined) throw logReadOnly(this.file);
    const now = this.#clock();
    const parts = { db: this.database, file: this.file, intake: this.#intake, now };
    return session.prune(olderThan ?? now - this.#retentionDays * DAY_MS, parts);
  }

  /** Commits what waits, signs, and closes. Safe to call twice. @throws MexError `LOG_WRITE_FAILED`; closed all the same. */
  close(): Promise<void> {
    if (!this.database.isOpen) return Promise.resolve();
    try {
      this.#session?.close();
      return Promise.resolve();
    } catch (error) {
      return Promise.reject(error);
    } finally {
      this.database.close();
      if (this.#session !== undefined) keepDigest(this.file);
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
