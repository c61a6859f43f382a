import { spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { finish, LAUNCHER, MAIN, scratch } from './mex.ts';

const ROOT = dirname(LAUNCHER);
const dir = scratch();
const start = (command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  finish(
    spawn(command, args, {
      cwd: dir,
      env: { PATH: process.env['PATH'] ?? '', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    }),
  );

describe('the launcher', () => {
  it('works from any directory and through links', async () => {
    symlinkSync(LAUNCHER, join(dir, 'one'));
    mkdirSync(join(dir, 'bin'));
    symlinkSync('../one', join(dir, 'bin', 'two'));
    for (const command of [LAUNCHER, './one', './bin/two']) {
      expect(await start(command, ['--version'])).toMatchObject({ code: 0, stdout: expect.stringMatching(/^mex \d/) });
    }
  });

  it('says what to do in a checkout that is not built', async () => {
    const copy = join(dir, 'mex');
    copyFileSync(LAUNCHER, copy);
    expect(await start(copy, ['help'])).toMatchObject({ code: 2, stderr: expect.stringContaining('npm start') });
  });

  it('says what to do where no Node is new enough', async () => {
    const root = join(dir, 'old');
    mkdirSync(join(root, 'packages', 'cli', 'dist'), { recursive: true });
    copyFileSync(LAUNCHER, join(root, 'mex'));
    copyFileSync(MAIN, join(root, 'packages', 'cli', 'dist', 'main.js'));
    const result = await start('/bin/sh', [join(root, 'mex'), 'help'], { PATH: join(dir, 'bin') });
    expect(result).toMatchObject({ code: 2, stderr: expect.stringContaining('no Node 26') });
  });

  // The realm of the sandbox is audited against the globals of one Node; an older one was never looked at.
  it('asks for the same Node as the command and every package', () => {
    expect(readFileSync(LAUNCHER, 'utf8')).toContain('-ge 26 ]');
    expect(readFileSync(join(ROOT, 'packages', 'cli', 'src', 'main.ts'), 'utf8')).toContain('major < 26');
    const asked = ['packages', 'engines'].flatMap((folder) =>
      readdirSync(join(ROOT, folder)).flatMap((name) => {
        const file = join(ROOT, folder, name, 'package.json');
        if (!existsSync(file)) return [];
        const { engines }: { engines?: { node?: string } } = JSON.parse(readFileSync(file, 'utf8'));
        return engines?.node === undefined ? [] : [engines.node];
      }),
    );
    expect(asked.length).toBeGreaterThan(5);
    expect(new Set(asked)).toEqual(new Set(['>=26']));
  });
});
