import { randomUUID } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';

/** Marks the writers of this process; a process that got a dead one's number is told from it by this. */
const PROCESS_TOKEN = randomUUID();

/**
 * The table of processes that are writing. A row whose process is gone means that it did not close the log.
 * Process numbers are those of one machine: two hosts, or two containers, must not write one log.
 */
export class Presence {
  readonly #db: DatabaseSync;
  readonly #token = `${PROCESS_TOKEN}/${randomUUID()}`;
  #entered = false;

  constructor(db: DatabaseSync) {
    this.#db = db;
  }

  /** Enters this writer. Inside a transaction; `confirm` once that is committed. */
  enter(): void {
    if (!this.#entered) {
      this.#db.prepare('INSERT OR IGNORE INTO log_writers VALUES (?, ?)').run(this.#token, process.pid);
    }
  }

  confirm(): void {
    this.#entered = true;
  }

  get isEntered(): boolean {
    return this.#entered;
  }

  leave(): void {
    this.#db.prepare('DELETE FROM log_writers WHERE token = ?').run(this.#token);
  }

  /** Whether some writer died; cheap, as the table is nearly always empty. */
  hasDead(): boolean {
    return this.#dead().length > 0;
  }

  removeDead(): void {
    const remove = this.#db.prepare('DELETE FROM log_writers WHERE token = ?');
    for (const token of this.#dead()) remove.run(token);
  }

  #dead(): string[] {
    const dead: string[] = [];
    for (const { token, pid } of this.#db.prepare('SELECT token, pid FROM log_writers').all()) {
      if (typeof token === 'string' && !isAlive(token, Number(pid))) dead.push(token);
    }
    return dead;
  }
}

function isAlive(token: string, pid: number): boolean {
  if (pid === process.pid) return token.startsWith(`${PROCESS_TOKEN}/`);
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Another user's process is alive, too.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
