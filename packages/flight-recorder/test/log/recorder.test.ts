import { existsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { FlightEvent } from '@mex/envelope';
import { createFileSigner, newEventId, openRecorder } from '@mex/flight-recorder';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { event, events, onEnd, openAt, place, rejection, START, sha, tempDir, uuid } from '../support/samples.ts';

describe('append', () => {
  it('[§11] stores the canonical event and gives it back', async () => {
    const { file, signer } = place();
    const recorder = openAt({ file, signer });
    await recorder.append(events(0, 3));
    expect(recorder.size()).toBe(3);
    expect(recorder.get(uuid(1))).toEqual({ seq: 1, event: event(1) });
    const row = recorder.database.prepare('SELECT payload FROM events WHERE seq = 0').get();
    expect(Object.keys(JSON.parse(String(row?.['payload'])))).toEqual(Object.keys(event(0)).sort());
  });

  it('[§11] refuses a bad shape with HSK-400-INVALID-EVENT naming the place, and records nothing of that append', async () => {
    const { file, signer } = place();
    const recorder = openAt({ file, signer });
    const bad = [
      [{ ...event(1), type: 'nonsense' }, '/type'],
      [{ ...event(1), subject: 'nonsense' }, '/type'],
      [{ ...event(1), extra: 1 }, '/extra'],
      [{ ...event(1), actor: { kind: 'robot', id: 'x' } }, '/actor/kind'],
      [{ ...event(1), event_id: 'x' }, '/event_id'],
      [{ ...event(1), timestamp: '2026-01-01' }, '/timestamp'],
    ] as const;
    for (const [value, where] of bad) {
      const error = await rejection(recorder.append([event(0), value as unknown as FlightEvent]));
      expect(error.code).toBe('HSK-400-INVALID-EVENT');
      expect(String(error.message)).toContain('Event 1 ');
      expect(String(error.message)).toContain(where);
    }
    expect(recorder.size()).toBe(0);
  });

  it('[§11] any JSON is either recorded or refused with HSK-400-INVALID-EVENT', async () => {
    const { file, signer } = place();
    const recorder = openAt({ file, signer });
    let next = 0;
    const broken = fc
      .tuple(fc.constantFrom(...Object.keys(event(0)), 'body.reason', 'x', '__proto__'), fc.jsonValue(), fc.boolean())
      .map(([key, value, remove]) => {
        const copy = structuredClone(event(next++)) as unknown as Record<string, unknown>;
        if (remove) delete copy[key];
        else if (key.startsWith('body.')) (copy['body'] as Record<string, unknown>)['reason'] = value;
        else copy[key] = value;
        return copy;
      });
    let refused = 0;
    let recorded = 0;
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.jsonValue(), broken, fc.object(), fc.anything()), async (value) => {
        try {
          await recorder.append([value as FlightEvent]);
          recorded += 1;
        } catch (error) {
          expect(error).toMatchObject({ code: 'HSK-400-INVALID-EVENT' });
          refused += 1;
        }
      }),
      { seed: 400, numRuns: 400 },
    );
    expect(recorder.size()).toBe(recorded);
    expect(refused).toBeGreaterThan(100);
    expect(recorded).toBeGreaterThan(5);
    expect(await recorder.verify()).toMatchObject({ ok: true, size: recorded });
  });

  it('refuses what has no canonical form, accessors included', async () => {
    const { file, signer } = place();
    const recorder = openAt({ file, signer });
    let asked = 0;
    const moving = {
      ...event(0),
      get job_id() {
        asked += 1;
        return asked === 1 ? 'job' : { not: 'a string' };
      },
    };
    // Read once or not at all: what was checked is what is stored.
    await recorder.append([moving as unknown as FlightEvent]).catch(() => undefined);
    expect(recorder.list().every((one) => one.event.job_id === 'job')).toBe(true);
    const recorded = recorder.size();
    const lone = { ...event(0), job_id: 'a\ud800b' } as FlightEvent;
    expect(await rejection(recorder.append([lone]))).toMatchObject({ code: 'HSK-400-INVALID-EVENT' });
    expect(recorder.size()).toBe(recorded);
    expect((await recorder.verify()).ok).toBe(true);
  });

  it('[§9] masks secrets before anything is hashed or stored', async () => {
    const { file, signer } = place();
    const recorder = openAt({ file, signer });
    const token = `ghp_${'a1B2c3D4e5F6g7H8i9J0'.repeat(2).slice(0, 36)}`;
    const terminal: FlightEvent = {
      event_id: uuid('t'),
      type: 'terminal_command',
      timestamp: new Date(START).toISOString(),
      actor: { kind: 'system', id: 'x' },
      session_id: 's',
      cwd: '/w',
      command: 'curl',
      args: ['-H', `Authorization: token ${token}`, 'a\\b\n'],
      exit_code: 0,
      duration_ms: 1.5,
      stdout_ref: null,
      stderr_ref: null,
      env_ref: null,
    };
    await recorder.append([terminal, event(0)]);
    expect(JSON.stringify(recorder.list())).not.toContain(token);
    expect(JSON.stringify(recorder.get(uuid('t')))).toContain('***REDACTED***');
    // Clean members of an event seen before must not make a secret in another place invisible.
    await recorder.append([
      { ...event(1), job_id: token },
      { ...event(2), job_id: token },
    ]);
    expect(JSON.stringify(recorder.list())).not.toContain(token);
    expect((await recorder.verify()).ok).toBe(true);
  });

  it('never masks ids and hashes, whatever a pattern takes them for', async () => {
    const { file, signer } = place();
    const redactJson = (value: unknown) =>
      JSON.parse(JSON.stringify(value).replaceAll(/"[0-9a-f-]{36,64}"/g, '"masked"'));
    const recorder = openAt({
      file,
      signer,
      redactor: { containsSecret: () => true, redactJson },
    });
    const bundle: FlightEvent = {
      event_id: uuid('b'),
      type: 'debug_bundle_export',
      timestamp: new Date(START).toISOString(),
      actor: { kind: 'human', id: 'me' },
      bundle_id: uuid('bundle'),
      scope: 'run',
      redaction_mode: 'SAFE_DEFAULT',
      included_ids: [uuid('x'), sha('y')],
      missing_evidence: [],
    };
    await recorder.append([bundle, event(1)]);
    expect(recorder.list().map((one) => one.event)).toEqual([bundle, event(1)]);
  });

  it('uses the redactor it is given', async () => {
    const { file, signer } = place();
    const redactor = {
      containsSecret: (text: string) => text.includes('agent-1'),
      redactJson: (value: unknown) => JSON.parse(JSON.stringify(value).replaceAll('agent-1', 'masked')),
    };
    const recorder = openAt({ file, signer, redactor });
    await recorder.append([event(0)]);
    expect(recorder.get(uuid(0))?.event.actor.id).toBe('masked');
  });

  it('refuses an event id that is taken, alone', async () => {
    const { file, signer } = place();
    const recorder = openAt({ file, signer });
    await recorder.append([event(0)]);
    const all = await Promise.allSettled([
      recorder.append([event(1)]),
      recorder.append([event(2), event(0)]),
      recorder.append([event(3)]),
    ]);
    expect(all.map((one) => one.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(await rejection(recorder.append([event(0)]))).toMatchObject({ code: 'HSK-400-INVALID-EVENT' });
    expect(recorder.list().map(({ event: { event_id } }) => event_id)).toEqual([uuid(0), uuid(1), uuid(3)]);
    expect((await recorder.verify()).ok).toBe(true);
  });

  it('keeps the order of appends, and one transaction takes all of one turn', async () => {
    const { file, signer } = place();
    const recorder = openAt({ file, signer });
    const reader = new DatabaseSync(file, { readOnly: true });
    onEnd(() => reader.close());
    const version = (): unknown => reader.prepare('PRAGMA data_version').get()?.['data_version'];
    await recorder.append([event(1000)]);
    const before = Number(version());
    await Promise.all(Array.from({ length: 200 }, (_, n) => recorder.append([event(n)])));
    expect(Number(version())).toBe(before + 1);
    expect(recorder.list({ limit: 500 }).map(({ seq }) => seq)).toEqual(Array.from({ length: 201 }, (_, n) => n));
    expect(recorder.list({ after: 0, limit: 500 }).map((one) => one.event.event_id)).toEqual(
      Array.from({ length: 200 }, (_, n) => uuid(n)),
    );
  });
});

