import { execFile, execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const example = join(root, 'examples', 'engine-hello');
const cli = join(root, 'packages', 'cli', 'dist', 'main.js');
const run = promisify(execFile);

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'mex-hello-'));
  for (const folder of ['src', 'conformance']) cpSync(join(example, folder), join(dir, folder), { recursive: true });
  writeFileSync(join(dir, 'package.json'), readFileSync(join(example, 'package.json')));
  for (const name of ['envelope', 'engine-sdk']) installPacked(name);
}, 60_000);
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** What a registry would serve, not the checkout: only the files that are packed. Dependencies are those of the checkout. */
function installPacked(name: string): void {
  const source = join(root, 'packages', name);
  const target = join(dir, 'node_modules', '@mex', name);
  mkdirSync(target, { recursive: true });
  const tarball = join(dir, `${name}.tgz`);
  const pnpm = join(root, 'node_modules', '.bin', 'pnpm');
  execFileSync(pnpm, ['pack', '--out', tarball], { cwd: source, stdio: ['ignore', 'ignore', 'inherit'] });
  execFileSync('tar', ['-xzf', tarball, '-C', target, '--strip-components=1']);
  const { dependencies }: { dependencies: Record<string, string> } = JSON.parse(
    readFileSync(join(source, 'package.json'), 'utf8'),
  );
  for (const dependency of Object.keys(dependencies)) {
    const link = join(dir, 'node_modules', dependency);
    if (dependency.startsWith('@mex/') || existsSync(link)) continue;
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(realpathSync(join(source, 'node_modules', dependency)), link);
  }
}

const mex = async (...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> => {
  const home = join(dir, 'home');
  try {
    const { stdout, stderr } = await run(process.execPath, [cli, ...args, '--home', home], { cwd: dir });
    return { code: 0, stdout, stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, stdout, stderr };
  }
};

function writeOperation(name: string, over: object): string {
  const file = join(dir, name);
  const operation = {
    schema_version: 'poe-1.0',
    op_id: randomUUID(),
    engine_id: 'engine.example.hello',
    operation: 'hello.greet',
    inputs: [],
    params: { name: 'Ada' },
    capabilities_requested: ['fs.write:artifacts'],
    budget: {},
    determinism: 'D3',
    output_spec: {},
    ...over,
  };
  writeFileSync(file, JSON.stringify(operation));
  return file;
}

describe('[§10] an engine from outside this repository, written with the SDK alone', () => {
  it('is built, added, run, and refused once its bundle was changed', async () => {
    const sdk = join(dir, 'node_modules', '@mex', 'engine-sdk');
    expect(existsSync(join(sdk, 'src'))).toBe(false);
    await run(process.execPath, [join(sdk, 'bin', 'mex-engine.mjs'), 'build'], { cwd: dir });

    const added = await mex('engines', 'add', dir);
    expect(added.code, added.stderr).toBe(0);
    const listed = await mex('engines', 'list', '--format', 'json');
    expect(listed.stdout).toContain('engine.example.hello');

    const ran = await mex('run', writeOperation('one.json', {}));
    expect(ran.code, ran.stderr).toBe(0);
    const result: { status: string; summary: unknown; outputs: { sha256: string }[] } = JSON.parse(ran.stdout);
    expect(result).toMatchObject({ status: 'succeeded', summary: { greeting: 'Hello, Ada!' } });
    const shown = await mex('artifacts', 'cat', result.outputs[0]?.sha256 ?? '');
    expect(shown.stdout).toBe('Hello, Ada!\n');

    const denied = await mex('run', writeOperation('two.json', { params: { name: 'Ada', admin: true } }));
    expect(denied.code).toBe(3);

    const registry: { engines: Record<string, { bundle_path: string }[]> } = JSON.parse(
      readFileSync(join(dir, 'home', 'mechanical_engines.json'), 'utf8'),
    );
    const bundle = join(dir, 'home', registry.engines['engine.example.hello']?.[0]?.bundle_path ?? '');
    writeFileSync(bundle, readFileSync(bundle, 'utf8').replace('Hello', 'Hallo'));
    const refused = await mex('run', writeOperation('three.json', {}));
    expect(refused.code).toBe(3);
    expect(refused.stdout).toContain('BUNDLE_DIGEST_MISMATCH');
    expect((await mex('log', 'verify')).code).toBe(0);
  });

  it('[§2] no bypass: importing the package gives a manifest and a handle, nothing that runs', async () => {
    const door: Record<string, unknown> = await import(join(example, 'dist', 'index.js'));
    expect(Object.keys(door).sort()).toEqual(['engine', 'manifest']);
    const seen: unknown[] = [];
    const walk = (value: unknown): void => {
      if (typeof value === 'function') seen.push(value);
      if (typeof value === 'object' && value !== null) for (const member of Object.values(value)) walk(member);
    };
    walk(door);
    expect(seen).toEqual([]);
    await expect(import(join(example, 'dist', 'engine.bundle'))).rejects.toThrow();
  });
});
