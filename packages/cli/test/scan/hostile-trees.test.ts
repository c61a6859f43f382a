import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Host } from '@mex/host';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { scratch } from '../mex.ts';
import { HARMLESS, plantedToken, write, writeAdvisories, writeCleanProject } from './project.ts';
import { findingsOf, openTestHost, scanDirectory, told } from './scanner.ts';

const dir = scratch();
const isRoot = process.getuid?.() === 0;
let host: Host;
let osv = '';
let count = 0;

beforeAll(async () => {
  host = await openTestHost(dir);
  osv = writeAdvisories(join(dir, 'osv'), HARMLESS);
});
afterAll(() => host.close({ graceMs: 0 }));

const project = (files?: Readonly<Record<string, string>>): string =>
  writeCleanProject(join(dir, `case-${count++}`), undefined, files);
const secret = (): string => `const token = '${plantedToken()}';\n`;
const secretPaths = async (path: string): Promise<(string | undefined)[]> => {
  const outcome = await scanDirectory(host, path, { only: 'secret' });
  return findingsOf(outcome, 'secret_scan').map(({ locations }) => locations[0]?.path);
};

describe('[§14 E] what a tree holds against a scan', () => {
  it('a file of two gigabytes that looks like text is named, is not read, and is no pass', async () => {
    const path = project();
    writeFileSync(join(path, 'huge.txt'), 'a'.repeat(9_000));
    truncateSync(join(path, 'huge.txt'), 2 * 1024 ** 3);
    const started = performance.now();
    const outcome = await scanDirectory(host, path, { osv });
    expect(performance.now() - started).toBeLessThan(10_000);
    expect(told(outcome)).toEqual({ verdict: 'error', fatal: [] });
    expect(outcome.problems).toContainEqual(
      expect.objectContaining({ code: 'SCAN_INCOMPLETE', title: 'huge.txt was left out of the scan' }),
    );
  });

  it('a file of two gigabytes that is binary, or that git ignores, holds nothing up', async () => {
    const path = project({ '.gitignore': 'ignored.txt\n', 'disk.img': '\0' });
    truncateSync(join(path, 'disk.img'), 2 * 1024 ** 3);
    writeFileSync(join(path, 'ignored.txt'), 'a'.repeat(9_000));
    truncateSync(join(path, 'ignored.txt'), 2 * 1024 ** 3);
    expect(told(await scanDirectory(host, path, { osv })).verdict).toBe('pass');
  });

  it('links that lead in circles, and out of the tree', async () => {
    const path = project({ 'real.js': secret() });
    symlinkSync('.', join(path, 'again'));
    symlinkSync('loop', join(path, 'loop'));
    symlinkSync('/etc', join(path, 'outside'));
    expect(await secretPaths(path)).toEqual(['real.js']);
  });

  it('pipes', async () => {
    const path = project();
    execFileSync('mkfifo', [join(path, 'pipe.js')]);
    expect(told(await scanDirectory(host, path, { osv })).verdict).toBe('pass');
  });

  it.skipIf(isRoot)(
    '(not as root, who may read everything) a directory and a file without read permission',
    async () => {
      const path = project({ 'closed/a.js': secret(), 'b.js': '\n' });
      chmodSync(join(path, 'closed'), 0o000);
      chmodSync(join(path, 'b.js'), 0o000);
      const outcome = await scanDirectory(host, path, { osv });
      chmodSync(join(path, 'closed'), 0o700);
      expect(outcome.verdict).toBe('error');
      expect(outcome.problems.filter(({ code }) => code === 'SCAN_INCOMPLETE').length).toBeGreaterThan(0);
    },
  );

  it('a name that is no text', async () => {
    const path = project();
    writeFileSync(Buffer.concat([Buffer.from(`${path}/`), Buffer.of(0x66, 0xff, 0x2e, 0x6a)]), secret());
    const outcome = await scanDirectory(host, path, { osv });
    expect(outcome.verdict).toBe('error');
  });

  it('a malformed advisory among good ones is told, and the good ones are used', async () => {
    const folder = writeAdvisories(join(dir, 'mixed'), [{ id: 'TEST-1', name: 'alpha' }]);
    write(folder, { 'broken.json': '{"id": "X"', 'shape.json': '{"id": 7}' });
    const outcome = await scanDirectory(host, project(), { osv: folder });
    expect(findingsOf(outcome, 'vuln_scan')).toHaveLength(1);
    expect(outcome.problems.map(({ code }) => code)).toContain('VULN_DATABASE_INCOMPLETE');
  });

  it('a license expression that is none stays UNKNOWN', async () => {
    const path = writeCleanProject(join(dir, `case-${count++}`), [
      { name: 'alpha', version: '1.0.0', license: 'MIT OR (' },
    ]);
    expect(told(await scanDirectory(host, path, { osv, release: true })).fatal).toEqual(['RELEASE_LICENSE']);
  });
});

