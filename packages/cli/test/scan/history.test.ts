import { execFileSync } from 'node:child_process';
import { existsSync, renameSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { Host } from '@mex/host';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isNoHistory } from '../../src/scan/history-repository.ts';
import { mex, scratch } from '../mex.ts';
import { HARMLESS, plantedToken, write, writeAdvisories, writeCleanProject } from './project.ts';
import { findingsOf, openTestHost, scanDirectory, told } from './scanner.ts';

const ENVIRONMENT = {
  PATH: process.env['PATH'] ?? '',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_AUTHOR_NAME: 'a',
  GIT_AUTHOR_EMAIL: 'a@test.example',
  GIT_COMMITTER_NAME: 'a',
  GIT_COMMITTER_EMAIL: 'a@test.example',
};
const git = (cwd: string, ...args: readonly string[]): string =>
  execFileSync('git', args, { cwd, env: ENVIRONMENT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

const hasGit = ((): boolean => {
  try {
    return git('.', '--version') !== '';
  } catch {
    return false;
  }
})();

const dir = scratch();
let host: Host;
let osv = '';
let count = 0;

beforeAll(async () => {
  host = await openTestHost(dir);
  osv = writeAdvisories(join(dir, 'osv'), HARMLESS);
});
afterAll(() => host.close({ graceMs: 0 }));

const commit = (path: string): void => {
  git(path, 'add', '-A');
  git(path, 'commit', '-qm', 'x');
};

/** A project whose second commit took out what the first should not have had. */
const project = (): string => {
  const path = writeCleanProject(join(dir, `case-${count++}`));
  git(path, 'init', '-qb', 'main');
  write(path, { 'config.ts': `const key = '${plantedToken()}';\n` });
  commit(path);
  write(path, { 'config.ts': 'const key = read();\n' });
  commit(path);
  return path;
};

const scanOf = (path: string) => scanDirectory(host, path, { only: 'secret', history: true });
const gapsOf = async (path: string): Promise<string[]> =>
  (await scanOf(path)).problems.filter(({ code }) => code === 'SCAN_INCOMPLETE').map(({ message }) => message);

const skipped = hasGit ? describe : describe.skip;

skipped('[§13] mex scan --history (skipped by name where there is no git)', () => {
  it('a token that was taken out of the tree blocks a release, and only where the history is asked for', async () => {
    const path = project();
    expect(told(await scanDirectory(host, path, { release: true, osv }))).toEqual({ verdict: 'pass', fatal: [] });
    const outcome = await scanDirectory(host, path, { release: true, osv, history: true });
    expect(told(outcome)).toEqual({ verdict: 'block', fatal: ['RELEASE_SECRET'] });
    const first = git(path, 'rev-list', '--max-parents=0', 'main').trim();
    expect(findingsOf(outcome, 'secret_scan')).toMatchObject([
      { code: 'SECRET_FOUND', locations: [{ path: 'config.ts' }], properties: { commit: first, in_tree: false } },
    ]);
    const envelope = outcome.decision === undefined ? new Uint8Array() : await host.artifacts.get(outcome.decision);
    const { payload } = JSON.parse(Buffer.from(envelope).toString());
    const { subject } = JSON.parse(Buffer.from(payload, 'base64').toString());
    expect(subject.map(({ name }: { name: string }) => name)).toContain('secret_scan/history');
  });

  it('[§6] is served while nothing changed, and scanned again after a commit', async () => {
    const path = project();
    const cached = async () => (await scanOf(path)).checks[0]?.result.provenance.cached_from !== undefined;
    expect([await cached(), await cached()]).toEqual([false, true]);
    git(path, 'commit', '-q', '--allow-empty', '-m', 'x');
    expect(await cached()).toBe(false);
  });

  it('[§14 J] runs nothing that the repository names', async () => {
    const path = project();
    const witness = join(dir, 'witness');
    write(path, { '.git/config': `[core]\nfsmonitor = touch ${witness}\npager = touch ${witness}\n` });
    expect((await scanOf(path)).verdict).toBe('pass');
    expect(existsSync(witness)).toBe(false);
  });

  it('[§14 E] a shallow clone is no pass', async () => {
    const path = join(dir, `case-${count++}`);
    git(dir, 'clone', '-q', '--depth=1', `file://${project()}`, path);
    const outcome = await scanOf(path);
    expect(outcome.verdict).toBe('error');
    expect(outcome.objections.map(({ title }) => title)).toEqual([
      'secret_scan: The clone is shallow: older commits were not scanned',
    ]);
  });

  it('a repository that lies elsewhere in the tree is followed', async () => {
    const path = project();
    renameSync(join(path, '.git'), join(path, '.repository'));
    write(path, { '.git': 'gitdir: ./.repository\n' });
    expect(findingsOf(await scanOf(path), 'secret_scan')).toMatchObject([{ properties: { in_tree: false } }]);
  });

  it('[§14 E] one that lies outside, a worktree, a link and none at all are no pass', async () => {
    const path = project();
    const worktree = join(dir, `case-${count++}`);
    git(path, 'worktree', 'add', '-q', worktree);
    const linked = writeCleanProject(join(dir, `case-${count++}`));
    symlinkSync(join(path, '.git'), join(linked, '.git'));
    const none = writeCleanProject(join(dir, `case-${count++}`));
    expect(await gapsOf(worktree)).toEqual([
      expect.stringMatching(/leads to a repository outside of the scanned tree/),
    ]);
    expect(await gapsOf(linked)).toEqual([expect.stringMatching(/it is a symbolic link/)]);
    expect(await gapsOf(none)).toEqual([expect.stringMatching(/there is no repository of git in it/)]);
    expect((await scanOf(none)).verdict).toBe('error');
  });

  it('[§14 E] a repository within the tree is named, for its history was not looked at', async () => {
    const path = project();
    write(path, { 'vendored/.git': 'gitdir: ../.git/modules/vendored\n', 'vendored/a.js': '' });
    expect(await gapsOf(path)).toEqual([expect.stringMatching(/^vendored: it is a repository of its own/)]);
    expect((await scanDirectory(host, path, { only: 'secret' })).verdict).toBe('pass');
  });

  it('says what was looked at', async () => {
    const path = project();
    const { stdout, code } = await mex(['scan', path, '--only', 'secret', '--history', '--home', join(dir, 'cli')]);
    expect(stdout).toMatch(/1 secret, 4 files scanned, history: 5 blobs of 2 commits/);
    expect(stdout).toMatch(/config\.ts:1 .*[0-9a-f]{12}, no longer in the tree/);
    expect(stdout).not.toContain(plantedToken());
    expect(code).toBe(0);
  });
});

describe('what of a repository is pinned', () => {
  it('[§14 J] refs, packs and objects, and nothing else', () => {
    const hex = 'a'.repeat(38);
    for (const path of [
      'HEAD',
      'refs',
      'refs/heads/a/b',
      'packed-refs',
      'shallow',
      'objects/aa',
      `objects/aa/${hex}`,
      'objects/pack/x.idx',
    ])
      expect(isNoHistory(path), path).toBe(false);
    for (const path of [
      'config',
      'hooks',
      'hooks/pre-commit',
      'index',
      'logs',
      'refs/heads/a.lock',
      'objects/info',
      'objects/aa/tmp_obj_x',
      'objects/pack/x.rev',
      'modules',
    ])
      expect(isNoHistory(path), path).toBe(true);
  });
});
