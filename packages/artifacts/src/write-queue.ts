import { setTimeout as sleep } from 'node:timers/promises';
import type { StoreDatabase } from './database.ts';
import { artifactError, isBusy, toStoreError } from './errors.ts';

interface Job {
  /** Does the writing; the function it returns tells the caller, and is called after the commit. */
  readonly write: () => () => void;
  readonly reject: (error: unknown) => void;
}

const MAX_BATCH_JOBS = 1_024;
/** Bytes waiting in memory above which the queue commits at once instead of at the end of the turn. */
const MAX_WAITING_BYTES = 8 * 1024 * 1024;
/** Longest that a read or write waits for another process's lock before `ARTIFACT_STORE_LOCKED`. */
export const LOCK_TIMEOUT_MS = 10_000;

/**
 * Group commit: all writes asked for in one turn of the event loop share one transaction, and so one fsync.
 * A promise resolves only after the commit is on the disk. A job that fails does not take its batch with it.
 */
export class WriteQueue {
  readonly #db: StoreDatabase;
  readonly #lockTimeoutMs: number;
  #jobs: Job[] = [];
  #waitingBytes = 0;
  #scheduled = false;
  #busySince: number | undefined;

  constructor(db: StoreDatabase, lockTimeoutMs: number) {
    this.#db = db;
    this.#lockTimeoutMs = lockTimeoutMs;
  }

  /**
   * Runs `write` inside a transaction, durable when the promise resolves.
   * `write` may run twice (its batch is retried without the job that failed), so it must bear repetition.
   * @param weight bytes that the job holds in memory while it waits
   * @throws what `write` throws; MexError `ARTIFACT_STORE_LOCKED`, `ARTIFACT_DISK_FULL`, `ARTIFACT_STORE_FAILED`
   */
  run<T>(write: () => T, weight = 0): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#jobs.push({
        write: () => {
          const value = write();
          return () => resolve(value);
        },
        reject,
      });
      this.#waitingBytes += weight;
      if (this.#waitingBytes > MAX_WAITING_BYTES && this.#busySince === undefined) this.#flush();
      else this.#schedule();
    });
  }

  /** Commits what waits. Call before closing the database. */
  async drain(): Promise<void> {
    while (this.#jobs.length > 0) {
      this.#flush();
      if (this.#jobs.length > 0) await sleep(2);
    }
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    const flush = (): void => {
      this.#scheduled = false;
      this.#flush();
    };
    // While another process writes, wait without blocking this thread; the pause keeps two pollers out of step.
    if (this.#busySince === undefined) setImmediate(flush);
    else setTimeout(flush, 2 + Math.random() * 8);
  }

  #flush(): void {
    const batch = this.#jobs.slice(0, MAX_BATCH_JOBS);
    if (batch.length === 0) return;
    try {
      this.#db.run('BEGIN IMMEDIATE');
    } catch (error) {
      if (isBusy(error) && !this.#hasWaitedTooLong()) return this.#schedule();
      this.#take(batch.length);
      const failure = isBusy(error)
        ? lockedError(error, this.#lockTimeoutMs)
        : toStoreError(error, 'Writing to the artifact store');
      for (const job of batch) job.reject(failure);
      return;
    }
    this.#take(batch.length);
    this.#commit(batch);
  }

  #take(count: number): void {
    this.#busySince = undefined;
    this.#jobs = this.#jobs.slice(count);
    this.#waitingBytes = 0;
    if (this.#jobs.length > 0) this.#schedule();
  }

  #hasWaitedTooLong(): boolean {
    this.#busySince ??= performance.now();
    return performance.now() - this.#busySince > this.#lockTimeoutMs;
  }

  /** Runs and commits a batch inside the transaction that is already open. */
  #commit(batch: readonly Job[]): void {
    const settle: (() => void)[] = [];
    let current: Job | undefined;
    try {
      for (const job of batch) {
        current = job;
        settle.push(job.write());
      }
      current = undefined;
      this.#db.run('COMMIT');
    } catch (error) {
      this.#rollBack();
      this.#fail(batch, current, toStoreError(error, 'Writing to the artifact store'));
      return;
    }
    for (const tell of settle) tell();
  }

  #fail(batch: readonly Job[], culprit: Job | undefined, error: unknown): void {
    if (culprit === undefined) {
      for (const job of batch) job.reject(error);
      return;
    }
    culprit.reject(error);
    this.#jobs = [...batch.filter((job) => job !== culprit), ...this.#jobs];
    if (this.#jobs.length > 0) this.#schedule();
  }

  #rollBack(): void {
    // SQLite has already rolled back by itself after some failures (a full disk).
    if (this.#db.isInTransaction) this.#db.run('ROLLBACK');
  }
}

function lockedError(cause: unknown, timeoutMs: number): Error {
  return artifactError('ARTIFACT_STORE_LOCKED', `Another process held the store's lock for ${timeoutMs / 1_000} s.`, {
    cause,
  });
}

/** Runs a read, again while another process briefly holds the whole file (recovery, last close). */
export async function readWithRetry<T>(read: () => T): Promise<T> {
  const deadline = performance.now() + LOCK_TIMEOUT_MS;
  for (;;) {
    try {
      return read();
    } catch (error) {
      if (!isBusy(error)) throw toStoreError(error, 'Reading the artifact store');
      if (performance.now() > deadline) throw lockedError(error, LOCK_TIMEOUT_MS);
      await sleep(5);
    }
  }
}
