import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type VerifyReport, verifierKeyOf, verifyLog } from '@mex/flight-recorder';
import { beforeAll, describe, expect, it } from 'vitest';
import { leafHash } from '../../src/merkle/hash.ts';
import { events, openAt, type Place, PROBLEM_BASE, place, report, SYSTEM, sha, tempDir } from '../support/samples.ts';

const COUNT = 12;

let template: (Place & { readonly kept: string; readonly bytes: Buffer }) | undefined;

beforeAll(async () => {
  const made = await makeLog();
  template = { ...made, bytes: readFileSync(made.file) };
});

/** A copy of a closed, signed log of 12 events in two checkpoints, with two problems. */
function signedLog(): Place & { readonly kept: string } {
  if (template === undefined) throw new Error('no template');
  const dir = tempDir();
  const file = join(dir, 'log.db');
  writeFileSync(file, template.bytes);
  return { ...template, dir, file };
}

async function makeLog(): Promise<Place & { readonly kept: string }> {
  const where = place();
  const recorder = openAt(where);
  await recorder.append(events(0, 4));
  recorder.checkpoint();
  await recorder.append(events(4, 4));
  await recorder.problems.report(report(1), PROBLEM_BASE);
  await recorder.problems.report(report(2, { severity: 'fatal' }), PROBLEM_BASE);
  await recorder.problems.report(report(1), PROBLEM_BASE);
  const problem = recorder.problems.list({ severity: 'fatal' })[0];
  await recorder.problems.setStatus(problem?.id ?? '', 'resolved', SYSTEM);
  const kept = recorder.checkpoint();
  await recorder.close();
  return { ...where, kept };
}

/** Changes the database behind the recorder's back, triggers gone. */
function tamper(file: string, work: (db: DatabaseSync) => void): void {
  const db = new DatabaseSync(file);
  const triggers = db.prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").all();
  for (const { name } of triggers) db.exec(`DROP TRIGGER ${String(name)}`);
  work(db);
  // A careful attacker leaves no trace in the schema.
  for (const { sql } of triggers) db.exec(String(sql));
  db.close();
}

function codes(found: VerifyReport): string[] {
  return [...new Set(found.problems.map((problem) => problem.code))].toSorted();
}

/** Puts an event text in the place of another, with a leaf hash that fits it. */
function forge(db: DatabaseSync, seq: number, payload: string): void {
  db.prepare('UPDATE events SET payload = ?, leaf_hash = ? WHERE seq = ?').run(payload, leafHash(payload), seq);
}

function payloadOf(db: DatabaseSync, seq: number): string {
  return String(db.prepare('SELECT payload FROM events WHERE seq = ?').get(seq)?.['payload']);
}

const COLUMNS = 'event_id, type, subject, activity_span_id, session_span_id, timestamp, leaf_hash, payload';

