import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildEngine } from '@mex/engine-sdk/build';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadBundle, type Operations, runOperation } from './bundled-engine.ts';
import { advisory, HIGH, sbomOf, snapshotOf, TIMESTAMP } from './fixture.ts';

const ROOT = join(import.meta.dirname, '..');
let dir = '';
let code = '';
let operations: Operations;

beforeAll(async () => {
  dir = mkdtempSync(join(ROOT, '.bundle-test-'));
  writeFileSync(join(dir, 'package.json'), JSON.stringify({ name: '@mex/engine-vuln', version: '0.1.0' }));
  const { outDir } = await buildEngine({ dir, entry: join(ROOT, 'src', 'engine.ts') });
  code = readFileSync(join(outDir, 'engine.bundle'), 'utf8');
  operations = loadBundle(code);
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function input(bytes: Uint8Array): object {
  return { kind: 'file', sha256: '0'.repeat(64), size: bytes.length, bytes: async () => bytes };
}

describe('the bundle for the sandbox', () => {
  it('[§9] asks for nothing but the language', () => {
    expect(code).not.toMatch(/\brequire\(|\bimport\(|from\s*["']node:|["']node:[a-z]+["']/);
    // Methods of these names are no globals; timers are the sandbox's own.
    expect(code).not.toMatch(/(?<![.\w$])(?:process\s*\.|fetch\s*\((?![^)]*\)\s*\{))/);
    expect(code.length).toBeLessThan(400_000);
  });

  it('[§9] runs in a realm that has the language alone', async () => {
    const sbom = new TextEncoder().encode(JSON.stringify(sbomOf([{ purl: 'pkg:npm/left-pad@1.0.0' }])));
    const database = await snapshotOf([advisory('GHSA-1', 'left-pad', HIGH)]);
    const run = await runOperation(operations, 'vuln.scan', [input(sbom), input(database)], { timestamp: TIMESTAMP });
    expect(run.problems).toMatchObject([{ code: 'VULN_HIGH' }]);
    await expect(runOperation(operations, 'vuln.scan', [input(sbom)], { timestamp: TIMESTAMP })).rejects.toMatchObject({
      code: 'VULN_DATABASE_MISSING',
    });
  });
});
