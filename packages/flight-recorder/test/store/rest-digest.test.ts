import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { verifyLog } from '@mex/flight-recorder';
import { describe, expect, it } from 'vitest';
import { startWriter } from '../support/children.ts';
import { event, events, openAt, place } from '../support/samples.ts';

async function closedLog() {
  const where = place();
  const recorder = openAt(where);
  recorder.database.exec('CREATE TABLE operations (id TEXT PRIMARY KEY, request TEXT) STRICT');
  await recorder.append(events(0, 6), (db) => db.exec("INSERT INTO operations VALUES ('one', 'request')"));
  await recorder.close();
  return where;
}

describe('a log at rest', () => {
  it('[§11] one changed byte anywhere in its file is found', async () => {
    const log = await closedLog();
    const good = readFileSync(log.file);
    for (let offset = 0; offset < good.length; offset += 613) {
      const bytes = Buffer.from(good);
      bytes[offset] = (bytes[offset] ?? 0) ^ (1 << (offset % 8));
      writeFileSync(log.file, bytes);
      try {
        expect((await verifyLog(log.file, log)).ok, `byte ${offset}`).toBe(false);
      } catch (error) {
        expect(error, `byte ${offset}`).toMatchObject({ code: expect.stringMatching(/^LOG_/) });
      }
    }
    writeFileSync(log.file, good);
    expect((await verifyLog(log.file, log)).ok).toBe(true);
  });

  it('what another program wrote is found, its own tables included', async () => {
    const log = await closedLog();
    const db = new DatabaseSync(log.file);
    db.exec("UPDATE operations SET request = 'other'");
    db.close();
    expect((await verifyLog(log.file, log)).problems.map(({ code }) => code)).toEqual(['DATABASE_DAMAGED']);
  });

  it('readers, verifications and further writers raise no alarm', async () => {
    const log = await closedLog();
    for (let n = 0; n < 3; n += 1) {
      expect((await verifyLog(log.file, log)).problems).toEqual([]);
      const reader = openAt({ file: log.file, readOnly: true });
      reader.list();
      expect((await verifyLog(log.file, log)).problems).toEqual([]);
      const writer = openAt(log);
      expect((await verifyLog(log.file, log)).problems).toEqual([]);
      await writer.append([event(10 + n)]);
      expect((await writer.verify()).problems).toEqual([]);
      if (n === 1) await reader.close();
      await writer.close();
      await reader.close();
      expect((await verifyLog(log.file, log)).problems).toEqual([]);
    }
  });

  it('of several writers the last one to close leaves the digest', async () => {
    const log = await closedLog();
    const one = openAt(log);
    const two = openAt(log);
    expect(existsSync(`${log.file}.sum`)).toBe(false);
    await one.append([event(10)]);
    await two.append([event(11)]);
    await one.close();
    expect(existsSync(`${log.file}.sum`)).toBe(false);
    await two.close();
    expect(existsSync(`${log.file}.sum`)).toBe(true);
    expect((await verifyLog(log.file, log)).problems).toEqual([]);
  });

  it('a killed writer, a lost or a cut digest raise no alarm', async () => {
    const log = place();
    const writer = startWriter(log.dir, 'victim', 1_000_000);
    await writer.started;
    writer.child.kill('SIGKILL');
    await writer.acknowledged;
    expect((await verifyLog(log.file, log)).problems).toEqual([]);
    await openAt(log).close();
    expect((await verifyLog(log.file, log)).problems).toEqual([]);
    writeFileSync(`${log.file}.sum`, 'sha256:');
    expect((await verifyLog(log.file, log)).problems).toEqual([]);
    rmSync(`${log.file}.sum`);
    expect((await verifyLog(log.file, log)).problems).toEqual([]);
  });
});
