import { randomUUID } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { parseStored } from '../store/stored-json.ts';

/** Marks the writers of this process; a process that got a dead one's number is told from it by this. */
const PROCESS_TOKEN = randomUUID();

interface WriterMark {
  readonly token: string;
  readonly pid: number;
}

/**
 * The list of processes that are writing, kept in the head row. A mark whose process is gone means that it did not close
 * the log. Process numbers are those of one machine: two hosts, or two containers, must not write one log.
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
    if (this.#entered) return;
    const others = this.#read().filter((mark) => mark.token !== this.#token);
    this.#write([...others, { token: this.#token, pid: process.pid }]);
  }

  confirm(): void {
    this.#entered = true;
  }

  get isEntered(): boolean {
    return this.#entered;
  }

  leave(): void {
    this.#write(this.#read().filter((mark) => mark.token !== this.#token));
  }

  /** Whether some writer died. */
  hasDead(): boolean {
    return this.#read().some((mark) => !isAlive(mark));
  }

  removeDead(): void {
    this.#write(this.#read().filter(isAlive));
  }

  #read(): WriterMark[] {
    const list = parseStored(this.#db.prepare('SELECT writers FROM log_head').get()?.['writers']);
    // A damaged list counts as a writer that died.
    return Array.isArray(list) ? list.map(readMark) : [{ token: '', pid: 0 }];
  }

  #write(marks: readonly WriterMark[]): void {
    this.#db.prepare('UPDATE log_head SET writers = ?').run(JSON.stringify(marks));
  }
}

function readMark(value: unknown): WriterMark {
  const token: unknown = value instanceof Object ? Reflect.get(value, 'token') : undefined;
  const pid: unknown = value instanceof Object ? Reflect.get(value, 'pid') : undefined;
  return { token: typeof token === 'string' ? token : '', pid: typeof pid === 'number' ? pid : 0 };
}

function isAlive({ token, pid }: WriterMark): boolean {
  if (pid === process.pid) return token.startsWith(`${PROCESS_TOKEN}/`);
  // Zero and negative numbers are groups of processes.
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Another user's process is alive, too.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
