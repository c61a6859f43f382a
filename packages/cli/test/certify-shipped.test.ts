import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { documentOf, type Finished, finish, MAIN, scratch } from './mex.ts';
import { planned } from './test-engine.ts';

/** The smallest engine that comes with mex. */
const JANITOR = 'engine.janitor';

const dir = scratch();
const home = join(dir, 'home');
const installed = join(dir, 'mex');
const janitor = join(installed, 'node_modules', '@mex', 'engine-janitor');
const inventory = join(janitor, 'conformance', 'empty-store', 'inventory.json');

/** An installation of its own, whose files may be changed: the built command beside the packages that it imports. */
function install(): void {
  const root = fileURLToPath(new URL('..', import.meta.url));
  cpSync(dirname(MAIN), join(installed, 'dist'), { recursive: true });
  writeFileSync(join(installed, 'package.json'), readFileSync(join(root, 'package.json')));
  mkdirSync(dirname(janitor), { recursive: true });
  for (const name of ['piscina', ...readdirSync(join(root, 'node_modules', '@mex')).map((one) => `@mex/${one}`)]) {
    const package_ = realpathSync(join(root, 'node_modules', name));
    if (name !== '@mex/engine-janitor') symlinkSync(package_, join(installed, 'node_modules', name));
    else
      for (const part of ['dist', 'conformance', 'package.json'])
        cpSync(join(package_, part), join(janitor, part), { recursive: true });
  }
}

function mex(args: readonly string[], stdin = ''): Promise<Finished> {
  const child = spawn(process.execPath, [join(installed, 'dist', 'main.js'), ...args, '--home', home], {
    cwd: dir,
    env: { PATH: process.env['PATH'] ?? '', XDG_CACHE_HOME: join(dir, 'cache') },
  });
  child.stdin.end(stdin);
  return finish(child);
}

async function prune(): Promise<Record<string, unknown>> {
  const params = { now: '2026-11-21T10:00:00Z', dry_run: true, min_versions: 0 };
  const operation = planned('prune', { engine_id: JANITOR, params });
  return documentOf(await mex(['run', '-', '--input', `inventory.json=${inventory}`], JSON.stringify(operation)));
}

beforeAll(() => {
  install();
  mkdirSync(home);
  const policy = { schema_version: 'mex.policy@1.0', allow_uncertified_engines: false };
  writeFileSync(join(home, 'policy.json'), JSON.stringify(policy));
});

describe('[§10 §15] an engine that comes with mex, where certificates are demanded', () => {
  it('is denied, certified and run, and refused when one byte of its bundle is another one', async () => {
    expect(await prune()).toMatchObject({ status: 'denied', errors: [{ code: 'ENGINE_UNCERTIFIED' }] });

    const certified = await mex(['certify', JANITOR, '--tier', 'thread']);
    expect([certified.code, certified.stdout]).toEqual([0, expect.stringContaining('Certified until')]);
    expect(await prune()).toMatchObject({ status: 'succeeded', provenance: { engine_id: JANITOR } });

    const bundle = join(janitor, 'dist', 'engine.bundle');
    const bytes = readFileSync(bundle);
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    writeFileSync(bundle, bytes);
    expect(await prune()).toMatchObject({ status: 'denied', errors: [{ code: 'BUNDLE_DIGEST_MISMATCH' }] });
  }, 60_000);
});
