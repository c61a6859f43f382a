import { describe, expect, it } from 'vitest';
import { findLockfiles, SKIPPED_DIRECTORIES } from '../src/discovery.ts';
import { lockfileReaders } from '../src/lockfiles/readers.ts';

const paths = (files: readonly string[]) => findLockfiles(files, lockfileReaders).lockfiles.map(({ path }) => path);

describe('findLockfiles', () => {
  it('knows every format by its file name', () => {
    const names = [
      'Cargo.lock',
      'Gemfile.lock',
      'composer.lock',
      'gems.locked',
      'npm-shrinkwrap.json',
      'package-lock.json',
      'pnpm-lock.yaml',
      'poetry.lock',
      'requirements-dev.txt',
      'requirements.txt',
      'uv.lock',
      'yarn.lock',
    ];
    expect(paths([...names, 'package.json', 'Cargo.toml', 'xCargo.lock', 'Cargo.lock.bak', 'notes.txt'])).toEqual(
      names,
    );
    for (const name of names) expect(lockfileReaders.filter((reader) => reader.matches(name))).toHaveLength(1);
  });

  it('takes go.mod and go.sum as one', () => {
    expect(paths(['a/go.mod', 'a/go.sum', 'b/go.sum', 'c/go.mod'])).toEqual(['a/go.mod', 'b/go.sum', 'c/go.mod']);
  });

  it('leaves out what other people put there, at any depth, and says why', () => {
    for (const [directory, reason] of SKIPPED_DIRECTORIES) {
      expect(paths([`x/${directory}/y/yarn.lock`, `${directory}/Cargo.lock`]), directory).toEqual([]);
      expect(reason.length).toBeGreaterThan(10);
    }
    expect(paths(['vendored/yarn.lock', 'my-node_modules/yarn.lock'])).toHaveLength(2);
  });

  it('notes lockfiles that compete, and only those', () => {
    const { lockfiles, notes } = findLockfiles(
      ['web/yarn.lock', 'web/package-lock.json', 'Cargo.lock', 'requirements.txt', 'requirements-dev.txt'],
      lockfileReaders,
    );
    expect(lockfiles).toHaveLength(5);
    expect(notes).toEqual([{ path: 'web', message: expect.stringContaining('package-lock.json, yarn.lock') }]);
  });

  it('gives the same order whatever order the files come in', () => {
    const files = ['b/yarn.lock', 'a/yarn.lock', 'Cargo.lock', 'a/yarn.lock'];
    expect(paths(files)).toEqual(['Cargo.lock', 'a/yarn.lock', 'b/yarn.lock']);
    expect(paths(files.toReversed())).toEqual(paths(files));
  });
});
