import { execFileSync } from 'node:child_process';
import { cpSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { applyChangeSet, diffToChangeSet } from '@mex/runs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { look, newDirectory, openBench, plant, request } from '../workspace.ts';

/** `git diff --no-index` between two trees, as a planner would send it. */
function gitDiff(before: string, after: string, cwd: string): Buffer {
  try {
    return execFileSync(
      'git',
      ['-c', 'core.quotePath=false', 'diff', '--no-index', '--no-renames', '--no-prefix', before, after],
      {
        cwd,
        stdio: ['ignore', 'pipe', 'ignore'],
      },
    );
  } catch (error) {
    const { stdout } = error as { stdout: Buffer };
    return stdout;
  }
}

describe('[§12] a unified diff', () => {
  it('becomes a change set that makes of a tree what git made of it', async () => {
    const line = fc.constantFrom('a', 'b', '', 'c\r', '-x', '+y', '--- a', '@@ -1 +1 @@', '\\ z', 'é');
    const text = fc
      .tuple(fc.array(line, { maxLength: 12 }), fc.boolean())
      .map(([lines, end]) => lines.join('\n') + (end && lines.length > 0 ? '\n' : ''));
    const tree = fc.dictionary(fc.constantFrom('a', 'b c', 'd/é', 'd/f'), text, { maxKeys: 3, noNullPrototype: true });
    await fc.assert(
      fc.asyncProperty(tree, tree, async (old, now) => {
        const directory = newDirectory();
        const bench = openBench(old, directory);
        const [before, after] = [join(directory, 'old'), join(directory, 'new')];
        cpSync(bench.workspace, before, { recursive: true });
        plant(after, { 'x/': '', ...now });
        rmSync(join(after, 'x'), { recursive: true });
        const diff = gitDiff('old', 'new', directory)
          .toString()
          .replaceAll(/(?<=^(?:---|\+\+\+) |^diff --git .*?)(?:old|new)\//gm, '');
        try {
          // What git says nothing of, or says without a hunk, is no change of content.
          if (!diff.includes('@@')) return;
          const set = await diffToChangeSet(bench.store, bench.workspace, Buffer.from(diff));
          await applyChangeSet(bench.powers, request(bench, set));
          const made = look(bench.workspace);
          for (const [path, content] of Object.entries(now)) {
            const isEmptyFile = content === '' || old[path] === '';
            if (!isEmptyFile) expect(readFileSync(join(bench.workspace, path), 'utf8')).toBe(content);
          }
          for (const path of Object.keys(old))
            if (!(path in now) && old[path] !== '') expect(made[path]).toBeUndefined();
        } finally {
          await bench.close();
        }
      }),
      { numRuns: 30, seed: 20261121 },
    );
  });

  const diff = (text: string): Buffer => Buffer.from(text);

  it('is applied exactly where it says, or not at all', async () => {
    const bench = openBench({ a: '1\n2\n3\n' });
    const good = '--- a/a\n+++ b/a\n@@ -2 +2,2 @@\n-2\n+two\n+and\n';
    await expect(
      diffToChangeSet(bench.store, bench.workspace, diff(good.replace('-2 +', '-1 +'))),
    ).rejects.toMatchObject({ code: 'CHANGE_CONFLICT', paths: ['a'] });
    await applyChangeSet(bench.powers, request(bench, await diffToChangeSet(bench.store, bench.workspace, diff(good))));
    expect(readFileSync(join(bench.workspace, 'a'), 'utf8')).toBe('1\ntwo\nand\n3\n');
  });

  it('makes an executable file', async () => {
    const bench = openBench();
    const made = 'diff --git a/run b/run\nnew file mode 100755\n--- /dev/null\n+++ b/run\n@@ -0,0 +1 @@\n+#!/bin/sh\n';
    await applyChangeSet(bench.powers, request(bench, await diffToChangeSet(bench.store, bench.workspace, diff(made))));
    expect(look(bench.workspace)['run']).toMatch(/^file 755 /);
  });

  it.each([
    ['', 'CHANGE_SET_INVALID'],
    ['hello\n', 'CHANGE_SET_INVALID'],
    ['--- a/a\n', 'CHANGE_SET_INVALID'],
    ['--- a/a\n+++ b/b\n@@ -1 +1 @@\n-1\n+2\n', 'CHANGE_SET_INVALID'],
    ['--- a/a\n+++ b/a\n@@ -1,9 +1 @@\n-1\n', 'CHANGE_SET_INVALID'],
    ['diff --git a/a b/b\nrename from a\nrename to b\n', 'CHANGE_SET_INVALID'],
    ['--- a/../a\n+++ b/../a\n@@ -1 +1 @@\n-1\n+2\n', 'POLICY_PATH_ESCAPE'],
    ['--- /dev/null\n+++ b/a\n@@ -0,0 +1 @@\n+2\n', 'CHANGE_CONFLICT'],
    ['--- a/none\n+++ b/none\n@@ -1 +1 @@\n-1\n+2\n', 'CHANGE_CONFLICT'],
    ['--- a/a\n+++ /dev/null\n@@ -1 +0,0 @@\n-1\n', 'CHANGE_CONFLICT'],
  ])('%j is refused: %s', async (text, code) => {
    const bench = openBench({ a: '1\n2\n' });
    await expect(diffToChangeSet(bench.store, bench.workspace, diff(text))).rejects.toMatchObject({ code });
  });
});
