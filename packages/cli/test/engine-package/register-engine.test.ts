import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { readEnginePackage } from '../../src/read-engine-package.ts';
import { registerEngine } from '../../src/register-engine.ts';
import { writeEngine } from '../test-engine.ts';

const root = mkdtempSync(join(tmpdir(), 'mex-register-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const secrets = join(root, 'secrets');
mkdirSync(secrets);
writeFileSync(join(secrets, 'id_ed25519'), 'private');

/** A home with one engine, and what was recorded in it. */
async function homeWithEngine(name: string) {
  const home = join(root, name);
  const recorded: string[] = [];
  const host = { home, record: async (subject: string) => void recorded.push(subject) };
  const good = writeEngine(join(root, `${name}-good`));
  mkdirSync(join(good, 'conformance', 'first'), { recursive: true });
  writeFileSync(join(good, 'conformance', 'first', 'vector.json'), '{}');
  await registerEngine(host, readEnginePackage(good), undefined);
  const { manifest } = readEnginePackage(good);
  const folder = join(home, 'engines', manifest.engine_id, manifest.engine_version);
  const read = () => [
    readFileSync(join(home, 'mechanical_engines.json'), 'utf8'),
    readFileSync(join(folder, 'engine.bundle'), 'utf8'),
    readFileSync(join(folder, 'conformance', 'first', 'vector.json'), 'utf8'),
    readdirSync(folder).toSorted().join(),
    recorded.join(),
  ];
  return { host, read };
}

it.each<[string, (dir: string) => void]>([
  ['is a link to a folder of this machine', (dir) => symlinkSync(secrets, join(dir, 'conformance'))],
  [
    'holds a link',
    (dir) => {
      mkdirSync(join(dir, 'conformance'));
      symlinkSync(join(secrets, 'id_ed25519'), join(dir, 'conformance', 'vector.json'));
    },
  ],
])(
  '[§10] [§14 B] a package whose conformance folder %s changes nothing of the engine that is there',
  async (what, make) => {
    const { host, read } = await homeWithEngine(what.split(' ').join('-'));
    const before = read();
    const bad = writeEngine(join(root, `${what.split(' ').join('-')}-bad`));
    make(bad);
    await expect(registerEngine(host, readEnginePackage(bad), undefined)).rejects.toMatchObject({
      code: 'CLI_ENGINE_PACKAGE',
    });
    expect(read()).toEqual(before);
  },
);
