import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';

export const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url));
export const LAUNCHER = fileURLToPath(new URL('../../../mex', import.meta.url));

/** Compiled code of all test processes; the developer's own cache is left alone. */
const CACHE = join(tmpdir(), `mex-cli-test-cache-${process.getuid?.() ?? 0}`);

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface MexOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  /** Looks at the running process, e.g. to send it a signal. */
  readonly during?: (child: ChildProcess) => void;
}

/** Runs the built command to its end. */
export function mex(args: readonly string[], options: MexOptions = {}): Promise<Finished> {
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd: options.cwd ?? tmpdir(),
    env: { PATH: process.env['PATH'] ?? '', XDG_CACHE_HOME: CACHE, ...options.env },
  });
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.stdin ?? '');
  options.during?.(child);
  return finish(child);
}

export function finish(child: ChildProcess): Promise<Finished> {
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}

/** A directory of this test file's own, gone when it is done. */
export function scratch(): string {
  const dir = mkdtempSync(join(tmpdir(), 'mex-cli-'));
  afterAll(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** Parses stdout as exactly one JSON document. */
export function documentOf({ stdout }: Finished): Record<string, unknown> {
  const value: unknown = JSON.parse(stdout);
  if (typeof value !== 'object' || value === null) throw new Error(`no JSON object: ${stdout.slice(0, 200)}`);
  return { ...value };
}

/** Parses every line of stdout. */
export function linesOf({ stdout }: Finished): Record<string, unknown>[] {
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

const PACKAGES = ['alpha', 'beta', 'gamma'];

/** A project of three packages, one of them for development. */
export function writeProject(dir: string): string {
  mkdirSync(dir, { recursive: true });
  const dependencies = { alpha: '1.0.0', beta: '1.0.0' };
  const manifest = { name: 'demo', version: '1.2.3', dependencies, devDependencies: { gamma: '1.0.0' } };
  const entries = PACKAGES.map((name) => [
    `node_modules/${name}`,
    {
      version: '1.0.0',
      resolved: `https://registry.example/${name}/-/${name}-1.0.0.tgz`,
      ...(name === 'gamma' ? { dev: true } : {}),
    },
  ]);
  const lock = {
    name: 'demo',
    version: '1.2.3',
    lockfileVersion: 3,
    packages: { '': manifest, ...Object.fromEntries(entries) },
  };
  writeFileSync(join(dir, 'package.json'), JSON.stringify(manifest));
  writeFileSync(join(dir, 'package-lock.json'), JSON.stringify(lock));
  return dir;
}

/** What no person should ever be shown. */
export const STACK_TRACE = /\n\s+at |node:internal|\.js:\d+:\d+/;

/** Everything that moves a cursor or turns text around; line feeds are how lines end. */
export const HARMFUL = /[^\P{Cc}\n]|\p{Bidi_Control}/u;