describe('companion', () => {
  it('writes in the same transaction, sees the events, and fails only its own append', async () => {
    const { file, signer } = place();
    const recorder = openAt({ file, signer });
    recorder.database.exec('CREATE TABLE mine (n INTEGER) STRICT');
    const all = await Promise.allSettled([
      recorder.append([event(0)], (db) => db.exec('INSERT INTO mine SELECT count(*) FROM events')),
      recorder.append([event(1), event(2)], (db) => {
        db.exec('INSERT INTO mine VALUES (100)');
        throw new Error('no');
      }),
      recorder.append([], (db) => db.exec('INSERT INTO mine VALUES (7)')),
      recorder.append([event(3)], () => undefined),
    ]);
    expect(all.map((one) => one.status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
    expect(
      recorder.database
        .prepare('SELECT n FROM mine')
        .all()
        .map((row) => row['n']),
    ).toEqual([1, 7]);
    expect(recorder.list().map((one) => one.event.event_id)).toEqual([uuid(0), uuid(3)]);
    const error = await rejection(
      recorder.append([event(4)], () => {
        throw new TypeError('alone');
      }),
    );
    expect(error).toBeInstanceOf(TypeError);
    expect(recorder.size()).toBe(2);
    expect((await recorder.verify()).ok).toBe(true);
  });

  it('must not end the transaction or be asynchronous', async () => {
    const { file, signer } = place();
    const recorder = openAt({ file, signer });
    const both = await Promise.allSettled([
      recorder.append([event(0)], (db) => db.exec('ROLLBACK')),
      recorder.append([event(1)]),
    ]);
    expect(both.map((one) => one.status)).toEqual(['rejected', 'rejected']);
    expect(await rejection(recorder.append([event(2)], (async () => undefined) as () => void))).toBeInstanceOf(Error);
    await recorder.append([event(3)]);
    expect(recorder.list().map((one) => one.event.event_id)).toEqual([uuid(3)]);
    expect((await recorder.verify()).ok).toBe(true);
  });
});

describe('failing commits', () => {
  it('a full disk rejects every append of the batch with LOG_WRITE_FAILED, and the tree stays right', async () => {
    const { file, signer } = place();
    const recorder = openAt({ file, signer });
    await recorder.append(events(0, 5));
    const pages = Number(recorder.database.prepare('PRAGMA page_count').get()?.['page_count']);
    recorder.database.exec(`PRAGMA max_page_count = ${pages + 1}`);
    const batches = [events(10, 40), events(100, 40), events(200, 40)];
    const all = await Promise.allSettled(batches.map((batch) => recorder.append(batch)));
    expect(all.map((one) => one.status)).toEqual(['rejected', 'rejected', 'rejected']);
    for (const one of all) expect(one).toMatchObject({ reason: { code: 'LOG_WRITE_FAILED', retryable: true } });
    recorder.database.exec('PRAGMA max_page_count = 100000');
    await Promise.all(batches.map((batch) => recorder.append(batch)));
    expect(await recorder.verify()).toMatchObject({ ok: true, size: 125 });
  });

  it('a log that another program holds rejects with LOG_WRITE_FAILED', async () => {
    const { file, signer } = place();
    const recorder = openAt({ file, signer });
    recorder.database.exec('PRAGMA busy_timeout = 20');
    const other = new DatabaseSync(file);
    onEnd(() => other.close());
    other.exec('BEGIN IMMEDIATE');
    expect(await rejection(recorder.append([event(0)]))).toMatchObject({ code: 'LOG_WRITE_FAILED', retryable: true });
    other.exec('ROLLBACK');
    await recorder.append([event(0)]);
    expect(recorder.size()).toBe(1);
  });

  it('a changed head stops recording with LOG_HEAD_INVALID', async () => {
    const { file, signer } = place();
    const recorder = openAt({ file, signer });
    await recorder.append(events(0, 3));
    const other = new DatabaseSync(file);
    other.exec('UPDATE log_head SET size = 2');
    other.close();
    expect(await rejection(recorder.append([event(9)]))).toMatchObject({ code: 'LOG_HEAD_INVALID' });
    expect(() => openRecorder({ file, signer })).toThrow(expect.objectContaining({ code: 'LOG_HEAD_INVALID' }));
    expect(await rejection(recorder.close())).toMatchObject({ code: 'LOG_HEAD_INVALID' });
    expect(recorder.database.isOpen).toBe(false);
  });
});

describe('list and follow', () => {
  it('[§11] filters by operation, run, type, subject and time, from either end', async () => {
    const { file, signer } = place();
    const recorder = openAt({ file, signer });
    await recorder.append(Array.from({ length: 30 }, (_, n) => event(n, { op: n % 5, run: n % 3 })));
    const check: FlightEvent = {
      event_id: uuid('c'),
      type: 'capability_check',
      timestamp: new Date(START + 500).toISOString(),
      actor: { kind: 'system', id: 'x' },
      capability_id: 'net.http:a',
      actor_id: 'a',
      job_id: 'j',
      decision_outcome: 'deny',
    };
    await recorder.append([check]);
    const seqs = (filter: Parameters<typeof recorder.list>[0]): number[] => recorder.list(filter).map(({ seq }) => seq);
    expect(seqs({ op: uuid('op 2') })).toEqual([2, 7, 12, 17, 22, 27]);
    expect(seqs({ op: uuid('op 2'), run: uuid('run 0') })).toEqual([12, 27]);
    expect(seqs({ type: 'capability_check' })).toEqual([30]);
    expect(seqs({ subject: 'host.stopped', limit: 2, order: 'newest' })).toEqual([29, 28]);
    expect(seqs({ since: START + 28 })).toEqual([28, 29, 30]);
    expect(seqs({ after: 3, limit: 2 })).toEqual([4, 5]);
    expect(seqs({ after: 3, limit: 2, order: 'newest' })).toEqual([2, 1]);
    expect(seqs({ limit: 0 })).toEqual([]);
    expect(seqs({ op: "' OR 1=1 --" })).toEqual([]);
    expect(recorder.get('nothing')).toBeUndefined();
  });

  it('a damaged event is reported and never served', async () => {
    const { file, signer } = place();
    const recorder = openAt({ file, signer });
    await recorder.append(events(0, 3));
    const other = new DatabaseSync(file);
    other.exec(
      "DROP TRIGGER events_are_final; UPDATE events SET payload = replace(payload, 'agent-1', 'agent-2') WHERE seq = 1",
    );
    other.close();
    expect(() => recorder.list()).toThrow(expect.objectContaining({ code: 'LOG_ROW_INVALID' }));
    expect(() => recorder.get(uuid(1))).toThrow(expect.objectContaining({ code: 'LOG_ROW_INVALID' }));
    expect(recorder.get(uuid(2))?.seq).toBe(2);
  });

  it('follows what another recorder writes, and ends with its signal', async () => {
    const { file, signer } = place();
    const writer = openAt({ file, signer });
    await writer.append(events(0, 2));
    const reader = openAt({ file, readOnly: true });
    const stop = new AbortController();
    const seen: number[] = [];
    const following = (async () => {
      for await (const { seq } of reader.follow({ signal: stop.signal })) {
        seen.push(seq);
        if (seq === 5) stop.abort();
      }
    })();
    for (let n = 2; n < 6; n += 1) {
      await new Promise((resolve) => setTimeout(resolve, 30));
      await writer.append([event(n)]);
    }
    await following;
    expect(seen).toEqual([2, 3, 4, 5]);
  });

  it('follows from a position with a filter and ends when the log is closed', async () => {
    const { file, signer } = place();
    const recorder = openAt({ file, signer });
    await recorder.append(Array.from({ length: 20 }, (_, n) => event(n, { op: n % 2 })));
    const seen: number[] = [];
    for await (const { seq } of recorder.follow({ after: 10, op: uuid('op 1') })) {
      seen.push(seq);
      if (seq === 19) await recorder.close();
    }
    expect(seen).toEqual([11, 13, 15, 17, 19]);
  });
});

describe('opening', () => {
  it('makes the database for its owner only, in a folder it makes', async () => {
    const file = join(tempDir(), 'a/b/log.db');
    const recorder = openAt({ file });
    await recorder.append([event(0)]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(`${file}-wal`).mode & 0o777).toBe(0o600);
    await recorder.close();
    expect(existsSync(`${file}-wal`)).toBe(false);
  });

  it('is durable: WAL and synchronous FULL', () => {
    const recorder = openAt({ file: join(tempDir(), 'log.db') });
    expect(recorder.database.prepare('PRAGMA synchronous').get()).toEqual({ synchronous: 2 });
    expect(recorder.database.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' });
  });

  it('refuses files that are no log, missing ones and newer ones, by code', () => {
    const dir = tempDir();
    const missing = join(dir, 'missing.db');
    expect(() => openRecorder({ file: missing, readOnly: true })).toThrow(
      expect.objectContaining({ code: 'LOG_NOT_FOUND' }),
    );
    const text = join(dir, 'text.db');
    writeFileSync(text, 'no database at all, but long enough to be looked at '.repeat(40));
    for (const readOnly of [true, false]) {
      expect(() => openRecorder({ file: text, readOnly })).toThrow(expect.objectContaining({ code: 'LOG_UNREADABLE' }));
    }
    const foreign = join(dir, 'foreign.db');
    const db = new DatabaseSync(foreign);
    db.exec('CREATE TABLE t (x)');
    db.close();
    for (const readOnly of [true, false]) {
      expect(() => openRecorder({ file: foreign, readOnly })).toThrow(expect.objectContaining({ code: 'LOG_VERSION' }));
    }
    const newer = join(dir, 'newer.db');
    openRecorder({ file: newer }).database.exec('PRAGMA user_version = 2');
    expect(() => openRecorder({ file: newer })).toThrow(expect.objectContaining({ code: 'LOG_VERSION' }));
    expect(() => openRecorder({ file: dir, readOnly: true })).toThrow(
      expect.objectContaining({ code: 'LOG_UNREADABLE' }),
    );
  });

  it('belongs to one key for ever', async () => {
    const { file, signer } = place();
    const first = openAt({ file, signer });
    await first.append([event(0)]);
    await first.close();
    const mismatch = expect.objectContaining({ code: 'LOG_SIGNER_MISMATCH' });
    expect(() => openRecorder({ file })).toThrow(mismatch);
    expect(() => openRecorder({ file, signer: createFileSigner(tempDir()) })).toThrow(mismatch);
    const unsigned = join(tempDir(), 'log.db');
    await openAt({ file: unsigned }).close();
    expect(() => openRecorder({ file: unsigned, signer })).toThrow(mismatch);
  });

  it('closed and read-only logs refuse appends; closing commits what waits', async () => {
    const { file, signer } = place();
    const recorder = openAt({ file, signer });
    const waiting = recorder.append([event(0)]);
    await recorder.close();
    await waiting;
    await recorder.close();
    expect(await rejection(recorder.append([event(1)]))).toMatchObject({ code: 'LOG_CLOSED' });
    const reader = openAt({ file, readOnly: true });
    expect(reader.size()).toBe(1);
    expect(await rejection(reader.append([event(1)]))).toMatchObject({ code: 'LOG_READ_ONLY' });
    expect(() => reader.checkpoint()).toThrow(expect.objectContaining({ code: 'LOG_READ_ONLY' }));
    expect(() => openAt({ file: join(tempDir(), 'x.db') }).checkpoint()).toThrow(
      expect.objectContaining({ code: 'LOG_UNSIGNED' }),
    );
  });

  it('opening and closing a log that nothing is written to changes nothing', async () => {
    const { file, signer } = place();
    const recorder = openAt({ file, signer });
    await recorder.append([event(0)]);
    await recorder.close();
    const before = statSync(file, { bigint: true }).mtimeNs;
    await openAt({ file, signer }).close();
    expect(statSync(file, { bigint: true }).mtimeNs).toBe(before);
  });

  it('event ids sort by time', () => {
    const ids = [START, START + 1, START + 1e6].map((now) => newEventId(now));
    expect(ids).toEqual(ids.toSorted());
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(sha(ids.join())).not.toBe(sha(ids.toReversed().join()));
  });
});
