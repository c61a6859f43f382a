import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import {
  type Actor,
  CHECKERS,
  type FlightEvent,
  MexError,
  type Problem,
  type ProblemReport,
  type ProblemStatus,
  type Severity,
} from '@mex/envelope';
import type { RecorderErrorCode } from '../errors.ts';
import { newEventId } from '../log/event-id.ts';
import type { EventRedactor } from '../log/event-redactor.ts';
import type { Sealer } from '../log/sealer.ts';
import type { Companion } from '../log/writer.ts';
import { parseStored } from '../store/stored-json.ts';
import { countsOf, draftProblem, type ProblemBase, type ProblemDraft } from './draft.ts';

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 10_000;

/** Which problems to list, those last seen first. */
export interface ProblemFilter {
  readonly status?: ProblemStatus;
  readonly severity?: Severity;
  /** Default 100, at most 10,000. */
  readonly limit?: number;
}

/** What the store needs of the recorder. */
export interface ProblemStoreParts {
  readonly db: DatabaseSync;
  readonly redactor: EventRedactor;
  readonly sealer: Sealer;
  readonly clock: () => number;
  readonly append: (events: readonly FlightEvent[], companion: Companion) => Promise<void>;
}

/** Problems, grouped by fingerprint (CONTRACT §11): a table kept in step with the log's `diagnostic` events. */
export class ProblemStore {
  readonly #db: DatabaseSync;
  readonly #redactor: EventRedactor;
  readonly #sealer: Sealer;
  readonly #clock: () => number;
  readonly #append: ProblemStoreParts['append'];

  constructor({ db, redactor, sealer, clock, append }: ProblemStoreParts) {
    this.#db = db;
    this.#redactor = redactor;
    this.#sealer = sealer;
    this.#clock = clock;
    this.#append = append;
  }

  /**
   * Records a report with its FR-EVT-003 event and resolves to the problem it belongs to, once that is on the disk.
   * Reports of one turn of the event loop share a transaction.
   * Rejects with MexError `PROBLEM_INVALID`, or as `append` does.
   */
  async report(report: ProblemReport, base: ProblemBase): Promise<Problem> {
    const draft = this.draft(report, base);
    let problem: Problem | undefined;
    await this.#append([draft.event], (db) => {
      problem = draft.write(db);
    });
    if (problem === undefined) throw new Error('the companion did not run');
    return problem;
  }

  /** For a report that must be recorded in one transaction with other events. @throws MexError `PROBLEM_INVALID`. */
  draft(report: ProblemReport, base: ProblemBase): ProblemDraft {
    return draftProblem(report, base, this.#redactor, this.#sealer);
  }

  list(filter: ProblemFilter = {}): Problem[] {
    const conditions: string[] = [];
    const values: SQLInputValue[] = [];
    for (const name of ['status', 'severity'] as const) {
      const wanted = filter[name];
      if (wanted === undefined) continue;
      conditions.push(`${name} = ?`);
      values.push(wanted);
    }
    const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
    const limit = Math.min(Math.max(Math.trunc(filter.limit ?? DEFAULT_LIMIT), 0), MAX_LIMIT);
    const sql = `SELECT * FROM problems ${where} ORDER BY last_seen DESC, id LIMIT ${limit}`;
    return this.#db
      .prepare(sql)
      .all(...values)
      .map(readProblem);
  }

  get(id: string): Problem | undefined {
    const row = this.#db.prepare('SELECT * FROM problems WHERE id = ?').get(id);
    return row === undefined ? undefined : readProblem(row);
  }

  /**
   * Sets the status and records `problem.status_changed`. Setting the status a problem has does nothing.
   * Rejects with MexError `PROBLEM_UNKNOWN`, or `PROBLEM_CHANGED` (retryable) when another process was faster.
   */
  async setStatus(id: string, status: ProblemStatus, actor: Actor): Promise<Problem> {
    const problem = this.get(id);
    if (problem === undefined) throw problemUnknown(id);
    if (problem.status === status) return problem;
    const now = this.#clock();
    const event: FlightEvent = {
      event_id: newEventId(now),
      type: 'system',
      subject: 'problem.status_changed',
      timestamp: new Date(now).toISOString(),
      actor,
      body: { diagnostic_id: id, from: problem.status, to: status },
    };
    await this.#append([event], (db) => {
      const update = db.prepare('UPDATE problems SET status = ? WHERE id = ? AND status = ?');
      if (update.run(status, id, problem.status).changes !== 1) throw problemChanged(id);
    });
    return { ...problem, status };
  }
}

function readProblem(row: Record<string, unknown>): Problem {
  const { id, fingerprint } = row;
  const report = parseStored(row['report']);
  if (CHECKERS.problemReport.check(report)) {
    const problem = { id, fingerprint, ...report, ...countsOf(row) };
    if (CHECKERS.problem.check(problem)) return problem;
  }
  throw new MexError<RecorderErrorCode>({
    code: 'LOG_ROW_INVALID',
    kind: 'integrity',
    message: `The stored problem ${String(id).slice(0, 64)} is damaged.`,
    remedy: 'Run the verification; it names everything that is not what was recorded.',
  });
}

function problemUnknown(id: string): MexError<RecorderErrorCode> {
  return new MexError({
    code: 'PROBLEM_UNKNOWN',
    kind: 'validation',
    message: `There is no problem with the id ${id.slice(0, 64)}.`,
    remedy: 'List the problems to see their ids.',
  });
}

function problemChanged(id: string): MexError<RecorderErrorCode> {
  return new MexError({
    code: 'PROBLEM_CHANGED',
    kind: 'validation',
    message: `The problem ${id} was changed by another process in the meantime.`,
    remedy: 'Look at it again and repeat the command if it still applies.',
    retryable: true,
  });
}
