import type { DatabaseSync } from 'node:sqlite';
import { CHECKERS, type ProblemStatus } from '@mex/envelope';
import { problemFingerprint } from '@mex/envelope/digest';
import type { Sealer } from '../log/sealer.ts';
import { sameHash } from '../merkle/hash.ts';
import { isStatus, problemId } from '../problems/draft.ts';
import { parseStored } from '../store/stored-json.ts';
import type { Findings } from './report.ts';

interface Replayed {
  count: number;
  status: ProblemStatus;
  readonly firstSeen: unknown;
  lastSeen: unknown;
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
    if (type === 'diagnostic') this.#report(event, seq);
    else if (type === 'system' && Reflect.get(event, 'subject') === 'problem.status_changed') {
      this.#change(Reflect.get(event, 'body'));
    }
  }

  #report(event: object, seq: number): void {
    const id: unknown = Reflect.get(event, 'diagnostic_id');
    const time: unknown = Reflect.get(event, 'timestamp');
    if (typeof id !== 'string') return;
    const known = this.#seen.get(id);
    if (known === undefined) {
      this.#seen.set(id, { count: 1, status: 'open', firstSeen: time, lastSeen: time, seq });
      return;
    }
    known.count += 1;
    if (String(time) > String(known.lastSeen)) known.lastSeen = time;
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
  finish(db: DatabaseSync, complete: boolean, sealer: Sealer | undefined): void {
    for (const row of db.prepare('SELECT * FROM problems').iterate()) {
      const id = String(row['id']);
      if (!bindsReport(row)) {
        this.#findings.add('PROBLEM_CHANGED', `The problem ${id} is not the one its id was made from.`);
      }
      if (sealer !== undefined && !isSealed(id, row, sealer)) {
        this.#findings.add('PROBLEM_CHANGED', `The text of the problem ${id} was not written by a holder of the key.`);
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
    const { count, status, first_seen: firstSeen, last_seen: lastSeen } = row;
    if (replayed === undefined) {
      if (complete) this.#findings.add('PROBLEM_CHANGED', `No diagnostic was recorded for the problem ${id}.`);
      return;
    }
    if (complete ? count !== replayed.count : Number(count) < replayed.count) {
      this.#findings.add('PROBLEM_CHANGED', `The problem ${id} counts ${Number(count)}, the log ${replayed.count}.`);
    }
    // Only the events still there can say when it was last seen, and only all of them when first, and its status.
    if (String(lastSeen) < String(replayed.lastSeen) || (complete && lastSeen !== replayed.lastSeen)) {
      this.#findings.add('PROBLEM_CHANGED', `The problem ${id} was last seen at another time by the log.`);
    }
    if (complete && firstSeen !== replayed.firstSeen) {
      this.#findings.add('PROBLEM_CHANGED', `The problem ${id} was first seen at another time by the log.`);
    }
    if (complete && status !== replayed.status) {
      this.#findings.add('PROBLEM_CHANGED', `The problem ${id} should be ${replayed.status} by the log.`);
    }
  }
}

function isSealed(id: string, row: Record<string, unknown>, sealer: Sealer): boolean {
  const { report, seal } = row;
  return typeof report === 'string' && seal instanceof Uint8Array && sameHash(sealer.sealReport(id, report), seal);
}

/** Whether title, code, severity and places are those that the id in the signed log stands for. */
function bindsReport(row: Record<string, unknown>): boolean {
  const report = parseStored(row['report']);
  if (!CHECKERS.problemReport.check(report) || report.severity !== row['severity']) return false;
  const fingerprint = problemFingerprint(report);
  return fingerprint === row['fingerprint'] && problemId(fingerprint) === row['id'];
}
