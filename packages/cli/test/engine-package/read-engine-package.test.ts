import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { openPackage } from '../../src/engine-package/open-package.ts';
import { readEnginePackage } from '../../src/read-engine-package.ts';
import { writeEngine } from '../test-engine.ts';

const root = mkdtempSync(join(tmpdir(), 'mex-package-test-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

it.skipIf(process.platform === 'win32')(
  'a pipe in the place of a file is refused, and nobody waits for its other end',
  () => {
    const dir = writeEngine(join(root, 'piped'));
    const manifest = join(dir, 'dist', 'manifest.json');
    rmSync(manifest);
    execFileSync('mkfifo', [manifest]);
    expect(() => readEnginePackage(dir)).toThrow(/its manifest is not a file/);
    expect(() => openPackage(manifest)).toThrow(/neither a folder nor a file/);
  },
);

it('says whether a folder is not there, is none, or is not built', () => {
  writeFileSync(join(root, 'file'), '');
  expect(() => readEnginePackage(join(root, 'nowhere'))).toThrow(/it does not exist/);
  expect(() => readEnginePackage(join(root, 'file'))).toThrow(/it is not a folder/);
  expect(() => readEnginePackage(root)).toThrow(/has no dist\/manifest.json/);
});