const ATTACKS: Record<string, (db: DatabaseSync) => void> = {
  'one byte of a payload': (db) => {
    db.exec("UPDATE events SET payload = replace(payload, 'agent-1', 'agent-2') WHERE seq = 5");
  },
  'one byte of a payload, leaf hash recomputed': (db) => {
    forge(db, 5, payloadOf(db, 5).replace('agent-1', 'agent-2'));
  },
  'one byte of the last payload, leaf hash recomputed': (db) => {
    forge(db, COUNT - 1, payloadOf(db, COUNT - 1).replace('"test"', '"tesT"'));
  },
  'a payload that is no JSON any more': (db) => forge(db, 3, 'x'),
  'a payload with white space': (db) => forge(db, 3, ` ${payloadOf(db, 3)}`),
  'a payload that is no UTF-8': (db) => {
    db.exec("UPDATE events SET payload = CAST(x'ff' AS TEXT) WHERE seq = 3");
  },
  'a leaf hash': (db) => {
    db.exec('UPDATE events SET leaf_hash = zeroblob(32) WHERE seq = 5');
  },
  'the column event_id': (db) => {
    db.exec("UPDATE events SET event_id = 'x' WHERE seq = 5");
  },
  'the column type': (db) => {
    db.exec("UPDATE events SET type = 'diagnostic' WHERE seq = 5");
  },
  'the column subject': (db) => {
    db.exec('UPDATE events SET subject = NULL WHERE seq = 5');
  },
  'the column activity_span_id': (db) => {
    db.exec("UPDATE events SET activity_span_id = 'other' WHERE seq = 5");
  },
  'the column session_span_id': (db) => {
    db.exec('UPDATE events SET session_span_id = NULL WHERE seq = 5');
  },
  'the column timestamp': (db) => {
    db.exec('UPDATE events SET timestamp = timestamp + 1 WHERE seq = 5');
  },
  'the first event gone': (db) => {
    db.exec('DELETE FROM events WHERE seq = 0');
  },
  'a middle event gone': (db) => {
    db.exec('DELETE FROM events WHERE seq = 6');
  },
  'a middle event gone, the rest moved up': (db) => {
    db.exec('DELETE FROM events WHERE seq = 6');
    for (let seq = 7; seq < COUNT; seq += 1) db.exec(`UPDATE events SET seq = ${seq - 1} WHERE seq = ${seq}`);
  },
  'the last event gone': (db) => {
    db.exec(`DELETE FROM events WHERE seq = ${COUNT - 1}`);
  },
  'the last event gone, head cut back': (db) => {
    db.exec(`DELETE FROM events WHERE seq = ${COUNT - 1}`);
    db.exec(`UPDATE log_head SET size = ${COUNT - 1}, frontier = zeroblob(96)`);
    db.exec(`DELETE FROM log_checkpoints WHERE size = ${COUNT}`);
  },
  'all events gone': (db) => {
    db.exec('DELETE FROM events');
  },
  'two events swapped': (db) => {
    db.exec(
      'UPDATE events SET seq = 100 WHERE seq = 2; UPDATE events SET seq = 2 WHERE seq = 3; UPDATE events SET seq = 3 WHERE seq = 100',
    );
  },
  'an event added at the end': (db) => {
    const payload = payloadOf(db, 5).replace(/"event_id":"./, '"event_id":"0');
    db.exec(
      `INSERT INTO events (seq, ${COLUMNS}) SELECT ${COUNT}, 'x' || event_id, ${COLUMNS.slice(10)} FROM events WHERE seq = 5`,
    );
    db.prepare('UPDATE events SET payload = ?, leaf_hash = ?, event_id = ? WHERE seq = ?').run(
      payload,
      leafHash(payload),
      String(JSON.parse(payload).event_id),
      COUNT,
    );
  },
  'an event added in the middle, the rest moved down': (db) => {
    for (let seq = COUNT - 1; seq >= 6; seq -= 1) db.exec(`UPDATE events SET seq = ${seq + 1} WHERE seq = ${seq}`);
    db.exec(
      `INSERT INTO events (seq, ${COLUMNS}) SELECT 6, 'x' || event_id, ${COLUMNS.slice(10)} FROM events WHERE seq = 5`,
    );
  },
  'an event before the first': (db) => {
    db.exec(
      `INSERT INTO events (seq, ${COLUMNS}) SELECT -1, 'x' || event_id, ${COLUMNS.slice(10)} FROM events WHERE seq = 5`,
    );
  },
  'the size in the head': (db) => {
    db.exec('UPDATE log_head SET size = size + 1');
  },
  'the tree in the head': (db) => {
    db.exec('UPDATE log_head SET frontier = zeroblob(length(frontier))');
  },
  'the seal': (db) => {
    db.exec('UPDATE log_head SET seal = zeroblob(32)');
  },
  'the message of a problem': (db) => {
    db.exec("UPDATE problems SET report = replace(report, 'Something', 'Nothing')");
  },
  'the first time of a problem': (db) => {
    db.exec("UPDATE problems SET first_seen = '2026-01-01T00:00:00Z'");
  },
  'the last time of a problem': (db) => {
    db.exec("UPDATE problems SET last_seen = '2026-01-01T00:00:00Z'");
  },
  'no head': (db) => {
    db.exec('DELETE FROM log_head');
  },
  'another key': (db) => {
    db.exec("UPDATE log_head SET verifier_key = replace(verifier_key, 'mex.log', 'mex.lug')");
  },
  'a claimed retention': (db) => {
    db.exec('UPDATE log_head SET base = 4, base_frontier = (SELECT frontier FROM log_checkpoints WHERE size = 4)');
    db.exec('DELETE FROM events WHERE seq < 4');
  },
  'the root in a checkpoint': (db) => {
    const note = String(db.prepare('SELECT note FROM log_checkpoints WHERE size = 4').get()?.['note']);
    db.prepare('UPDATE log_checkpoints SET note = ? WHERE size = 4').run(note.replace(/\n4\n./, '\n4\n_'));
  },
  'the signature of a checkpoint': (db) => {
    const note = String(db.prepare('SELECT note FROM log_checkpoints WHERE size = 4').get()?.['note']);
    db.prepare('UPDATE log_checkpoints SET note = ? WHERE size = 4').run(note.replace(/.{6}=\n$/, 'AAAAAA=\n'));
  },
  'the size of a checkpoint': (db) => {
    db.exec('UPDATE log_checkpoints SET size = 5 WHERE size = 4');
  },
  'the tree of a checkpoint': (db) => {
    db.exec('UPDATE log_checkpoints SET frontier = zeroblob(32) WHERE size = 4');
  },
  'a checkpoint for more than there is': (db) => {
    db.exec('INSERT INTO log_checkpoints SELECT 99, note, frontier FROM log_checkpoints WHERE size = 4');
  },
  'the title of a problem': (db) => {
    db.exec("UPDATE problems SET report = replace(report, 'Problem 1', 'Problem 3')");
  },
  'the severity of a problem': (db) => {
    db.exec("UPDATE problems SET severity = 'hint' WHERE severity = 'fatal'");
  },
  'the status of a problem': (db) => {
    db.exec("UPDATE problems SET status = 'muted' WHERE status = 'open'");
  },
  'the count of a problem': (db) => {
    db.exec('UPDATE problems SET count = 1');
  },
  'a problem gone': (db) => {
    db.exec("DELETE FROM problems WHERE severity = 'fatal'");
  },
  'a problem added': (db) => {
    db.exec(
      "INSERT INTO problems SELECT 'x', fingerprint, severity, status, count, first_seen, last_seen, report, seal FROM problems LIMIT 1",
    );
  },
};

describe('[§11] whoever changes the database without the key is found out', () => {
  for (const [name, attack] of Object.entries(ATTACKS)) {
    it(name, async () => {
      const log = signedLog();
      expect(await verifyLog(log.file, log)).toMatchObject({ ok: true, trust: 'signer', size: COUNT, problems: [] });
      tamper(log.file, attack);
      const found = await verifyLog(log.file, { signer: log.signer });
      expect(found.ok).toBe(false);
      expect(found.problems.length).toBeGreaterThan(0);
      const outside = await verifyLog(log.file, { publicKey: verifierKeyOf(log.signer) });
      const unseen = ['the seal', 'the message of a problem'];
      expect(outside.ok).toBe(unseen.includes(name));
    });
  }
});

describe('what is found is named', () => {
  it('the event, its id and the range that was signed', async () => {
    const log = signedLog();
    tamper(log.file, (db) => forge(db, 5, payloadOf(db, 5).replace('agent-1', 'agent-2')));
    const found = await verifyLog(log.file, log);
    expect(codes(found)).toEqual(['CHECKPOINT_MISMATCH', 'ROOT_MISMATCH']);
    expect(found.problems[0]?.message).toBe('Events 4 to 11 are not the ones that were signed.');
    tamper(log.file, (db) => db.exec("UPDATE events SET type = 'diagnostic' WHERE seq = 5"));
    const column = (await verifyLog(log.file, log)).problems.find((problem) => problem.code === 'COLUMN_CHANGED');
    expect(column).toMatchObject({ seq: 5, event_id: expect.any(String), message: expect.stringContaining('type') });
  });

  it('gaps once each', async () => {
    const log = signedLog();
    tamper(log.file, (db) => db.exec('DELETE FROM events WHERE seq IN (2, 3, 8)'));
    const gaps = (await verifyLog(log.file, log)).problems.filter((problem) => problem.code === 'EVENT_MISSING');
    expect(gaps.map((gap) => gap.message)).toEqual(['Events 2 to 3 are missing.', 'Events 8 to 8 are missing.']);
  });

  it('missing triggers and indexes', async () => {
    const log = signedLog();
    const db = new DatabaseSync(log.file);
    db.exec('DROP TRIGGER events_stay; DROP INDEX events_by_id');
    db.close();
    const found = await verifyLog(log.file, log);
    expect(found.problems.filter((problem) => problem.code === 'SCHEMA_CHANGED')).toHaveLength(2);
  });
});

describe('a log that was cut back', () => {
  it('[§11] is found with a kept checkpoint, even when an earlier state was restored whole', async () => {
    const log = signedLog();
    const earlier = `${log.file}.earlier`;
    copyFileSync(log.file, earlier);
    const recorder = openAt(log);
    await recorder.append(events(50, 5));
    const kept = recorder.checkpoint();
    await recorder.close();
    expect(await verifyLog(log.file, { ...log, keptCheckpoint: kept })).toMatchObject({ ok: true });
    expect(await verifyLog(log.file, { ...log, keptCheckpoint: log.kept })).toMatchObject({ ok: true });
    copyFileSync(earlier, log.file);
    rmSync(`${log.file}.sum`);
    // The seal and the signatures of an earlier state are genuine: nothing inside the file can tell.
    expect(await verifyLog(log.file, log)).toMatchObject({ ok: true, size: COUNT });
    const found = await verifyLog(log.file, { ...log, keptCheckpoint: kept });
    expect(codes(found)).toEqual(['LOG_TRUNCATED']);
  });

  it('a kept checkpoint of another log, another key or another history is refused', async () => {
    const log = signedLog();
    const other = await makeLog();
    expect(codes(await verifyLog(log.file, { ...log, keptCheckpoint: other.kept }))).toEqual([
      'KEPT_CHECKPOINT_INVALID',
    ]);
    expect(codes(await verifyLog(log.file, { ...log, keptCheckpoint: 'x' }))).toEqual(['KEPT_CHECKPOINT_INVALID']);
    expect(codes(await verifyLog(log.file, { keptCheckpoint: other.kept }))).toEqual(['KEPT_CHECKPOINT_MISMATCH']);
  });

  it('without a key only accidents are found, and the report says so', async () => {
    const log = signedLog();
    expect(await verifyLog(log.file)).toMatchObject({ ok: true, trust: 'none' });
    tamper(log.file, (db) => forge(db, 5, payloadOf(db, 5).replace('agent-1', 'agent-2')));
    expect((await verifyLog(log.file)).ok).toBe(false);
  });
});

describe('events behind the newest checkpoint', () => {
  it('[§11] are covered by the seal; without the key they are reported as unsigned', async () => {
    const where = place();
    const recorder = openAt(where);
    await recorder.append(events(0, 3));
    recorder.checkpoint();
    await recorder.append(events(3, 3));
    const publicKey = verifierKeyOf(where.signer);
    expect(await verifyLog(where.file, where)).toMatchObject({ ok: true, signed_size: 3, size: 6 });
    expect(codes(await verifyLog(where.file, { publicKey }))).toEqual(['TAIL_UNSIGNED']);
    tamper(where.file, (db) => forge(db, 4, payloadOf(db, 4).replace('agent-1', 'agent-2')));
    expect(codes(await verifyLog(where.file, where))).toEqual(['ROOT_MISMATCH']);
  });
});

describe('bytes of the file', () => {
  it('[§11] a flipped byte anywhere in an event is found', async () => {
    const log = signedLog();
    const good = readFileSync(log.file);
    const at = good.indexOf('"reason":"reason-5"');
    for (const offset of [at - 200, at - 60, at, at + 14, at + 60, at + 120]) {
      const bytes = Buffer.from(good);
      bytes[offset] = (bytes[offset] ?? 0) ^ 0x01;
      writeFileSync(log.file, bytes);
      expect((await verifyLog(log.file, log)).ok, `byte ${offset}`).toBe(false);
    }
  });

  it('[§11] a flipped byte anywhere in the file is found, or changes nothing that is recorded', async () => {
    const log = signedLog();
    const good = readFileSync(log.file);
    const dump = (): string => {
      const db = new DatabaseSync(log.file, { readOnly: true });
      try {
        const tables = ['events', 'log_head', 'log_checkpoints', 'problems'];
        return sha(JSON.stringify(tables.map((table) => db.prepare(`SELECT * FROM ${table}`).all())));
      } finally {
        db.close();
      }
    };
    const before = dump();
    let found = 0;
    const step = 97;
    for (let offset = 0; offset < good.length; offset += step) {
      const bytes = Buffer.from(good);
      bytes[offset] = (bytes[offset] ?? 0) ^ (1 << (offset % 8));
      writeFileSync(log.file, bytes);
      try {
        const verified = await verifyLog(log.file, log);
        if (verified.ok) expect(dump(), `byte ${offset}`).toBe(before);
        else found += 1;
      } catch (error) {
        expect(error, `byte ${offset}`).toMatchObject({ code: expect.stringMatching(/^LOG_/) });
        found += 1;
      }
    }
    expect(found).toBeGreaterThan(20);
    writeFileSync(log.file, good);
    expect((await verifyLog(log.file, log)).ok).toBe(true);
  });

  it('a truncated or emptied file is a typed error or a finding', async () => {
    const log = signedLog();
    const good = readFileSync(log.file);
    for (const length of [0, 1, 100, 4096, good.length >> 1, good.length - 4096]) {
      writeFileSync(log.file, good.subarray(0, length));
      let verdict: unknown;
      try {
        verdict = (await verifyLog(log.file, log)).ok;
      } catch (error) {
        verdict = error;
      }
      if (verdict !== false) expect(verdict, `${length} bytes`).toMatchObject({ code: expect.stringMatching(/^LOG_/) });
    }
  });
});
