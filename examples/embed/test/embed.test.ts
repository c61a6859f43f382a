import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));

it('[§2] the whole is wired in under 40 lines, and says what it did', async () => {
  expect(readFileSync(main, 'utf8').split('\n').length).toBeLessThan(40);
  const dir = mkdtempSync(join(tmpdir(), 'mex-embed-test-'));
  try {
    const lock = {
      name: 'demo',
      version: '1.0.0',
      lockfileVersion: 3,
      packages: { '': { name: 'demo' }, 'node_modules/a': { version: '1.2.3' } },
    };
    writeFileSync(join(dir, 'package-lock.json'), JSON.stringify(lock));
    const { stdout } = await promisify(execFile)(process.execPath, ['--conditions=@mex/source', main, dir]);
    expect(stdout).toMatch(/^succeeded 1$/m);
    expect(stdout).toMatch(/^sbom\.cdx\.json [0-9a-f]{64}$/m);
    expect(stdout).toMatch(/^log verifies: true$/m);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});
