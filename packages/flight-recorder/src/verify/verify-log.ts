import type { DatabaseSync } from 'node:sqlite';
import { setImmediate as turn } from 'node:timers/promises';
import type { Signer } from '../checkpoint/signer.ts';
import {
  createVerifierKey,
  formatVerifierKey,
  parseVerifierKey,
  type VerifierKey,
} from '../checkpoint/verifier-key.ts';
import { messageOf } from '../errors.ts';
import { type LogHead, readHead } from '../log/head.ts';
import { Sealer } from '../log/sealer.ts';
import { Frontier } from '../merkle/frontier.ts';
import { sameHash } from '../merkle/hash.ts';
import { openForReading } from '../store/database.ts';
import { checkDigest } from '../store/rest-digest.ts';
import { KeptCheckpoint } from './kept-checkpoint.ts';
import { checkPruning, PruneRecords } from './prune-records.ts';
import { ReplayedProblems } from './replayed-problems.ts';
import { Findings, type VerifyReport, type VerifyTrust } from './report.ts';
import { SignedHeads } from './signed-heads.ts';
import { checkStoredEvent, STORED_COLUMNS, storedEvent } from './stored-event.ts';
import { checkStructure } from './structure.ts';

/** Rows between two turns of the event loop, so that a host stays responsive while it verifies. */
const ROWS_PER_TURN = 200;

/** What the verification may rely on. */
export interface VerifyOptions {
  /** The log's key: checks everything, also the events behind the newest checkpoint. */
  readonly signer?: Signer;
  /** The public key as `name+hash+base64`, for those who have not the key. */
  readonly publicKey?: string;
  /** A checkpoint kept elsewhere: finds a log that was cut back to an earlier state. */
  readonly keptCheckpoint?: string;
}

/**
 * Recomputes a log from its stored events and compares it with everything that was signed (CONTRACT §11). It reads one
 * consistent state, also while others write, and gives way to the event loop. Findings are returned, not thrown.
 * @throws MexError `LOG_NOT_FOUND`, `LOG_UNREADABLE`, `LOG_VERSION`, `SIGNER_KEY_INVALID`.
 */
export async function verifyLog(file: string, options: VerifyOptions = {}): Promise<VerifyReport> {
  const key = trustedKey(options);
  // Before the log is opened, which makes SQLite's side files.
  const isAtRest = checkDigest(file);
  const db = openForReading(file);
  const run = new Verification(db, options, key);
  if (isAtRest === false) {
    run.findings.add('DATABASE_DAMAGED', 'The database file is not as the recorder left it when it was closed last.');
  }
  try {
    db.exec('BEGIN');
    await run.walk();
  } catch (error) {
    // Whatever SQLite cannot read any more is a finding like any other.
    run.findings.add('DATABASE_DAMAGED', `Reading stopped: ${messageOf(error).slice(0, 300)}`);
  } finally {
    db.close();
  }
  return run.report();
}

function trustedKey({ signer, publicKey }: VerifyOptions): VerifierKey | undefined {
  if (signer !== undefined) return createVerifierKey(signer.keyName, signer.publicKey);
  return publicKey === undefined ? undefined : parseVerifierKey(publicKey);
}

class Verification {
  readonly findings = new Findings();
  readonly #db: DatabaseSync;
  readonly #options: VerifyOptions;
  readonly #key: VerifierKey | undefined;
  #tree = Frontier.empty();
  #first = 0;
  #signedSize = 0;

  constructor(db: DatabaseSync, options: VerifyOptions, key: VerifierKey | undefined) {
    this.#db = db;
    this.#options = options;
    this.#key = key;
  }

