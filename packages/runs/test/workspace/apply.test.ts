import { readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { applyChangeSet, rollbackRun } from '@mex/runs';
import { describe, expect, it } from 'vitest';
import { ADA, changeTo, look, newDirectory, openBench, put, RUN_ID, request, setMode } from '../workspace.ts';

const BINARY = Uint8Array.from({ length: 70_000 }, (_, index) => (index * 7919) % 256);

describe('[§12] applying a change set', () => {
  it('changes, adds and deletes, and [§14 L] a rollback puts everything back: bytes, modes, empty directories', async () => {
    const bench = openBench({
      'a.txt': 'one\n',
      'src/b.bin': BINARY,
      'src/run.sh': '#!/bin/sh\n',
      'keep/': '',
      'gone.txt': 'x',
    });
    setMode(bench, 'src/run.sh', 0o755);
    setMode(bench, 'gone.txt', 0o400);
    setMode(bench, 'keep', 0o750);
    const before = look(bench.workspace);
    const set = await changeTo(bench, {
      'a.txt': 'two\n',
      'src/b.bin': BINARY.toReversed(),
      'src/run.sh': '#!/bin/sh\nexit 1\n',
      'gone.txt': null,
      'new/deep/c.txt': 'c',
    });
    set.entries.push({ path: 'keep', directory: 'remove' }, { path: 'empty', directory: 'create', mode: '0700' });
    const budget = { max_files_changed: 5, max_lines_per_file: 10_000 };
    const applied = await applyChangeSet(bench.powers, request(bench, set, { budget }));
    expect(applied).toMatchObject({ files: 5, warnings: [] });
    const after = look(bench.workspace);
    expect(readFileSync(join(bench.workspace, 'new/deep/c.txt'), 'utf8')).toBe('c');
    expect(after).toMatchObject({ empty: 'directory 700', new: 'directory 755' });
    expect(after['src/run.sh']).toMatch(/^file 755 /);
    expect(Object.keys(after)).not.toContain('gone.txt');
    expect(Object.keys(after)).not.toContain('keep');
    const rolledBack = await rollbackRun(bench.powers, { runId: RUN_ID, actor: ADA });
    expect(rolledBack).toMatchObject({ files: 5, overwritten: [] });
    expect(look(bench.workspace)).toEqual(before);
    const events = bench.recorder
      .list({ run: RUN_ID })
      .map(({ event }) => (event.type === 'system' ? event.subject : event.type));
    const edits = Array.from({ length: 5 }, () => 'editor_edit');
    const once = ['change_set.started', ...edits, 'change_set.ended'];
    expect(events).toEqual([...once, ...once]);
    expect((await bench.recorder.verify()).ok).toBe(true);
  });

  it('rolls back several change sets of one run, and nothing twice', async () => {
    const bench = openBench({ 'a.txt': '1' });
    const before = look(bench.workspace);
    await applyChangeSet(bench.powers, request(bench, await changeTo(bench, { 'a.txt': '2', b: 'b' })));
    await applyChangeSet(bench.powers, request(bench, await changeTo(bench, { 'a.txt': null, b: 'bb', c: 'c' })));
    expect((await rollbackRun(bench.powers, { runId: RUN_ID, actor: ADA })).files).toBe(3);
    expect(look(bench.workspace)).toEqual(before);
    expect(await rollbackRun(bench.powers, { runId: RUN_ID, actor: ADA })).toEqual({ files: 0, overwritten: [] });
  });

  it.each([
    ['a file becomes a directory', { x: 'file' }, { x: null, 'x/y': 'below' }],
    ['a directory with an empty one in it becomes a file', { 'x/y': 'below', 'x/z/': '' }, { 'x/y': null, x: 'file' }],
    [
      'a deep directory becomes a file and a file a directory',
      { 'd/e/f': '1', g: '2' },
      { 'd/e/f': null, d: 'x', g: null, 'g/h/i': 'y' },
    ],
  ])('%s, and back', async (_name, files, wanted) => {
    const bench = openBench(files);
    const before = look(bench.workspace);
    await applyChangeSet(bench.powers, request(bench, await changeTo(bench, wanted)));
    expect(look(bench.workspace)).not.toEqual(before);
    await rollbackRun(bench.powers, { runId: RUN_ID, actor: ADA });
    expect(look(bench.workspace)).toEqual(before);
  });

  it('names every file that is not as the set says, and writes nothing', async () => {
    const bench = openBench({ a: 'a', b: 'b', c: 'c' });
    const set = await changeTo(bench, { a: '1', b: '2', c: '3', d: '4' });
    writeFileSync(join(bench.workspace, 'b'), 'changed');
    rmSync(join(bench.workspace, 'c'));
    writeFileSync(join(bench.workspace, 'd'), 'appeared');
    const before = look(bench.workspace);
    await expect(applyChangeSet(bench.powers, request(bench, set))).rejects.toMatchObject({
      code: 'CHANGE_CONFLICT',
      paths: ['b', 'c', 'd'],
    });
    expect(look(bench.workspace)).toEqual(before);
    const [refused] = bench.recorder.list({ type: 'system', subject: 'change_set.refused' });
    expect(refused?.event).toMatchObject({ body: { code: 'CHANGE_CONFLICT', conflicts: ['b', 'c', 'd'] } });
    expect(bench.recorder.problems.list({})).toHaveLength(1);
  });

  it('a rollback refuses what was changed since, names it, and with force keeps what it overwrites', async () => {
    const bench = openBench({ a: 'a', b: 'b' });
    const before = look(bench.workspace);
    await applyChangeSet(bench.powers, request(bench, await changeTo(bench, { a: 'A', b: 'B' })));
    writeFileSync(join(bench.workspace, 'b'), 'work of a person');
    const now = look(bench.workspace);
    await expect(rollbackRun(bench.powers, { runId: RUN_ID, actor: ADA })).rejects.toMatchObject({
      code: 'CHANGE_CONFLICT',
      paths: ['b'],
    });
    expect(look(bench.workspace)).toEqual(now);
    const forced = await rollbackRun(bench.powers, { runId: RUN_ID, actor: ADA, force: true });
    expect(forced.overwritten).toEqual(['b']);
    expect(look(bench.workspace)).toEqual(before);
    const { artifacts } = await bench.store.list({ kind: 'bundle' });
    const kept = await Promise.all(
      artifacts.map(
        async ({ artifact_id }) => (await bench.store.openBundle(await bench.store.resolve(artifact_id))).entries,
      ),
    );
    expect(kept.flat().some(({ size_bytes }) => size_bytes === 'work of a person'.length)).toBe(true);
  });
});

describe('[§14 B] paths', () => {
  it.each([
    '../outside',
    '/etc/passwd',
    'a/../../b',
    '.git/hooks/pre-commit',
    'sub/.GIT/config',
    '.g\u200cit/config',
    'GIT~1/config',
    '.git./config',
    '.mex-change-x/y',
    '.mex/policy.json',
    'sub/.MEX/policy.json',
    'nul\u0000l',
    'back\\slash',
    'esc\u001b[0m',
  ])('%j is refused', async (path) => {
    const bench = openBench({ a: 'a' });
    const set = {
      schema_version: 'mex.change_set@1.0' as const,
      entries: [{ path, before_sha256: null, after: await put(bench.store, 'x') }],
    };
    await expect(applyChangeSet(bench.powers, request(bench, set))).rejects.toMatchObject({
      code: 'POLICY_PATH_ESCAPE',
    });
    expect(Object.keys(look(bench.workspace))).toEqual(['a']);
  });

  it('the MEX home inside a workspace is out of reach, whatever the case of its name', async () => {
    const bench = openBench({ 'home/log.db': 'log', a: 'a' });
    const forbidden = [join(bench.workspace, 'home')];
    for (const path of ['home/log.db', 'HOME/new', 'home']) {
      const set = await changeTo(bench, { [path]: 'x' });
      await expect(applyChangeSet(bench.powers, request(bench, set, { forbidden }))).rejects.toMatchObject({
        code: 'POLICY_PATH_ESCAPE',
      });
    }
    const inside = request(bench, await changeTo(bench, { a: 'x' }), {
      workspace: join(bench.home),
      forbidden: [bench.home],
    });
    await expect(applyChangeSet(bench.powers, inside)).rejects.toMatchObject({ code: 'WORKSPACE_INVALID' });
  });

  it('links are neither followed nor replaced, as the file itself and on the way', async () => {
    const bench = openBench({ real: 'r' });
    const outside = newDirectory();
    writeFileSync(join(outside, 'target'), 'outside');
    symlinkSync(join(outside, 'target'), join(bench.workspace, 'link'));
    symlinkSync(outside, join(bench.workspace, 'way'));
    const after = await put(bench.store, 'x');
    for (const path of ['link', 'way/target', 'way/new']) {
      const set = { schema_version: 'mex.change_set@1.0' as const, entries: [{ path, before_sha256: null, after }] };
      await expect(applyChangeSet(bench.powers, request(bench, set))).rejects.toMatchObject({
        code: 'POLICY_PATH_ESCAPE',
      });
    }
    expect(look(outside)).toEqual(look(outside));
    expect(readFileSync(join(outside, 'target'), 'utf8')).toBe('outside');
    expect(look(bench.workspace)['link']).toBe(`link ${join(outside, 'target')}`);
  });

  it('a directory that is swapped for a link in the middle of it all is noticed; nothing outside is touched', async () => {
    const bench = openBench({ 'dir/a': 'a', b: 'b' });
    const outside = newDirectory();
    writeFileSync(join(outside, 'a'), 'a');
    const set = await changeTo(bench, { 'dir/a': 'A', b: 'B' });
    let swapped = false;
    const onStep = (step: string): void => {
      if (step !== 'place' || swapped) return;
      swapped = true;
      renameSync(join(bench.workspace, 'dir'), join(bench.workspace, 'moved'));
      symlinkSync(outside, join(bench.workspace, 'dir'));
    };
    await expect(applyChangeSet({ ...bench.powers, onStep }, request(bench, set))).rejects.toMatchObject({
      code: expect.stringMatching(/CHANGE_CONFLICT|POLICY_PATH_ESCAPE/),
    });
    expect(readFileSync(join(outside, 'a'), 'utf8')).toBe('a');
    expect(readFileSync(join(bench.workspace, 'b'), 'utf8')).toBe('b');
    expect(readFileSync(join(bench.workspace, 'moved/a'), 'utf8')).toBe('a');
  });

  it.each([
    ['two new names', {}, { Readme: '1', README: '2' }],
    ['two ways to write an accent', {}, { 'caf\u00e9': '1', 'cafe\u0301': '2' }],
    ['directories', {}, { 'Src/a': '1', 'src/b': '2' }],
    ['what is there', { 'README.md': 'x' }, { 'readme.md': '1' }],
    ['a directory that is there', { 'Docs/x': 'x' }, { 'docs/y': '1' }],
  ])('names that differ in case only are refused: %s', async (_name, files, wanted) => {
    const bench = openBench(files);
    const before = look(bench.workspace);
    await expect(applyChangeSet(bench.powers, request(bench, await changeTo(bench, wanted)))).rejects.toMatchObject({
      code: 'CHANGE_SET_CASE_CLASH',
    });
    expect(look(bench.workspace)).toEqual(before);
  });

  it('a name may change its case', async () => {
    const bench = openBench({ 'README.md': 'x' });
    await applyChangeSet(bench.powers, request(bench, await changeTo(bench, { 'README.md': null, 'Readme.md': 'x' })));
    expect(Object.keys(look(bench.workspace))).toEqual(['Readme.md']);
  });
});

describe('[§14 G] the change budget', () => {
  const lines = (count: number, word = 'line'): string =>
    Array.from({ length: count }, (_, index) => `${word} ${index}\n`).join('');

  it('counts files and lines; one more than allowed is denied', async () => {
    const bench = openBench();
    const exact = await changeTo(
      bench,
      Object.fromEntries(Array.from({ length: 3 }, (_, index) => [`f${index}`, lines(4)])),
    );
    const budget = { max_files_changed: 3, max_lines_per_file: 4 };
    for (const [key, value] of Object.entries(budget)) {
      const tight = request(bench, exact, { budget: { ...budget, [key]: value - 1 } });
      await expect(applyChangeSet(bench.powers, tight)).rejects.toMatchObject({
        code: 'POLICY_CHANGE_BUDGET_EXCEEDED',
      });
    }
    expect(look(bench.workspace)).toEqual({});
    expect(await applyChangeSet(bench.powers, request(bench, exact, { budget }))).toMatchObject({
      files: 3,
      changedLines: 12,
    });
  });

  it('warns of a change that is about white space only, and denies it where policy says so', async () => {
    const bench = openBench({ a: lines(10) });
    const spaced = lines(10).replaceAll('line', '  line').replaceAll(' 1\n', '  1\n');
    const set = await changeTo(bench, { a: spaced });
    await expect(applyChangeSet(bench.powers, request(bench, set, { formattingOnly: 'deny' }))).rejects.toMatchObject({
      code: 'POLICY_FORMATTING_ONLY_DIFF',
    });
    expect(await applyChangeSet(bench.powers, request(bench, set))).toMatchObject({
      warnings: ['POLICY_FORMATTING_ONLY_DIFF'],
    });
    const codes = bench.recorder.problems.list({}).map(({ code, severity }) => `${code} ${severity}`);
    expect(codes.toSorted()).toEqual(['POLICY_FORMATTING_ONLY_DIFF error', 'POLICY_FORMATTING_ONLY_DIFF warning']);
  });
});
