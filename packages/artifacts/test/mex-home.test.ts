import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { enterAll, isInHome, openArtifactStore, openRoot } from '@mex/artifacts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

let dir: string;
let project: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'mex-home-test-'));
  project = join(dir, 'project');
  for (const path of ['.mex/keys', '.mex/secrets', '.mex/artifacts', 'src'])
    mkdirSync(join(project, path), { recursive: true });
  for (const path of ['.mex/log.db', '.mex/keys/key.json', '.mex/secrets/token', 'src/a.ts'])
    writeFileSync(join(project, path), path);
});
afterEach(() => rm(dir, { recursive: true, force: true }));

describe('[§9] [§14 B] a home of MEX inside a tree', () => {
  it('is no part of a pin of the tree, and is said to be left out', async () => {
    const store = openArtifactStore({ dir: join(dir, 'store') });
    const pin = await store.pinDirectory(project);
    expect(pin.index.entries.map((entry) => entry.path)).toEqual(['src/a.ts']);
    expect(pin.skipped).toEqual([{ path: '.mex', reason: 'mex-home' }]);
    await store.close();
  });

  it('is left out whatever it is called, and when its files are named', async () => {
    const store = openArtifactStore({ dir: join(dir, 'store') });
    const pin = await store.pinFiles(project, ['.mex/secrets/token', 'src/a.ts']);
    expect(pin.index.entries.map((entry) => entry.path)).toEqual(['src/a.ts']);
    expect(pin.skipped.map(({ path }) => path)).toEqual(['.mex/secrets/token']);
    await store.close();
  });

  it.each(['.mex', '.mex/secrets', 'link'])('cannot be the root of a pin: %s', async (path) => {
    symlinkSync(join(project, '.mex', 'keys'), join(project, 'link'));
    const store = openArtifactStore({ dir: join(dir, 'store') });
    await expect(store.pinDirectory(join(project, path))).rejects.toMatchObject({ code: 'ARTIFACT_INVALID' });
    await store.close();
  });

  it('is never entered', () => {
    const root = openRoot(project);
    expect(() => enterAll(root, ['.mex', 'secrets'])).toThrow(/home of MEX/);
    root.close();
    expect([isInHome(join(project, '.mex', 'secrets')), isInHome(project), isInHome(join(dir, 'nothing'))]).toEqual([
      true,
      false,
      false,
    ]);
  });
});
