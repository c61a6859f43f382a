import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { parseCommandLine } from '../src/arguments.ts';
import { noteFoundHome } from '../src/found-home.ts';
import { isTrackedByGit } from '../src/git-index.ts';
import { renderLine } from '../src/output/style.ts';
import { Terminal } from '../src/output/terminal.ts';
import { scratch } from './mex.ts';

const root = scratch();
let count = 0;

/** A directory of somebody's, and a place where this user's state is kept. */
function place(): { dir: string; home: string; env: Record<string, string> } {
  count += 1;
  const dir = join(root, `p${count}`);
  mkdirSync(dir, { recursive: true });
  return { dir, home: join(dir, '.mex'), env: { XDG_STATE_HOME: join(root, `state${count}`) } };
}

/** What a command would say on stderr before it begins; `during` is what it does. */
function said(
  dir: string,
  env: Record<string, string>,
  argv = ['runs', 'list'],
  during = (): void => undefined,
): string {
  const terminal = new Terminal({ format: 'json', stdoutIsTerminal: false, stderrIsTerminal: false, plain: true });
  const note = vi.spyOn(terminal, 'note').mockImplementation(() => undefined);
  const cwd = vi.spyOn(process, 'cwd').mockReturnValue(dir);
  try {
    const request = parseCommandLine(argv, env);
    if (request.kind !== 'run') throw new Error('no command');
    const remember = noteFoundHome(request.invocation, env, terminal);
    during();
    remember();
    return note.mock.calls.map((pieces) => renderLine(pieces, false)).join('\n');
  } finally {
    cwd.mockRestore();
  }
}

function git(dir: string, ...args: string[]): void {
  const env = { PATH: process.env['PATH'] ?? '', GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null' };
  execFileSync('git', args, { cwd: dir, env, stdio: 'ignore' });
}

describe('[§16] a default home that was there before', () => {
  it('is named on stderr, once', () => {
    const { dir, home, env } = place();
    mkdirSync(home);
    expect(said(dir, env)).toContain(`${home} was there before`);
    expect(said(dir, env)).toBe('');
  });

  it('is nothing to be told of when a command made it, or when somebody named it', () => {
    const own = place();
    expect(said(own.dir, own.env, ['scan', '.'], () => mkdirSync(own.home))).toBe('');
    expect(said(own.dir, own.env)).toBe('');
    const named = place();
    mkdirSync(named.home);
    expect(said(named.dir, named.env, ['runs', 'list', '--home', '.mex'])).toBe('');
    expect(said(named.dir, { ...named.env, MEX_HOME: '.mex' })).toBe('');
    expect(said(named.dir, named.env, ['completion', 'bash'])).toBe('');
    expect(said(named.dir, named.env)).not.toBe('');
  });

  it('is another one when another directory takes its place', () => {
    const { dir, home, env } = place();
    expect(said(dir, env, ['scan', '.'], () => mkdirSync(home))).toBe('');
    mkdirSync(`${home}-other`);
    rmSync(home, { recursive: true });
    renameSync(`${home}-other`, home);
    expect(said(dir, env)).toContain(home);
  });

  it('is told of every time where nothing can be kept', () => {
    const { dir, home } = place();
    mkdirSync(home);
    const broken = join(root, 'no-directory');
    writeFileSync(broken, '');
    for (const env of [{}, { XDG_STATE_HOME: broken }]) {
      expect(said(dir, env)).toContain(home);
      expect(said(dir, env)).toContain(home);
    }
  });

  it('of which git tracks files is told of again when its policy is another one', () => {
    const { dir, home, env } = place();
    expect(said(dir, env, ['scan', '.'], () => mkdirSync(home))).toBe('');
    writeFileSync(join(home, 'policy.json'), '{}');
    // One's own file is one's own business.
    expect(said(dir, env)).toBe('');
    git(dir, 'init', '-q');
    git(dir, 'add', '-f', '.mex/policy.json');
    expect(said(dir, env)).toContain('git tracks files of it');
    expect(said(dir, env)).toBe('');
    writeFileSync(join(home, 'policy.json'), '{"schema_version":"mex.policy@1.0"}');
    expect(said(dir, env)).toContain('git tracks files of it');
    expect(readdirSync(join(env['XDG_STATE_HOME'] ?? '', 'mex', 'homes'))).toHaveLength(3);
  });
});

describe('what git tracks', () => {
  it('is read from its index, also below the top, and is no other name', () => {
    const { dir } = place();
    const inner = join(dir, 'packages', 'a');
    for (const path of ['.mex-other', 'packages/a/.mex', 'x.mex']) mkdirSync(join(dir, path), { recursive: true });
    git(dir, 'init', '-q');
    for (const path of ['.mex-other/policy.json', 'packages/a/.mex/policy.json', 'x.mex/f'])
      writeFileSync(join(dir, path), '');
    git(dir, 'add', '.');
    expect(isTrackedByGit(join(inner, '.mex'))).toBe(true);
    expect(isTrackedByGit(join(dir, '.mex'))).toBe(false);
    git(dir, 'update-index', '--index-version', '4');
    expect(isTrackedByGit(join(inner, '.mex'))).toBe(false);
  });

  it('of broken repositories is nothing', () => {
    for (const index of ['', 'DIRC', 'x'.repeat(100)]) {
      const { dir, home } = place();
      mkdirSync(join(dir, '.git'));
      writeFileSync(join(dir, '.git', 'index'), index);
      expect(isTrackedByGit(home)).toBe(false);
    }
    const { dir, home } = place();
    writeFileSync(join(dir, '.git'), 'gitdir: nowhere');
    expect(isTrackedByGit(home)).toBe(false);
  });
});
