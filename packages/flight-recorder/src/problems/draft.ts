import type { DatabaseSync } from 'node:sqlite';
import {
  CHECKERS,
  type FlightEvent,
  MexError,
  type Problem,
  type ProblemReport,
  type ProblemStatus,
} from '@mex/envelope';
import { problemFingerprint } from '@mex/envelope/digest';
import { canonicalJson } from '@mex/envelope/json';
import type { RecorderErrorCode } from '../errors.ts';
import { newEventId } from '../log/event-id.ts';
import { type EventRedactor, maskJson } from '../log/event-redactor.ts';
import type { Sealer } from '../log/sealer.ts';

/** What the `diagnostic` event of a report has besides the report's own: who, when, and for which operation and run. */
export type ProblemBase = Omit<
  Extract<FlightEvent, { type: 'diagnostic' }>,
  'event_id' | 'type' | 'diagnostic_id' | 'severity' | 'source'
>;

/** A report ready to be recorded: its event, and what has to be written with it. */
export interface ProblemDraft {
  /** FR-EVT-003; append it together with {@link ProblemDraft.write}. */
  readonly event: Extract<FlightEvent, { type: 'diagnostic' }>;
  /** Groups the report in the table of problems. Call it inside the companion of that append. */
  readonly write: (db: DatabaseSync) => Problem;
}

/**
 * The id of a problem, made from its fingerprint (a UUID of version 8). So the id in a `diagnostic` event, which the
 * Merkle tree protects, binds the title, severity and places in the table; and thousands of reports need no look-up.
 */
export function problemId(fingerprint: string): string {
  const variant = ((Number.parseInt(fingerprint.slice(16, 17), 16) & 0x3) | 0x8).toString(16);
  return [
    fingerprint.slice(0, 8),
    fingerprint.slice(8, 12),
    `8${fingerprint.slice(13, 16)}`,
    `${variant}${fingerprint.slice(17, 20)}`,
    fingerprint.slice(20, 32),
  ].join('-');
}

function problemInvalid(what: string): MexError<RecorderErrorCode> {
  return new MexError({
    code: 'PROBLEM_INVALID',
    kind: 'validation',
    message: `The problem report is invalid: ${what}`,
    remedy: 'Send a report in the form of ProblemReport.',
  });
}

/** Validates and redacts a report. @throws MexError `PROBLEM_INVALID`. */
function checkedReport(value: unknown, redactor: EventRedactor): { report: ProblemReport; text: string } {
  const report = fitting(value);
  const text = canonicalJson(report);
  const masked = maskJson(text, redactor);
  if (masked === undefined) return { report, text };
  const clean = fitting(masked);
  return { report: clean, text: canonicalJson(clean) };
}

function fitting(value: unknown): ProblemReport {
  if (CHECKERS.problemReport.check(value)) return value;
  const issue = CHECKERS.problemReport.issues(value, 1)[0];
  throw problemInvalid(`at ${issue?.path ?? '/'}: ${issue?.message ?? 'not a report'}`);
}

/** Prepares a report. The fingerprint is taken after redaction (CONTRACT §11). @throws MexError `PROBLEM_INVALID`. */
export function draftProblem(value: unknown, base: ProblemBase, redactor: EventRedactor, sealer: Sealer): ProblemDraft {
  const { report, text } = checkedReport(value, redactor);
  const fingerprint = problemFingerprint(report);
  const id = problemId(fingerprint);
  const { severity, source } = report;
  const seal = sealer.sealReport(id, text);
  const event_id = newEventId(Date.parse(base.timestamp));
  const event = { ...base, event_id, type: 'diagnostic', diagnostic_id: id, severity, source } as const;
  const write = (db: DatabaseSync): Problem => {
    const row = upsertOf(db).get(id, fingerprint, severity, base.timestamp, base.timestamp, text, seal) ?? {};
    return { id, fingerprint, ...report, ...countsOf(row) };
  };
  return { event, write };
}

/** A report of a resolved problem reopens it; a muted one stays muted, and counts. */
const UPSERT = `INSERT INTO problems (id, fingerprint, severity, status, count, first_seen, last_seen, report, seal)
  VALUES (?, ?, ?, 'open', 1, ?, ?, ?, ?)
  ON CONFLICT (id) DO UPDATE SET
    count = count + 1,
    last_seen = max(last_seen, excluded.last_seen),
    status = CASE status WHEN 'resolved' THEN 'open' ELSE status END,
    report = excluded.report,
    seal = excluded.seal
  RETURNING status, count, first_seen, last_seen`;

const upserts = new WeakMap<DatabaseSync, ReturnType<DatabaseSync['prepare']>>();

function upsertOf(db: DatabaseSync): ReturnType<DatabaseSync['prepare']> {
  const known = upserts.get(db);
  if (known !== undefined) return known;
  const statement = db.prepare(UPSERT);
  upserts.set(db, statement);
  return statement;
}

/** The members of a problem that its row counts. */
export function countsOf(row: Record<string, unknown>): Pick<Problem, 'status' | 'count' | 'timestamp' | 'last_seen'> {
  const { status, count, first_seen, last_seen } = row;
  if (
    !isStatus(status) ||
    typeof count !== 'number' ||
    typeof first_seen !== 'string' ||
    typeof last_seen !== 'string'
  ) {
    throw problemInvalid('its row is damaged');
  }
  return { status, count, timestamp: first_seen, last_seen };
}

export function isStatus(value: unknown): value is ProblemStatus {
  return value === 'open' || value === 'acknowledged' || value === 'muted' || value === 'resolved';
}
