import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { CHECKERS, type ConsentRecord, parseStrictJson } from '@mex/envelope';
import type { FlightRecorder } from '@mex/flight-recorder';
import type { ConsentFilter, ConsentStore } from '@mex/governance';

/*
 * Consents in the recorder's database, so that a consent and its event are on the disk together. Both tables only grow.
 * They are made with the first consent: a home without any pays nothing.
 */
const SCHEMA = `
CREATE TABLE IF NOT EXISTS governance_consents (
  seq INTEGER PRIMARY KEY,
  consent_id TEXT NOT NULL UNIQUE,
  actor_id TEXT NOT NULL,
  valid_until INTEGER NOT NULL,
  record TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS governance_revocations (
  seq INTEGER PRIMARY KEY,
  consent_id TEXT NOT NULL UNIQUE,
  revocation TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS governance_consents_by_end ON governance_consents (actor_id, valid_until);
`;

const SELECT = `SELECT c.consent_id, c.record, r.revocation
  FROM governance_consents c LEFT JOIN governance_revocations r USING (consent_id)`;
const DEFAULT_LIMIT = 1_000;

/** A revocation with its place in the order of revocations. */
export interface RevocationRow {
  readonly seq: number;
  readonly consentId: string;
}

export interface ConsentTables extends ConsentStore {
  /** Revocations beyond a place, in order; those of other processes as well. */
  readonly revocationsAfter: (seq: number) => RevocationRow[];
  readonly lastRevocation: () => number;
}

/** Consents of a home. Also over a recorder that was opened for reading; then every write is refused. */
export function createConsentTables(recorder: FlightRecorder): ConsentTables {
  const { database } = recorder;
  const statements = lazyStatements(database);
  return {
    async insert(record, event) {
      await recorder.append([event], (db) => {
        db.exec(SCHEMA);
        db.prepare(
          'INSERT INTO governance_consents (consent_id, actor_id, valid_until, record) VALUES (?, ?, ?, ?)',
        ).run(record.consent_id, record.actor_id, Date.parse(record.valid_until), JSON.stringify(record));
      });
    },
    async revoke(consentId, revocation, event) {
      try {
        await recorder.append([event], (db) => {
          const insert = db.prepare(
            'INSERT OR IGNORE INTO governance_revocations (consent_id, revocation) VALUES (?, ?)',
          );
          if (Number(insert.run(consentId, JSON.stringify(revocation)).changes) !== 1) throw new AlreadyRevoked();
        });
        return true;
      } catch (error) {
        if (error instanceof AlreadyRevoked) return false;
        throw error;
      }
    },
    get(consentId) {
      const row = statements()?.get.get(consentId);
      return row === undefined ? undefined : readRecord(row);
    },
    list: (filter) => listRecords(statements(), filter),
    evidence(consentId) {
      const find = (subject: string) => recorder.list({ op: consentId, type: 'system', subject, limit: 1 })[0]?.event;
      const granted = find('consent.granted');
      if (granted?.type !== 'system' || granted.subject !== 'consent.granted') return undefined;
      return { recordSha256: granted.body.record_sha256, revoked: find('consent.revoked') !== undefined };
    },
    standing(consentId) {
      const row = statements()?.standing.get(consentId);
      if (row === undefined) return undefined;
      return { validUntil: Number(row['valid_until']), revoked: row['revoked'] === 1 };
    },
    revocationsAfter: (seq) =>
      (statements()?.revoked.all(seq) ?? []).map((row) => ({
        seq: Number(row['seq']),
        consentId: String(row['consent_id']),
      })),
    lastRevocation: () => Number(statements()?.last.get()?.['seq'] ?? 0),
  };
}

/** Undoes the event of a revocation that somebody else was faster with. */
class AlreadyRevoked extends Error {}

type Statements = Record<'get' | 'list' | 'standing' | 'revoked' | 'last', StatementSync>;

/** Statements over tables that may not be there yet. */
function lazyStatements(db: DatabaseSync): () => Statements | undefined {
  let known: Statements | undefined;
  return () => {
    if (known !== undefined) return known;
    const found = db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'governance_consents_by_end'").get();
    if (found === undefined) return undefined;
    known = {
      get: db.prepare(`${SELECT} WHERE c.consent_id = ?`),
      list: db.prepare(
        `${SELECT} WHERE (?1 IS NULL OR c.actor_id = ?1)
          AND (?2 IS NULL OR (c.valid_until > ?2 AND r.consent_id IS NULL)) ORDER BY c.seq DESC LIMIT ?3`,
      ),
      standing: db.prepare(
        `SELECT valid_until, EXISTS (SELECT 1 FROM governance_revocations WHERE consent_id = ?1) AS revoked
          FROM governance_consents WHERE consent_id = ?1`,
      ),
      revoked: db.prepare('SELECT seq, consent_id FROM governance_revocations WHERE seq > ? ORDER BY seq'),
      last: db.prepare('SELECT max(seq) AS seq FROM governance_revocations'),
    };
    return known;
  };
}

function listRecords(statements: Statements | undefined, filter: ConsentFilter): ConsentRecord[] {
  const rows = statements?.list.all(filter.actorId ?? null, filter.liveAt ?? null, filter.limit ?? DEFAULT_LIMIT) ?? [];
  return rows.flatMap((row) => readRecord(row) ?? []);
}

/** Stored bytes are a door: a row that is no consent is none. */
function readRecord(row: Record<string, unknown>): ConsentRecord | undefined {
  try {
    const { record, revocation } = row;
    const value: unknown = parseStrictJson(String(record));
    const whole =
      typeof revocation === 'string' ? { ...Object(value), revocation: parseStrictJson(revocation) } : value;
    return CHECKERS.consent.check(whole) && whole.consent_id === row['consent_id'] ? whole : undefined;
  } catch {
    return undefined;
  }
}
