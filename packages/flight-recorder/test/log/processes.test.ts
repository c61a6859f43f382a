import { DatabaseSync } from 'node:sqlite';
import { openRecorder } from '@mex/flight-recorder';
import { describe, expect, it } from 'vitest';
import { startWriter } from '../support/children.ts';
import { event, openAt, place, tempDir, uuid } from '../support/samples.ts';

const ROUNDS = process.env['MEX_SOAK'] === undefined ? 4 : 10;

describe('a process that is killed', () => {
  it(`[§9] loses nothing that was acknowledged: ${ROUNDS} kills at different moments`, async () => {
    const { dir, file, signer } = place();
    const acknowledged: string[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const writer = startWriter(dir, `round-${round}`, 1_000_000);
      await writer.started;
      await new Promise((resolve) => setTimeout(resolve, (round * 7) % 40));
      writer.child.kill('SIGKILL');
      acknowledged.push(...(await writer.acknowledged));
    }
    const recorder = openAt({ file, signer });
    expect(acknowledged.length).toBeGreaterThan(ROUNDS);
    for (const id of acknowledged) expect(recorder.get(id), id).toBeDefined();
    expect(await recorder.verify()).toMatchObject({ ok: true, problems: [] });
    // Each start after a kill says so, the last one in this process.
    expect(recorder.list({ subject: 'log.recovered', limit: 100 })).toHaveLength(ROUNDS);
    // Companions and events were written together or not at all.
    const written = recorder.database.prepare('SELECT count(*) AS n FROM companions').get()?.['n'];
    expect(written).toBe(recorder.list({ subject: 'host.stopped', limit: 10_000 }).length);
  });

  it('leaves a tail that was changed before the next start: that start refuses', async () => {
    const { dir, file, signer } = place();
    const writer = startWriter(dir, 'victim', 1_000_000);
    await writer.started;
    writer.child.kill('SIGKILL');
    await writer.acknowledged;
    const db = new DatabaseSync(file);
    db.exec(
      "DROP TRIGGER events_are_final; UPDATE events SET payload = replace(payload, 'victim', 'villain') WHERE seq = 0",
    );
    db.close();
    expect(() => openRecorder({ file, signer })).toThrow(expect.objectContaining({ code: 'LOG_HEAD_INVALID' }));
  });
});

describe('several processes', () => {
  it('write one log in turns: every event is there once, in one tree', async () => {
    const { dir, file, signer } = place();
    const recorder = openAt({ file, signer });
    const writers = [startWriter(dir, 'a', 60), startWriter(dir, 'b', 60)];
    for (let n = 0; n < 40; n += 1) await recorder.append([event(n)]);
    const ids = (await Promise.all(writers.map((writer) => writer.acknowledged))).flat();
    expect(ids).toHaveLength(2 * 180);
    for (const id of [...ids, uuid(0), uuid(39)]) expect(recorder.get(id), id).toBeDefined();
    expect(recorder.size()).toBe(400);
    expect(await recorder.verify()).toMatchObject({ ok: true, size: 400 });
    expect(recorder.list({ subject: 'log.recovered' })).toEqual([]);
    await recorder.close();
    expect(recorder.database.isOpen).toBe(false);
  });

  it('that start at once make one key and one log', async () => {
    const dir = tempDir();
    const writers = [startWriter(dir, 'a', 3), startWriter(dir, 'b', 3), startWriter(dir, 'c', 3)];
    const ids = (await Promise.all(writers.map((writer) => writer.acknowledged))).flat();
    expect(ids).toHaveLength(18);
    expect(writers.map((writer) => writer.child.exitCode)).toEqual([0, 0, 0]);
  });
});
