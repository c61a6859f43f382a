import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Host } from '@mex/host';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readTracked } from '../../src/scan/tracked-paths.ts';
import { scratch } from '../mex.ts';
import { HARMLESS, write, writeAdvisories, writeCleanProject } from './project.ts';
import { openTestHost, scanDirectory, told } from './scanner.ts';

const dir = scratch();
const FILES = { 'a.txt': 'a', 'deep/er/b.txt': 'b', 'deep/er/c.txt': 'c', 'deep/z.txt': 'z', 'new.txt': 'n' };

function git(root: string, ...args: readonly string[]): void {
  execFileSync('git', ['-c', 'core.hooksPath=/dev/null', ...args], { cwd: root, stdio: 'ignore' });
}

function repository(name: string, ...init: readonly string[]): string {
  const root = join(dir, name);
  write(root, FILES);
  git(root, 'init', '-q', ...init);
  git(root, 'add', 'a.txt', 'deep');
  return root;
}

describe('what git tracks', () => {
  it.each(['2', '3', '4'])('by version %s of its index', (version) => {
    const root = repository(`v${version}`);
    git(root, 'update-index', '--index-version', version);
    // An extended entry, which versions 3 and 4 have.
    git(root, 'add', '-N', 'new.txt');
    expect(readTracked(root)).toEqual(['a.txt', 'deep/er/b.txt', 'deep/er/c.txt', 'deep/z.txt', 'new.txt']);
    expect(readTracked(join(root, 'deep'))).toEqual(['er/b.txt', 'er/c.txt', 'z.txt']);
  });

  it('with SHA-256, and in a work tree of its own', () => {
    const root = repository('sha256', '--object-format=sha256');
    expect(readTracked(root)).toHaveLength(4);
    git(root, '-c', 'user.name=a', '-c', 'user.email=a@mail.example', 'commit', '-qm', 'x');
    git(root, 'worktree', 'add', '-q', join(dir, 'other'));
    expect(readTracked(join(dir, 'other'))).toHaveLength(4);
  });

  it('is nothing without a repository, and not known of a damaged index', () => {
    const plain = join(dir, 'plain');
    write(plain, FILES);
    expect(readTracked(plain)).toEqual([]);
    const root = repository('damaged');
    for (const bytes of [
      '',
      'DIRC',
      'DIRC\0\0\0\u0002\0\0\0\u0009',
      `DIRC\0\0\0\u0004\0\0\0\u0001${'\xff'.repeat(90)}`,
    ]) {
      writeFileSync(join(root, '.git/index'), bytes, 'latin1');
      expect(readTracked(root)).toBeUndefined();
    }
  });
});

describe('[§14 E] a file that git tracks and ignores', () => {
  let host: Host;
  beforeAll(async () => {
    host = await openTestHost(join(dir, 'home-of'));
  });
  afterAll(() => host.close({ graceMs: 0 }));

  it('lets no release pass until it is the one or the other', async () => {
    const root = writeCleanProject(join(dir, 'hidden'), undefined, {
      '.gitignore': 'conf/\n*.env\n',
      'conf/a.txt': 'a',
      'b.env': 'b',
      'untracked.env': 'c',
      'node_modules/x/d.env': 'd',
    });
    const osv = writeAdvisories(join(dir, 'advisories'), HARMLESS);
    git(root, 'init', '-q');
    expect(told(await scanDirectory(host, root, { release: true, osv })).verdict).toBe('pass');
    git(root, 'add', '-f', 'conf', 'b.env', 'node_modules');
    const outcome = await scanDirectory(host, root, { release: true, osv });
    expect(told(outcome)).toEqual({ verdict: 'error', fatal: ['RELEASE_CHECK_MISSING'] });
    const problem = outcome.problems.find(({ code }) => code === 'SCAN_TRACKED_IGNORED');
    expect(problem?.locations.map(({ path }) => path)).toEqual(['b.env', 'conf/a.txt']);
    write(root, { '.gitignore': '*.env\n!b.env\n' });
    expect(told(await scanDirectory(host, root, { release: true, osv })).verdict).toBe('pass');
  });
});