describe('which files a secret scan sees', () => {
  it('those that git ignores are left out, whichever ignore file says so', async () => {
    const path = project({
      '.gitignore': 'dist/\n*.local\n!keep.local\n',
      'dist/a.js': secret(),
      'x.local': secret(),
      'keep.local': secret(),
      'sub/.gitignore': '/generated\n',
      'sub/generated/b.js': secret(),
      'sub/other/generated/c.js': secret(),
      '.git/info/exclude': 'private.txt\n',
      '.git/config': secret(),
      'private.txt': secret(),
      'node_modules/alpha/index.js': secret(),
    });
    expect(await secretPaths(path)).toEqual(['keep.local', 'sub/other/generated/c.js']);
  });

  it('a part of a repository is scanned by the rules of the whole, unless it is ignored as a whole', async () => {
    const path = project({
      '.gitignore': 'dist/\n/pkg/*.local\n',
      '.git/info/exclude': 'private.txt\n',
      'pkg/dist/a.js': secret(),
      'pkg/x.local': secret(),
      'pkg/private.txt': secret(),
      'pkg/b.js': secret(),
    });
    expect(await secretPaths(join(path, 'pkg'))).toEqual(['b.js']);
    expect(await secretPaths(join(path, 'pkg', 'dist'))).toEqual(['a.js']);
  });

  it('[§14 E] a tree that hides everything from git is no pass', async () => {
    const files = writeCleanProject(join(dir, `case-${count++}`), undefined, { '.gitignore': '*\n', 'a.js': secret() });
    expect((await scanDirectory(host, files, { only: 'secret' })).verdict).toBe('error');
    const folder = join(dir, `case-${count++}`);
    write(folder, { '.git/info/exclude': 'src/\n', 'src/a.js': secret() });
    expect((await scanDirectory(host, folder, { only: 'secret' })).verdict).toBe('error');
    const outer = join(dir, `case-${count++}`);
    write(outer, { '.git/HEAD': '', '.gitignore': '/pkg/*\n', 'pkg/a.js': secret() });
    expect((await scanDirectory(host, join(outer, 'pkg'), { only: 'secret' })).verdict).toBe('error');
  });

  it('the home is no part of the tree it lies in', async () => {
    const path = project();
    const inner = await openTestHost(path);
    try {
      mkdirSync(join(path, 'src'));
      write(path, { 'home/note.txt': secret(), 'src/home/a.js': secret() });
      const outcome = await scanDirectory(inner, path, { only: 'secret' });
      expect(findingsOf(outcome, 'secret_scan').map(({ locations }) => locations[0]?.path)).toEqual(['src/home/a.js']);
    } finally {
      await inner.close({ graceMs: 0 });
    }
  });
});

describe('which files a license scan sees', () => {
  it('those of installed packages, in any layout, and none of what lies deeper in them', async () => {
    const text = 'Permission to use, copy, modify, and/or distribute this software is granted.\n';
    const manifest = (name: string): string => JSON.stringify({ name, version: '1.0.0', license: 'ISC' });
    const path = project({
      '.gitignore': 'node_modules\nbuild\n',
      'node_modules/alpha/package.json': manifest('alpha'),
      'node_modules/alpha/src/LICENSE': text,
      'node_modules/@scope/beta/package.json': manifest('@scope/beta'),
      'node_modules/alpha/node_modules/gamma/package.json': manifest('gamma'),
      'node_modules/.pnpm/delta@1.0.0/node_modules/delta/package.json': manifest('delta'),
      'node_modules/.pnpm/delta@1.0.0/node_modules/delta/lib/package.json': manifest('not-a-package'),
      'build/LICENSE': text,
      'venv/lib/python3/site-packages/eps-1.0.dist-info/METADATA': 'Name: eps\nVersion: 1.0\nLicense: MIT\n',
    });
    const { checks } = await scanDirectory(host, path, { only: 'license' });
    const tree = checks.at(-1)?.inputs.find(({ kind }) => kind === 'bundle');
    if (tree === undefined) throw new Error('nothing was pinned');
    const { entries } = await host.artifacts.openPinned(tree);
    expect(entries.map((entry) => entry.path)).toEqual([
      'node_modules/.pnpm/delta@1.0.0/node_modules/delta/package.json',
      'node_modules/@scope/beta/package.json',
      'node_modules/alpha/node_modules/gamma/package.json',
      'node_modules/alpha/package.json',
      'package-lock.json',
      'package.json',
      'venv/lib/python3/site-packages/eps-1.0.dist-info/METADATA',
    ]);
  });
});
