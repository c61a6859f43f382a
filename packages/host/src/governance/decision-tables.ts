import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { type FlightEvent, MexError, parseStrictJson } from '@mex/envelope';
import type { FlightRecorder } from '@mex/flight-recorder';
import {
  type Answer,
  approvalEnd,
  type DecisionCase,
  type DecisionStore,
  type PreparedUse,
  parseAnswer,
  parseCase,
} from '@mex/governance';
import { type ApprovalErrorCode, approvalDenial } from './approval-denial.ts';

/*
 * Decisions in the recorder's database. What counts is in the log; these tables find it. `state` and `expires_at` follow
 * the answers, so that an inbox of any size is listed by its newest page. `detail`, which may be long, stays out of it.
 */
// Rows that something else made a mess of are nobody's; an index over them must not fail either.
const ACTOR_ID = "CASE WHEN json_valid(subject) THEN json_extract(subject, '$.actor.id') END";
const SCHEMA = `
CREATE TABLE IF NOT EXISTS governance_decisions (
  seq INTEGER PRIMARY KEY,
  decision_id TEXT NOT NULL UNIQUE,
  gate_type TEXT NOT NULL,
  target_ref TEXT NOT NULL,
  kind_ref TEXT,
  state TEXT NOT NULL,
  spent INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  subject TEXT NOT NULL,
  detail TEXT
) STRICT;
CREATE TABLE IF NOT EXISTS governance_answers (
  seq INTEGER PRIMARY KEY,
  decision_id TEXT NOT NULL,
  answer TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS governance_uses (
  decision_id TEXT NOT NULL,
  used_by TEXT NOT NULL,
  PRIMARY KEY (decision_id, used_by)
) STRICT;
CREATE INDEX IF NOT EXISTS governance_answers_by_decision ON governance_answers (decision_id);
CREATE INDEX IF NOT EXISTS governance_decisions_by_target ON governance_decisions (target_ref);
CREATE INDEX IF NOT EXISTS governance_decisions_by_kind ON governance_decisions (kind_ref) WHERE kind_ref IS NOT NULL;
CREATE UNIQUE INDEX IF NOT EXISTS governance_asked_once ON governance_decisions (target_ref, gate_type)
  WHERE state = 'open';
CREATE INDEX IF NOT EXISTS governance_inbox_by_actor ON governance_decisions (${ACTOR_ID}, expires_at)
  WHERE state = 'open';
CREATE INDEX IF NOT EXISTS governance_inbox ON governance_decisions (seq, expires_at) WHERE state = 'open';
`;
const LAST_PART = 'governance_inbox';

export type RowState = 'open' | 'approved' | 'ended' | 'halted';
const FIRST_STATE = { human: 'open', auto: 'approved', halt: 'halted' } as const;

/** A row of the inbox: a lookup, not proven by the log. */
export interface InboxRow {
  readonly subject: DecisionCase;
  readonly state: RowState;
  readonly expiresAt: number;
}

export interface InboxQuery {
  readonly now: number;
  /** Also answered and expired ones. */
  readonly all: boolean;
  readonly limit: number;
}

export interface DecisionTables extends DecisionStore {
  /** The newest first. */
  readonly list: (query: InboxQuery) => InboxRow[];
  readonly countOpen: (now: number) => number;
  /** Of one actor. */
  readonly countOpenOf: (actorId: string, now: number) => number;
  /**
   * Ids of what was put up for exactly this, or approved for its kind, and is not over; the newest first, the spent
   * ones only for `usedBy`.
   */
  readonly find: (target: { targetRef: string; kindRef?: string; usedBy: string; now: number }) => string[];
  /** Whole ids that begin so, at most two. */
  readonly complete: (prefix: string) => string[];
}

/** Exactly this is waiting for an answer already; nobody is asked twice. */
export class AlreadyAsked extends Error {}
/** One more than may wait of this actor; nothing was written. */
export function isTooMany(error: unknown): boolean {
  return error instanceof MexError && error.code === 'APPROVAL_LIMIT';
}
/** Undoes the event of a write that came too late. */
class Undone extends Error {
  readonly why: 'repeated' | 'refused' | 'used-up';
  constructor(why: Undone['why']) {
    super(why);
    this.why = why;
  }
}

/**
 * Decisions of a home. Also over a recorder that was opened for reading; then every write is refused.
 * @param maxPending most requests of one actor that wait at the same time
 */
