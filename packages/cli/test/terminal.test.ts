import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { finish, MAIN, mex, scratch, writeProject } from './mex.ts';

const dir = scratch();
const home = join(dir, 'home');
const hasScript = spawnSync('script', ['--version']).status === 0;

beforeAll(async () => {
  await mex(['scan', writeProject(join(dir, 'project')), '--home', home]);
});

/** Runs a command on a pseudo-terminal of util-linux `script`. */
function onTerminal(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const command = [process.execPath, MAIN, ...args].map((word) => `'${word}'`).join(' ');
  const settings = { PATH: process.env['PATH'] ?? '', TERM: 'xterm', ...env };
  return finish(spawn('script', ['-qec', command, '/dev/null'], { env: settings, stdio: ['ignore', 'pipe', 'pipe'] }));
}

describe.skipIf(!hasScript)('[§16] on a terminal (needs the program "script")', () => {
  it('shows colours and progress', async () => {
    const shown = await onTerminal(['log', 'verify', '--home', home]);
    expect(shown.stdout).toContain('\x1b[32m');
    expect(shown.stdout).toContain('verifying');
  });

  it.each([
    ['NO_COLOR', [], { NO_COLOR: '1' }],
    ['--no-color', ['--no-color'], {}],
    ['a dumb terminal', [], { TERM: 'dumb' }],
  ])('shows none with %s', async (_, more, env) => {
    const shown = await onTerminal(['log', 'list', '--home', home, ...more], env);
    expect(shown.stdout).toContain('engine.run');
    expect(shown.stdout).not.toContain('\x1b[3');
  });
});

describe('[§16] when nobody reads any more', () => {
  it.each([['list'], ['export']])('mex log %s ends quietly', async (command) => {
    const child = spawn(
      'sh',
      ['-c', `'${process.execPath}' '${MAIN}' log ${command} --home '${home}' | true; echo done`],
      {
        env: { PATH: process.env['PATH'] ?? '' },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    expect(await finish(child)).toEqual({ code: 0, stdout: 'done\n', stderr: '' });
  });
});
