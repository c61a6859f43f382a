import type { DatabaseSync } from 'node:sqlite';
import { CHECKERS, type ProblemStatus } from '@mex/envelope';
import { problemFingerprint } from '@mex/envelope/digest';
import { isStatus, problemId } from '../problems/draft.ts';
import { parseStored } from '../store/stored-json.ts';
import type { Findings } from './report.ts';

interface Replayed {
  count: number;
  status: ProblemStatus;
  readonly seq: number;
}

/** Plays the events of problems again and compares the outcome with the table of problems. */
export class ReplayedProblems {
  readonly #findings: Findings;
  readonly #seen = new Map<string, Replayed>();

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  replay(event: object, seq: number): void {
    const type: unknown = Reflect.get(event, 'type');
    if (type === 'diagnostic') this.#report(Reflect.get(event, 'diagnostic_id'), seq);
    else if (type === 'system' && Reflect.get(event, 'subject') === 'problem.status_changed') {
      this.#change(Reflect.get(event, 'body'));
    }
  }

  #report(id: unknown, seq: number): void {
    if (typeof id !== 'string') return;
    const known = this.#seen.get(id);
    if (known === undefined) {
      this.#seen.set(id, { count: 1, status: 'open', seq });
      return;
    }
    known.count += 1;
    if (known.status === 'resolved') known.status = 'open';
  }

  #change(body: unknown): void {
    if (typeof body !== 'object' || body === null) return;
    const id: unknown = Reflect.get(body, 'diagnostic_id');
    const to: unknown = Reflect.get(body, 'to');
    const known = typeof id === 'string' ? this.#seen.get(id) : undefined;
    if (known !== undefined && isStatus(to)) known.status = to;
  }

  /** With `complete`, no event was removed by retention, so counts and statuses must agree exactly. */
  finish(db: DatabaseSync, complete: boolean): void {
    for (const row of db.prepare('SELECT * FROM problems').iterate()) {
      const id = String(row['id']);
      if (!bindsReport(row)) {
        this.#findings.add('PROBLEM_CHANGED', `The problem ${id} is not the one its id was made from.`);
      }
      this.#compare(id, row, complete);
      this.#seen.delete(id);
    }
    for (const [id, { seq }] of this.#seen) {
      this.#findings.add('PROBLEM_MISSING', `The problem ${id} of a recorded diagnostic is gone.`, { seq });
    }
  }

  #compare(id: string, row: Record<string, unknown>, complete: boolean): void {
    const replayed = this.#seen.get(id);
    const count = Number(row['count']);
    if (replayed === undefined) {
      if (complete) this.#findings.add('PROBLEM_CHANGED', `No diagnostic was recorded for the problem ${id}.`);
    } else if (complete ? count !== replayed.count : count < replayed.count) {
      this.#findings.add('PROBLEM_CHANGED', `The problem ${id} counts ${count}, the log ${replayed.count}.`);
    } else if (complete && row['status'] !== replayed.status) {
      this.#findings.add('PROBLEM_CHANGED', `The problem ${id} should be ${replayed.status} by the log.`);
    }
  }
}

/** Whether title, code, severity and places are those that the id in the signed log stands for. */
function bindsReport(row: Record<string, unknown>): boolean {
  const report = parseStored(row['report']);
  if (!CHECKERS.problemReport.check(report) || report.severity !== row['severity']) return false;
  const fingerprint = problemFingerprint(report);
  return fingerprint === row['fingerprint'] && problemId(fingerprint) === row['id'];
}