export function createDecisionTables(recorder: FlightRecorder, maxPending: number): DecisionTables {
  const statements = lazyStatements(recorder.database);
  const rows = (name: StatementName, ...values: (string | number)[]): Record<string, unknown>[] =>
    statements()?.[name].all(...values) ?? [];
  return {
    insert: (subject, events) => insertCase(recorder, subject, events, maxPending),
    answer: (id, answer, event, judge) =>
      appendOr(recorder, event, (db) => {
        const before = readAnswers(
          db.prepare('SELECT answer FROM governance_answers WHERE decision_id = ? ORDER BY seq').all(id),
        );
        if (before.some(({ userId, verdict }) => userId === answer.userId && verdict === answer.verdict)) {
          throw new Undone('repeated');
        }
        const judgement = judge(before);
        const subject = readSubject(db.prepare(`${SELECT} WHERE decision_id = ?`).get(id));
        if (judgement === 'refuse' || subject === undefined) throw new Undone('refused');
        db.prepare('INSERT INTO governance_answers (decision_id, answer) VALUES (?, ?)').run(
          id,
          JSON.stringify(answer),
        );
        if (judgement === 'open') return;
        const state: RowState = answer.verdict === 'approve' ? 'approved' : 'ended';
        db.prepare('UPDATE governance_decisions SET state = ?, expires_at = ? WHERE decision_id = ?').run(
          state,
          approvalEnd(subject, [...before, answer]),
          id,
        );
      }).then((why) => (why === 'used-up' ? 'refused' : why)),
    use: (id, usedBy, single, event) =>
      appendOr(recorder, event, (db) => {
        const used = recordUse(db, { decisionId: id, usedBy, single });
        if (used !== 'recorded') throw new Undone(used);
      }).then((why) => (why === 'refused' ? 'used-up' : why)),
    get: (id) => readSubject(rows('get', id)[0]),
    uses: (id) => usesOf(rows('uses', id, MAX_USES)).toReversed(),
    events: (id) => govEvents(recorder, id),
    list: ({ now, all, limit }) =>
      rows(all ? 'everything' : 'open', ...(all ? [limit] : [now, limit])).flatMap(readRow),
    countOpen: (now) => countOf(rows('count', now)[0]),
    countOpenOf: (actorId, now) => countOf(rows('countOf', actorId, now)[0]),
    find: ({ targetRef, kindRef, usedBy, now }) =>
      rows('find', targetRef, kindRef ?? targetRef, usedBy, now).map((row) => String(row['decision_id'])),
    complete: (prefix) => rows('complete', prefix).map((row) => String(row['decision_id'])),
  };
}

/**
 * Writes a use inside a transaction of the recorder. Nothing is written when it is a repeat of a use, one too many, or of a
 * decision that somebody took back meanwhile.
 */
export function recordUse(
  db: DatabaseSync,
  { decisionId, usedBy, single }: Pick<PreparedUse, 'decisionId' | 'usedBy' | 'single'>,
): 'recorded' | 'repeated' | 'used-up' {
  const own = db.prepare('SELECT 1 FROM governance_uses WHERE decision_id = ? AND used_by = ?').get(decisionId, usedBy);
  if (own !== undefined) return 'repeated';
  const any = single && db.prepare('SELECT 1 FROM governance_uses WHERE decision_id = ? LIMIT 1').get(decisionId);
  const row = db.prepare('SELECT state FROM governance_decisions WHERE decision_id = ?').get(decisionId);
  if (any || row?.['state'] !== 'approved') return 'used-up';
  db.prepare('INSERT INTO governance_uses VALUES (?, ?)').run(decisionId, usedBy);
  if (single) db.prepare('UPDATE governance_decisions SET spent = 1 WHERE decision_id = ?').run(decisionId);
  return 'recorded';
}

const GOV_TYPES = [
  'gov_decision_created',
  'gov_auto_signature_created',
  'gov_human_intervention_requested',
  'gov_human_intervention_received',
] as const;
/** Uses that are looked at, and shown. */
const MAX_USES = 20;

/** By type, because a planner may give its operation the id of a decision, and so have many events under it. */
function govEvents(recorder: FlightRecorder, id: string): FlightEvent[] {
  const found = GOV_TYPES.flatMap((type) => recorder.list({ op: id, type, limit: 1_000 }));
  // A decision for many uses has many; one for a single use has one.
  const applied = recorder.list({ op: id, type: 'gov_decision_applied', order: 'newest', limit: MAX_USES });
  return [...found, ...applied].toSorted((a, b) => a.seq - b.seq).map(({ event }) => event);
}

async function insertCase(
  recorder: FlightRecorder,
  subject: DecisionCase,
  events: readonly FlightEvent[],
  maxPending: number,
): Promise<void> {
  const { detail, ...rest } = subject;
  await recorder.append(events, (db) => {
    db.exec(SCHEMA);
    const { gateType, targetRef } = subject;
    const end = db.prepare(
      "UPDATE governance_decisions SET state = 'ended' WHERE target_ref = ? AND gate_type = ? AND state = 'open' AND expires_at <= ?",
    );
    end.run(targetRef, gateType, subject.createdAt);
    const insert = db.prepare(
      `INSERT OR IGNORE INTO governance_decisions
        (decision_id, gate_type, target_ref, kind_ref, state, spent, expires_at, subject, detail)
        VALUES (?, ?, ?, ?, ?, 0, ?, ?, ?)`,
    );
    const written = insert.run(
      subject.decisionId,
      gateType,
      targetRef,
      subject.kindRef ?? null,
      FIRST_STATE[subject.outcome],
      subject.expiresAt,
      JSON.stringify(rest),
      detail ?? null,
    );
    if (Number(written.changes) !== 1) throw new AlreadyAsked(targetRef);
    // Counted with the row in place, in its transaction: of many at once none is one too many.
    const waiting = countOf(db.prepare(COUNT_OF).get(subject.actor.id, subject.createdAt));
    if (subject.outcome === 'human' && waiting > maxPending) throw tooMany();
  });
}

