import { closeSync, mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { enterAll, isLinkRefusal, openRoot } from '../src/safe-directory.ts';
import { tempDirectory } from './temp-store.ts';

function makeRoot(): { root: string; outside: string } {
  const dir = tempDirectory();
  const [root, outside] = [join(dir, 'root'), join(dir, 'outside')];
  mkdirSync(join(root, 'a', 'b'), { recursive: true });
  mkdirSync(join(outside, 'b'), { recursive: true });
  writeFileSync(join(root, 'a', 'b', 'f'), 'inside');
  writeFileSync(join(outside, 'b', 'f'), 'outside');
  return { root, outside };
}

function refusalOf(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe.each([
  ['descriptors (Linux)', false],
  ['identities (elsewhere)', true],
])('[§14 B] a safe directory by %s', (_, portable) => {
  it('opens files below the root, and makes directories', () => {
    const { root } = makeRoot();
    const top = openRoot(root, portable);
    const parent = enterAll(top, ['a', 'b']);
    const fd = parent.openFile('f');
    expect(readFileSync(fd, 'utf8')).toBe('inside');
    closeSync(fd);
    const made = enterAll(top, ['a', 'new', 'newer'], true);
    writeFileSync(made.entryPath('g'), 'g');
    expect(readFileSync(join(root, 'a', 'new', 'newer', 'g'), 'utf8')).toBe('g');
    for (const directory of [made, parent, top]) directory.close();
  });

  it('a link is refused as a directory on the way, as a file, and as a directory to be made', () => {
    const { root, outside } = makeRoot();
    symlinkSync(outside, join(root, 'link'));
    symlinkSync('/etc/hostname', join(root, 'file-link'));
    const top = openRoot(root, portable);
    for (const act of [
      () => enterAll(top, ['link', 'b']),
      () => enterAll(top, ['link', 'b'], true),
      () => top.openFile('file-link'),
      () => top.make('file-link'),
    ]) {
      expect(isLinkRefusal(refusalOf(act))).toBe(true);
    }
    top.close();
  });

  it('a directory that is swapped for a link after it was entered does not lead outside', () => {
    const { root, outside } = makeRoot();
    const top = openRoot(root, portable);
    const inner = enterAll(top, ['a', 'b']);
    renameSync(join(root, 'a'), join(root, 'kept'));
    symlinkSync(outside, join(root, 'a'));
    const refusal = refusalOf(() => {
      const fd = inner.openFile('f');
      expect(readFileSync(fd, 'utf8')).toBe('inside');
      closeSync(fd);
    });
    // By descriptor the file inside is still reached; by identity the swap is noticed.
    if (portable) expect(isLinkRefusal(refusal)).toBe(true);
    else expect(refusal).toBeUndefined();
    inner.close();
    top.close();
  });
});