  async walk(): Promise<void> {
    checkStructure(this.#db, this.findings);
    const head = this.#head();
    this.#tree = head?.base.clone() ?? this.#tree;
    this.#first = this.#tree.size;
    const heads = new SignedHeads(this.#db, this.findings, this.#key ?? storedKey(head));
    const kept = new KeptCheckpoint(this.#options.keptCheckpoint, this.#key, this.findings);
    const problems = new ReplayedProblems(this.findings);
    const prunes = new PruneRecords();
    const compare = (): void => {
      heads.check(this.#tree);
      kept.check(this.#tree);
    };
    compare();
    await this.#walkRows((event, seq) => {
      problems.replay(event, seq);
      prunes.note(event);
    }, compare);
    heads.finish(this.#tree.size);
    kept.finish(this.#first, this.#tree.size);
    problems.finish(this.#db, this.#first === 0, head === undefined ? undefined : this.#sealerOf(head));
    if (head !== undefined) checkPruning(head.base, prunes, this.findings);
    this.#signedSize = heads.signedSize;
    this.#finish(head);
  }

  async #walkRows(visit: (event: object, seq: number) => void, compare: () => void): Promise<void> {
    let rows = 0;
    for (const row of this.#db.prepare(`SELECT ${STORED_COLUMNS} FROM events ORDER BY seq`).iterate()) {
      const stored = storedEvent(row);
      if (stored.seq !== this.#tree.size + this.#gap) this.#reportGap(stored.seq);
      const { leaf, event } = checkStoredEvent(stored, this.findings);
      this.#tree.push(leaf);
      if (event !== undefined) visit(event, stored.seq);
      compare();
      rows += 1;
      if (rows % ROWS_PER_TURN === 0) await turn();
    }
  }

  /** Positions missing so far; each gap is reported once. */
  #gap = 0;

  #reportGap(seq: number): void {
    const expected = this.#tree.size + this.#gap;
    const what = seq > expected ? `Events ${expected} to ${seq - 1} are missing.` : `Event ${seq} is one too many.`;
    this.findings.add('EVENT_MISSING', what, { seq: Math.min(seq, expected) });
    this.#gap = seq - this.#tree.size;
  }

  #head(): LogHead | undefined {
    try {
      const head = readHead(this.#db);
      if (this.#key !== undefined && head.verifierKey !== formatVerifierKey(this.#key)) {
        this.findings.add('KEY_MISMATCH', 'The log names another key than the one it is checked with.');
      }
      if (this.#sealerOf(head)?.checkHead(head) === false) {
        this.findings.add('HEAD_SEAL_WRONG', 'The head of the log was not written by a holder of the key.');
      }
      return head;
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      this.findings.add('HEAD_INVALID', `The head of the log cannot be used: ${error.message}.`);
      return undefined;
    }
  }

  /** What checks the seals, if they can be checked: with the key, or for a log that has none. */
  #sealerOf(head: LogHead): Sealer | undefined {
    if (this.#options.signer !== undefined) return new Sealer(this.#options.signer);
    return this.#key === undefined && head.verifierKey === undefined ? new Sealer(undefined) : undefined;
  }

  #finish(head: LogHead | undefined): void {
    const { size } = this.#tree;
    if (head === undefined) return;
    if (head.tree.size !== size) {
      this.findings.add('SIZE_MISMATCH', `There are ${size} events, but the head counts ${head.tree.size}.`);
    } else if (!sameHash(head.tree.root(), this.#tree.root())) {
      this.findings.add('ROOT_MISMATCH', 'The events do not give the Merkle root that the head records.');
    }
    // The seal says nothing to whoever has not the key, so these events rest on nothing.
    if (this.#trust() === 'public-key' && this.#signedSize < size && this.findings.ok) {
      this.findings.add('TAIL_UNSIGNED', `No checkpoint covers events ${this.#signedSize} to ${size - 1} yet.`);
    }
  }

  #trust(): VerifyTrust {
    if (this.#options.signer !== undefined) return 'signer';
    return this.#key === undefined ? 'none' : 'public-key';
  }

  report(): VerifyReport {
    return {
      ok: this.findings.ok,
      trust: this.#trust(),
      size: this.#tree.size,
      first: this.#first,
      root: Buffer.from(this.#tree.root()).toString('hex'),
      signed_size: this.#signedSize,
      problems: this.findings.problems,
      more_problems: this.findings.more,
    };
  }
}

/** The key that the log names itself finds accidents; whoever changes the log on purpose changes it too. */
function storedKey(head: LogHead | undefined): VerifierKey | undefined {
  if (head?.verifierKey === undefined) return undefined;
  try {
    return parseVerifierKey(head.verifierKey);
  } catch {
    // An unreadable key checks nothing; with a key from outside this is a finding of its own.
    return undefined;
  }
}
