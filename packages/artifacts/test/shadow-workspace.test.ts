import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { createShadowWorkspace, sweepShadowWorkspaces } from '@mex/artifacts';
import { expect, it } from 'vitest';
import { firstLineOf, startChild } from './child-process.ts';
import { tempDirectory } from './temp-store.ts';

it('is private, empty, and gone after dispose with everything inside, links not followed', async () => {
  const root = join(tempDirectory(), 'shadow');
  const outside = tempDirectory();
  writeFileSync(join(outside, 'precious'), 'x');
  const workspace = createShadowWorkspace('11111111-2222-4333-8444-555555555555', { root });
  expect(statSync(workspace.dir).mode & 0o777).toBe(0o700);
  mkdirSync(join(workspace.dir, 'deep', 'er'), { recursive: true });
  symlinkSync(outside, join(workspace.dir, 'deep', 'link'));
  mkdirSync(join(workspace.dir, 'read-only'), { mode: 0o500 });
  await workspace.dispose();
  await workspace.dispose();
  expect(existsSync(workspace.dir)).toBe(false);
  expect(readFileSync(join(outside, 'precious'), 'utf8')).toBe('x');
});

it('two workspaces of one operation are two directories', async () => {
  const root = tempDirectory();
  const [a, b] = [createShadowWorkspace('op', { root }), createShadowWorkspace('op', { root })];
  expect(a.dir).not.toBe(b.dir);
  await Promise.all([a.dispose(), b.dispose()]);
});

it.each(['../x', 'a/b', '', 'a.b', 'x'.repeat(65)])('an id that could leave the root is refused: %j', (id) => {
  expect(() => createShadowWorkspace(id, { root: tempDirectory() })).toThrow(
    expect.objectContaining({ code: 'ARTIFACT_INVALID' }),
  );
});

it('[§9] a sweep removes what a killed process left, and nothing of a live one', async () => {
  const root = tempDirectory();
  const own = createShadowWorkspace('own', { root });
  const [doomed, living] = [startChild('hold-workspace.ts', [root]), startChild('hold-workspace.ts', [root])];
  const [doomedDir, livingDir] = [await firstLineOf(doomed), await firstLineOf(living)];
  doomed.kill('SIGKILL');
  await once(doomed, 'exit');
  mkdirSync(join(root, 'not-ours'));
  const sweep = await sweepShadowWorkspaces({ root });
  expect(sweep).toEqual({ removed: [basename(doomedDir)], kept: 3, failed: [] });
  expect([own.dir, livingDir, join(root, 'not-ours')].every((dir) => existsSync(dir))).toBe(true);
  living.kill('SIGKILL');
  await once(living, 'exit');
});

it('[§9] a process id that was given to another process does not keep a leftover alive', async () => {
  const root = tempDirectory();
  const { dir, dispose } = createShadowWorkspace('op', { root });
  const [pid, started, boot, namespace] = (basename(dir).split('.')[0] ?? '').split('-');
  const leftovers = [
    `${pid}-${Number(started) + 1}-${boot}-${namespace}.op.1`, // same pid, other start
    `${pid}-${started}-00000000-${namespace}.op.2`, // before the last boot
    `4194999-${started}-${boot}-${namespace}.op.3`, // no such process
    `${pid}-${started}-${boot}-00000001.op.4`, // another container, long unchanged
  ];
  const kept = `${pid}-${started}-${boot}-00000001.op.5`; // another container, recent
  for (const name of [...leftovers, kept]) mkdirSync(join(root, name));
  utimesSync(join(root, leftovers[3] ?? ''), 0, 0);
  const sweep = await sweepShadowWorkspaces({ root });
  expect(sweep.removed.toSorted()).toEqual(leftovers.toSorted());
  expect(existsSync(join(root, kept))).toBe(true);
  await dispose();
});

it('a sweep of a place that does not exist does nothing', async () => {
  const root = join(tempDirectory(), 'absent');
  expect(await sweepShadowWorkspaces({ root })).toEqual({ removed: [], kept: 0, failed: [] });
});
