import { mkdirSync, readdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { applyChangeSet, recoverChanges, rollbackRun } from '@mex/runs';
import { describe, expect, it } from 'vitest';
import { ADA, changeTo, look, openBench, RUN_ID, request } from '../workspace.ts';

const FILES = { a: '1', 'b/c': '2', x: 'file', 'y/z': 'z' };
const WANTED = { a: '11', 'b/c': null, x: null, 'x/y': 'below', 'y/z': null, y: 'file now', 'n/m': 'new' };

function diskFull(): Error {
  return Object.assign(new Error("ENOSPC: no space left on device, write '/proc/self/fd/9/x'"), { code: 'ENOSPC' });
}

/** Every step and the largest set; else a sample, for everyday. */
const SOAK = process.env['MEX_SOAK'] !== undefined;

describe('[§12] all or nothing', () => {
  it('a disk that is full, at whatever step: the workspace is as it was, and the refusal says why', async () => {
    for (let at = 0; ; at += SOAK ? 1 : 5) {
      const bench = openBench(FILES);
      const before = look(bench.workspace);
      let steps = 0;
      const onStep = (): void => {
        if (steps === at) throw diskFull();
        steps += 1;
      };
      const set = await changeTo(bench, WANTED);
      const failed = await applyChangeSet({ ...bench.powers, onStep }, request(bench, set)).catch(
        (error: unknown) => error,
      );
      if (steps <= at && !(failed instanceof Error)) break;
      expect(failed).toMatchObject({ code: 'CHANGE_FAILED', message: expect.stringContaining('ENOSPC') });
      expect(String(failed)).not.toContain('/proc/self');
      expect(look(bench.workspace), `step ${at}`).toEqual(before);
      await applyChangeSet(bench.powers, request(bench, set));
      await rollbackRun(bench.powers, { runId: RUN_ID, actor: ADA });
      expect(look(bench.workspace), `step ${at}`).toEqual(before);
      await bench.close();
    }
  });

  it('a disk that stays broken: the change stays in the journal, the workspace closed, and the next start undoes it', async () => {
    const bench = openBench(FILES);
    const before = look(bench.workspace);
    let broken = false;
    const store = new Proxy(bench.store, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name);
        if (name === 'get' && broken) return () => Promise.reject(diskFull());
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    const onStep = (step: string): void => {
      if (step !== 'sync') return;
      broken = true;
      throw diskFull();
    };
    const set = await changeTo(bench, WANTED);
    const failed = await applyChangeSet({ ...bench.powers, store, onStep }, request(bench, set)).catch(String);
    expect(failed).toContain('half changed');
    expect(failed).not.toContain('as it was');
    await expect(
      applyChangeSet(bench.powers, request(bench, await changeTo(bench, { new: 'x' }))),
    ).rejects.toMatchObject({
      code: 'WORKSPACE_BUSY',
    });
    // What a process that is gone leaves behind.
    await bench.recorder.append([], (db) => db.exec("UPDATE run_changes SET owner = '1-1-00000000-00000000'"));
    expect(await recoverChanges(bench.powers)).toEqual({ undone: 1, finished: 0, failed: [] });
    expect(look(bench.workspace)).toEqual(before);
  });

  it('a file that a person changes in the middle of it: their work stays, everything else is undone, and it is named', async () => {
    const bench = openBench({ a: '1', b: '2', c: '3' });
    const before = look(bench.workspace);
    const set = await changeTo(bench, { a: 'A', b: 'B', c: 'C' });
    let placed = 0;
    const onStep = (step: string): void => {
      if (step !== 'place') return;
      placed += 1;
      if (placed === 2) writeFileSync(join(bench.workspace, 'c'), 'of a person');
    };
    await expect(applyChangeSet({ ...bench.powers, onStep }, request(bench, set))).rejects.toMatchObject({
      code: 'CHANGE_CONFLICT',
      paths: ['c'],
    });
    const { c: changed, ...others } = look(bench.workspace);
    expect(changed).not.toBe(before['c']);
    expect(others).toEqual({ a: before['a'], b: before['b'] });
    const [ended] = bench.recorder.list({ type: 'system', subject: 'change_set.ended' });
    expect(ended?.event).toMatchObject({ body: { outcome: 'undone', conflicts: ['c'] } });
  });

  it('a file that appears where one is to be made is not lost', async () => {
    const bench = openBench({ a: '1' });
    const set = await changeTo(bench, { a: 'A', new: 'mine' });
    const onStep = (step: string): void => {
      if (step === 'place') writeFileSync(join(bench.workspace, 'new'), 'theirs');
    };
    await expect(applyChangeSet({ ...bench.powers, onStep }, request(bench, set))).rejects.toMatchObject({
      code: 'CHANGE_CONFLICT',
    });
    expect(readdirSync(bench.workspace).toSorted()).toEqual(['a', 'new']);
    expect(look(bench.workspace)).toEqual(look(openBench({ a: '1', new: 'theirs' }).workspace));
  });

  it('one workspace is changed by one at a time', async () => {
    const bench = openBench({ a: '1', b: '1' });
    const first = await changeTo(bench, { a: '2' });
    const second = await changeTo(bench, { b: '2' });
    let other: Promise<unknown> | undefined;
    const onStep = (): void => {
      other ??= applyChangeSet(bench.powers, request(bench, second)).catch((error: unknown) => error);
    };
    await applyChangeSet({ ...bench.powers, onStep }, request(bench, first));
    expect(await other).toMatchObject({ code: 'WORKSPACE_BUSY', retryable: true });
    await applyChangeSet(bench.powers, request(bench, second));
  });

  it('what is half changed at this moment is called busy, and not changed by somebody else', async () => {
    const bench = openBench({ a: '1', b: '1' });
    await applyChangeSet(bench.powers, request(bench, await changeTo(bench, { a: '2', b: '2' })));
    const set = await changeTo(bench, { a: '3', b: '3' });
    const seen: Promise<unknown>[] = [];
    const codeOf = (work: Promise<unknown>): Promise<unknown> =>
      work.then(
        () => 'done',
        ({ code }) => code,
      );
    const onStep = (step: string): void => {
      if (step !== 'sync') return;
      seen.push(codeOf(rollbackRun(bench.powers, { runId: RUN_ID, actor: ADA })));
      seen.push(codeOf(applyChangeSet(bench.powers, request(bench, set))));
    };
    await applyChangeSet({ ...bench.powers, onStep }, request(bench, set));
    expect(await Promise.all(seen)).toEqual(['WORKSPACE_BUSY', 'WORKSPACE_BUSY']);
  });

  it.each([
    ['a part of it', 'part', 'WORKSPACE_BUSY'],
    ['a neighbour whose name begins like it', '../workspace-2', 'done'],
  ])('nor is %s at the same time', async (_name, place, expected) => {
    const bench = openBench({ a: '1', 'part/b': '1' });
    const workspace = join(bench.workspace, place);
    mkdirSync(workspace, { recursive: true });
    const inner = { ...bench, workspace };
    const set = await changeTo(inner, { new: '2' });
    let seen = 'not tried';
    const onStep = (step: string): void => {
      if (step !== 'stage directory') return;
      applyChangeSet(bench.powers, request(inner, set)).then(
        () => {
          seen = 'done';
        },
        (error: { code?: string }) => {
          seen = String(error.code);
        },
      );
    };
    await applyChangeSet({ ...bench.powers, onStep }, request(bench, await changeTo(bench, { a: '2' })));
    await expect.poll(() => seen, { interval: 5 }).toBe(expected);
  });

  it('a change of a live process is left alone by recovery', async () => {
    const bench = openBench({ a: '1' });
    let recovered: Promise<unknown> | undefined;
    const onStep = (): void => {
      recovered ??= recoverChanges(bench.powers);
    };
    await applyChangeSet({ ...bench.powers, onStep }, request(bench, await changeTo(bench, { a: '2' })));
    expect(await recovered).toEqual({ undone: 0, finished: 0, failed: [] });
  });

  it('a row that leads to another snapshot is not followed', async () => {
    const bench = openBench({ a: '1' });
    await applyChangeSet(bench.powers, request(bench, await changeTo(bench, { a: '2' })));
    await bench.recorder.append([], (db) => db.exec(`UPDATE run_changes SET snapshot_sha256 = '${'0'.repeat(64)}'`));
    await expect(rollbackRun(bench.powers, { runId: RUN_ID, actor: ADA })).rejects.toMatchObject({
      code: 'CHANGE_SNAPSHOT_TAMPERED',
    });
  });

  it.each([
    ['a row that was taken away', 'DELETE FROM run_changes WHERE rowid = 1'],
    ['a row that says it was rolled back', "UPDATE run_changes SET state = 'rolled_back' WHERE rowid = 2"],
  ])('[§14 L] %s is told, and not "nothing to put back"', async (_name, sql) => {
    const bench = openBench({ a: '1', b: '1' });
    await applyChangeSet(bench.powers, request(bench, await changeTo(bench, { a: '2' })));
    await applyChangeSet(bench.powers, request(bench, await changeTo(bench, { b: '2' })));
    await bench.recorder.append([], (db) => db.exec(sql));
    await expect(rollbackRun(bench.powers, { runId: RUN_ID, actor: ADA })).rejects.toMatchObject({
      code: 'CHANGE_SNAPSHOT_TAMPERED',
    });
  });

  it('[§14 B] a link in the place of the workspace is not followed, whatever force is used', async () => {
    const bench = openBench({ a: '1' });
    await applyChangeSet(bench.powers, request(bench, await changeTo(bench, { a: '2' })));
    const elsewhere = `${bench.workspace}-elsewhere`;
    renameSync(bench.workspace, elsewhere);
    symlinkSync(elsewhere, bench.workspace);
    for (const force of [false, true]) {
      await expect(rollbackRun(bench.powers, { runId: RUN_ID, actor: ADA, force })).rejects.toMatchObject({
        code: 'WORKSPACE_INVALID',
      });
    }
    expect(readFileSync(join(elsewhere, 'a'), 'utf8')).toBe('2');
  });

  it('[§14 L] a run that was rolled back and changed again is rolled back again; what was rolled back is not', async () => {
    const bench = openBench({ a: '1' });
    const back = () => rollbackRun(bench.powers, { runId: RUN_ID, actor: ADA });
    await applyChangeSet(bench.powers, request(bench, await changeTo(bench, { a: '2' })));
    expect(await back()).toMatchObject({ files: 1 });
    await applyChangeSet(bench.powers, request(bench, await changeTo(bench, { a: '3' })));
    expect(await back()).toMatchObject({ files: 1 });
    expect(await back()).toMatchObject({ files: 0 });
    await bench.recorder.append([], (db) => db.exec("UPDATE run_changes SET state = 'applied' WHERE rowid = 1"));
    await expect(back()).rejects.toMatchObject({ code: 'CHANGE_SNAPSHOT_TAMPERED' });
  });

  it('the largest set there may be (10,000 files with MEX_SOAK, else 1,000)', async () => {
    const count = SOAK ? 10_000 : 1_000;
    const names = Array.from({ length: count }, (_, index) => `d${index % 100}/f${index}`);
    const bench = openBench(Object.fromEntries(names.slice(0, count / 2).map((name) => [name, `old ${name}`])));
    const before = look(bench.workspace);
    const set = await changeTo(
      bench,
      Object.fromEntries(names.map((name, index) => [name, index < count / 20 ? null : `new ${name}`])),
    );
    const budget = { max_files_changed: 10_000, max_lines_per_file: 500 };
    const applied = await applyChangeSet(bench.powers, request(bench, set, { budget }));
    expect(applied.files).toBe(count);
    await rollbackRun(bench.powers, { runId: RUN_ID, actor: ADA });
    expect(look(bench.workspace)).toEqual(before);
    expect(bench.recorder.list({ type: 'editor_edit', limit: 10_000 })).toHaveLength(Math.min(2 * count, 10_000));
  }, 120_000);
});
