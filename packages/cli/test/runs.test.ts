import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { documentOf, HARMFUL, mex, STACK_TRACE, scratch } from './mex.ts';

const dir = scratch();
const home = join(dir, 'home');
const workspace = join(dir, 'workspace');
const patch = join(dir, 'fix.patch');
const runs = (...args: string[]) => mex(['runs', ...args, '--home', home]);
const json = async (...args: string[]): Promise<Record<string, unknown>> =>
  documentOf(await runs(...args, '--format', 'json'));
const text = (): string => readFileSync(join(workspace, 'a.txt'), 'utf8');

mkdirSync(workspace);
writeFileSync(join(workspace, 'a.txt'), 'one\ntwo\n');
writeFileSync(patch, '--- a/a.txt\n+++ b/a.txt\n@@ -1,2 +1,2 @@\n one\n-two\n+2\n');

/** A home of its own for what goes wrong, so that tests do not meet. */
const other = join(dir, 'other');
const wrong = (...args: string[]) => mex(['runs', ...args, '--home', other]);
beforeAll(async () => {
  mkdirSync(join(dir, 'empty'));
  await wrong('apply', patch, '--workspace', join(dir, 'empty'));
});

describe('[§16] mex runs', () => {
  it('holds a diff for a person, applies it, shows it and rolls it back', async () => {
    const held = await runs('apply', patch, '--workspace', workspace);
    expect(held.code).toBe(3);
    expect(held.stdout).toMatch(/held.*It waits for a person/);
    const runId = /--run ([0-9a-f-]{36})/.exec(held.stdout)?.[1] ?? '';
    expect(text()).toBe('one\ntwo\n');
    const again = await runs('apply', patch, '--run', runId, '--format', 'json');
    expect(again.code).toBe(3);
    expect(documentOf(again)).toMatchObject({ run_id: runId, status: 'held', code: 'APPROVAL_REQUIRED' });
    const { approvals } = documentOf(await mex(['approvals', 'list', '--home', home, '--format', 'json']));
    expect(approvals).toMatchObject([{ operation: 'change_set.apply' }]);
    const id = String((approvals as Record<string, unknown>[])[0]?.['approval_id']);
    const shown = await mex(['approvals', 'show', id, '--home', home]);
    expect(shown.stdout).toContain('a.txt');
    expect((await mex(['approvals', 'approve', id, '--home', home])).code).toBe(0);
    expect(await json('apply', patch, '--run', runId)).toMatchObject({ status: 'applied', files: 1, changed_lines: 2 });
    expect(text()).toBe('one\n2\n');
    expect(await json('list')).toMatchObject({
      runs: [{ run_id: runId, state: 'open', usage: { patch_attempts: 3, file_writes: 1 } }],
    });
    expect((await runs('show', runId.slice(0, 8))).stdout).toMatch(/apply\s+applied/);
    const back = await runs('rollback', runId.slice(0, 8));
    expect(back.stdout).toContain('rolled back  1 files');
    expect(back.code).toBe(0);
    expect(text()).toBe('one\ntwo\n');
    expect((await runs('rollback', runId)).stdout).toContain('Nothing to put back');
    const story = await mex(['log', 'list', '--run', runId, '--home', home]);
    for (const word of ['run.opened', 'change_set.started', 'editor_edit', 'change_set.ended'])
      expect(story.stdout).toContain(word);
    expect((await mex(['log', 'verify', '--home', home])).code).toBe(0);
  });

  it('pauses, cancels and does not resume what was cancelled', async () => {
    const held = documentOf(await wrong('apply', patch, '--workspace', workspace, '--format', 'json'));
    const id = String(held['run_id']);
    const paused = await wrong('pause', id.slice(0, 8), '--reason', 'lunch');
    expect([paused.code, paused.stdout]).toEqual([0, expect.stringContaining('mex runs resume')]);
    const refused = await wrong('apply', patch, '--run', id);
    expect([refused.code, refused.stderr]).toEqual([3, expect.stringContaining('RUN_NOT_OPEN')]);
    expect(documentOf(await wrong('cancel', id, '--format', 'json'))).toMatchObject({ run_id: id, state: 'cancelled' });
    expect((await wrong('resume', id)).code).toBe(3);
    expect((await wrong('cancel', '00000000-0000-4000-8000-000000000000')).code).toBe(2);
  });

  it('says a conflict with the paths, and refuses what leads out', async () => {
    writeFileSync(join(dir, 'late.patch'), '--- a/a.txt\n+++ b/a.txt\n@@ -1 +1 @@\n-zero\n+1\n');
    writeFileSync(join(dir, 'empty/a.txt'), 'x\n');
    const late = await wrong('apply', join(dir, 'late.patch'), '--workspace', join(dir, 'empty'));
    expect(late.code).toBe(3);
    expect(late.stderr).toContain('CHANGE_CONFLICT');
    writeFileSync(join(dir, 'out.patch'), '--- /dev/null\n+++ b/../out\n@@ -0,0 +1 @@\n+1\n');
    const out = await wrong('apply', join(dir, 'out.patch'), '--workspace', workspace);
    expect(out.code).toBe(3);
    expect(out.stderr).toContain('POLICY_PATH_ESCAPE');
    expect(out.stderr).not.toMatch(STACK_TRACE);
    expect(out.stderr).not.toMatch(HARMFUL);
  });

  it.each([
    [['show', 'deadbeef'], 2, 'RUN_NOT_FOUND'],
    [['rollback', 'deadbeef'], 2, 'RUN_NOT_FOUND'],
    [['apply', 'no-such-file'], 2, 'CLI_FILE_UNREADABLE'],
    [['apply', patch, '--run', 'deadbeef', '--workspace', workspace], 2, 'exclude each other'],
  ])('mex runs %j exits with %d', async (argv, code, words) => {
    const result = await wrong(...argv);
    expect(result.stderr).toContain(words);
    expect(result.code).toBe(code);
  });
});
