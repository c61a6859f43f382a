import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_POLICY, openHost } from '@mex/host';
import type { SecretSource } from '@mex/runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSecretFiles } from '../src/secret-files.ts';

let dir: string;
let secrets: SecretSource;
const put = (name: string, text: string | Buffer, mode = 0o600): string => {
  const file = join(dir, 'secrets', name);
  writeFileSync(file, text);
  chmodSync(file, mode);
  return file;
};
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'mex-secret-files-'));
  mkdirSync(join(dir, 'secrets', 'sub'), { recursive: true });
  writeFileSync(join(dir, 'outside'), 'outside-value', { mode: 0o600 });
  secrets = createSecretFiles(join(dir, 'secrets'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const refusal = async (id: string): Promise<{ code: string; message: string }> => {
  const thrown: unknown = await secrets.value(id).then(
    (value) => ({ code: 'none', message: String(value) }),
    (error: unknown) => error,
  );
  const { code, message } = Object(thrown) as { code: string; message: string };
  return { code, message };
};

describe('[§9] [§14 E] secrets as files', () => {
  it.each([
    ['as it is', 'abc def', 'abc def'],
    ['without the line end at its end', 'abc\n', 'abc'],
    ['without that of Windows', 'abc\r\n', 'abc'],
    ['with the others', 'a\nb\n\n', 'a\nb\n'],
    ['with letters beyond ASCII', 'grüße\n', 'grüße'],
    ['empty', '', ''],
    ['of 64 KiB', 'x'.repeat(65_536), 'x'.repeat(65_536)],
  ])('a value is read %s', async (_what, text, value) => {
    put('key', text);
    expect(await secrets.value('key')).toBe(value);
  });

  it('a value that was replaced is the new one', async () => {
    put('turn', 'first-value');
    expect(await secrets.value('turn')).toBe('first-value');
    put('turn', 'second-value');
    expect(await secrets.value('turn')).toBe('second-value');
  });

  it.each(['absent', '../outside', '..', '.', '', 'sub/key', '/etc/passwd', 'a\0b', '-rf', 'x'.repeat(200), '.hidden'])(
    'there is none by the id %j',
    async (id) => {
      expect(await secrets.value(id)).toBeUndefined();
    },
  );

  it.each([0o644, 0o640, 0o604, 0o660, 0o610, 0o601])('one of mode %o is refused, in words', async (mode) => {
    put('open', 'value-of-open-file', mode);
    const { code, message } = await refusal('open');
    expect(code).toBe('SECRET_FILE_UNUSABLE');
    expect(message).toContain(mode.toString(8));
    expect(message).not.toContain('value-of-open-file');
  });

  it('links, second names, directories, pipes, large files and other encodings are refused', async () => {
    symlinkSync(join(dir, 'outside'), join(dir, 'secrets', 'link'));
    symlinkSync(join(dir, 'nowhere'), join(dir, 'secrets', 'dangling'));
    linkSync(join(dir, 'outside'), join(dir, 'secrets', 'hard'));
    spawnSync('mkfifo', ['-m', '600', join(dir, 'secrets', 'pipe')]);
    put('large', 'x'.repeat(65_537));
    put('bytes', Buffer.from([0x61, 0xff, 0xfe, 0x62]));
    for (const id of ['link', 'dangling', 'hard', 'sub', 'pipe', 'large', 'bytes']) {
      expect([id, (await refusal(id)).code]).toEqual([id, 'SECRET_FILE_UNUSABLE']);
    }
  });

  const asRoot = process.getuid?.() === 0;
  it.skipIf(!asRoot)(
    asRoot ? 'one that somebody else put there is refused' : 'one that somebody else put there (skipped: not root)',
    async () => {
      chownSync(put('foreign', 'value-of-somebody'), 12_345, 12_345);
      expect(await refusal('foreign')).toMatchObject({ code: 'SECRET_FILE_UNUSABLE' });
    },
  );

  it('no descriptor stays open, whatever comes', async () => {
    put('key', 'value');
    put('open', 'value', 0o644);
    const before = readdirSync('/proc/self/fd').length;
    for (let at = 0; at < 100; at += 1) await Promise.allSettled(['key', 'open', 'none', 'sub'].map(secrets.value));
    expect(readdirSync('/proc/self/fd').length).toBeLessThanOrEqual(before + 1);
  });

  it('a home without secrets opens, and has none', async () => {
    const host = await openHost({ home: join(dir, 'home'), policy: DEFAULT_POLICY });
    await host.close();
    expect(await createSecretFiles(join(dir, 'home', 'secrets')).value('key')).toBeUndefined();
  });
});