async function appendOr(
  recorder: FlightRecorder,
  event: FlightEvent,
  companion: (db: DatabaseSync) => void,
): Promise<'recorded' | Undone['why']> {
  try {
    await recorder.append([event], companion);
    return 'recorded';
  } catch (error) {
    if (error instanceof Undone) return error.why;
    throw error;
  }
}

type StatementName = 'get' | 'uses' | 'open' | 'everything' | 'count' | 'countOf' | 'find' | 'complete';

const SELECT = 'SELECT decision_id, state, expires_at, subject, detail FROM governance_decisions';
const SELECT_SHORT = 'SELECT decision_id, state, expires_at, subject FROM governance_decisions';

const COUNT_OF = `SELECT count(*) AS count FROM governance_decisions
  WHERE state = 'open' AND ${ACTOR_ID} = ? AND expires_at > ?`;

/** Statements over tables that may not be there yet. */
function lazyStatements(db: DatabaseSync): () => Record<StatementName, StatementSync> | undefined {
  let known: Record<StatementName, StatementSync> | undefined;
  return () => {
    if (known !== undefined) return known;
    if (db.prepare('SELECT 1 FROM sqlite_schema WHERE name = ?').get(LAST_PART) === undefined) return undefined;
    known = {
      get: db.prepare(`${SELECT} WHERE decision_id = ?`),
      uses: db.prepare('SELECT used_by FROM governance_uses WHERE decision_id = ? ORDER BY rowid DESC LIMIT ?'),
      open: db.prepare(`${SELECT_SHORT} WHERE state = 'open' AND expires_at > ? ORDER BY seq DESC LIMIT ?`),
      everything: db.prepare(`${SELECT_SHORT} ORDER BY seq DESC LIMIT ?`),
      count: db.prepare("SELECT count(*) AS count FROM governance_decisions WHERE state = 'open' AND expires_at > ?"),
      countOf: db.prepare(COUNT_OF),
      find: db.prepare(
        `SELECT decision_id FROM governance_decisions d
          WHERE (target_ref = ?1 OR (kind_ref = ?2 AND state = 'approved')) AND state <> 'halted' AND expires_at > ?4
            AND (spent = 0 OR EXISTS (SELECT 1 FROM governance_uses u WHERE u.decision_id = d.decision_id AND used_by = ?3))
          ORDER BY seq DESC LIMIT 50`,
      ),
      complete: db.prepare(
        "SELECT decision_id FROM governance_decisions WHERE decision_id >= ?1 AND decision_id < ?1 || 'g' LIMIT 2",
      ),
    };
    return known;
  };
}

function countOf(row: Record<string, unknown> | undefined): number {
  return Number(row?.['count'] ?? 0);
}

function tooMany(): MexError<ApprovalErrorCode> {
  const { reason: message, remedy } = approvalDenial({ code: 'APPROVAL_LIMIT', approvalId: '', asked: false });
  return new MexError({ code: 'APPROVAL_LIMIT', kind: 'policy', message, remedy, retryable: true });
}

function usesOf(rows: readonly Record<string, unknown>[]): string[] {
  return rows.map((row) => String(row['used_by']));
}

/** Stored bytes are a door: an answer that cannot be read is none. */
function readAnswers(rows: readonly Record<string, unknown>[]): Answer[] {
  return rows.flatMap((row) => parseAnswer(parseText(row['answer'])) ?? []);
}

/** A case that cannot be read is none; whether it is the one that was recorded, the log says. */
function readSubject(row: Record<string, unknown> | undefined): DecisionCase | undefined {
  const subject = parseCase(parseText(row?.['subject']));
  const detail = row?.['detail'];
  return subject === undefined || typeof detail !== 'string' ? subject : { ...subject, detail };
}

function parseText(text: unknown): unknown {
  try {
    return parseStrictJson(String(text));
  } catch (error) {
    // Changed by something that is not MEX; its reader makes nothing of it.
    if (error instanceof MexError) return undefined;
    throw error;
  }
}

function readRow(row: Record<string, unknown>): InboxRow[] {
  const { state } = row;
  const subject = readSubject(row);
  if (subject === undefined || !isRowState(state)) return [];
  return [{ subject, state, expiresAt: Number(row['expires_at']) }];
}

function isRowState(state: unknown): state is RowState {
  return state === 'open' || state === 'approved' || state === 'ended' || state === 'halted';
}
