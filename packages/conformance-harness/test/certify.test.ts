import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { openHost } from '@mex/host';
import { findJailTools } from '@mex/runtime';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { certify, certifyWith } from '../src/certify.ts';
import type { CertifyProgress } from '../src/request.ts';
import { createStatement } from '../src/statement.ts';
import { modelPackage, writePackage } from './self-test/model-engine.ts';

const NO_JAIL = 'missing' in findJailTools();
const root = fileURLToPath(new URL('..', import.meta.url));
const threadEntry = new URL(inject('threadEntry'));
let scratch: string;
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'mex-certify-'));
});
afterAll(() => {
  rmSync(scratch, { recursive: true, force: true });
});

function writeModel(name: string, kind: Parameters<typeof modelPackage>[0]): string {
  const dir = join(scratch, name);
  mkdirSync(dir);
  writePackage(dir, modelPackage(kind));
  return dir;
}

describe('[§15] certify', { timeout: 120_000 }, () => {
  it('an engine that does all it should passes every case, in every tier there is, and gets a statement', async () => {
    const homes = join(scratch, 'homes');
    mkdirSync(homes);
    const seen: CertifyProgress[] = [];
    const report = await certify({
      dir: writeModel('plain', 'plain'),
      threadEntry,
      scratch: homes,
      onProgress: (progress) => seen.push(progress),
    });
    expect(report.cases.flatMap(({ id, findings }) => findings.map(({ what }) => `${id} ${what}`))).toEqual([]);
    expect(report).toMatchObject({ verdict: 'passed', complete: true, vectors: { count: 4, golden: 2, reject: 2 } });
    expect(report.tiers.find(({ name }) => name === 'process')?.state).toBe(NO_JAIL ? 'unavailable' : 'tested');
    const terms = { issuedAt: report.ended_at, expiresAt: '2099-01-01T00:00:00.000Z' };
    expect(createStatement(report, terms).predicate.passedTests).toContain('DET-002');
    expect(seen[0]).toMatchObject({ kind: 'started', cases: report.cases.length });
    expect(seen.filter(({ kind }) => kind === 'case-ended')).toHaveLength(report.cases.length);
    expect(readdirSync(homes), 'no home is left').toEqual([]);
  });

  it.each(['live', 'tool'] as const)('a model of the kind %s passes', async (kind) => {
    if (kind === 'tool' && NO_JAIL) return;
    // The whole of it is in the soak: each operation that is handed a secret has a sandbox of its own.
    const only = ['SCHEMA-003', 'CONSENT-001', 'BUDGET-006', 'BUDGET-007', 'DET-004', 'EVENT-002', 'SECRET-001'];
    const report = await certify({
      dir: writeModel(kind, kind),
      tiers: ['thread'],
      threadEntry,
      ...(process.env['MEX_SOAK'] === '1' ? {} : { only }),
    });
    expect(report.cases.flatMap(({ id, findings }) => findings.map(({ what }) => `${id} ${what}`))).toEqual([]);
    expect(report.counts.passed).toBeGreaterThan(8);
  });

  it('what was not asked for is skipped, and there is no statement', async () => {
    const report = await certify({
      dir: join(scratch, 'plain'),
      tiers: ['thread'],
      only: ['SCHEMA-001'],
      threadEntry,
    });
    expect(report).toMatchObject({ verdict: 'failed', complete: false, counts: { passed: 1, failed: 0 } });
  });

  it('a signal ends it, with its reason, and nothing is left', async () => {
    const homes = join(scratch, 'aborted');
    mkdirSync(homes);
    const cancel = new AbortController();
    const certified = certify({
      dir: join(scratch, 'plain'),
      tiers: ['thread'],
      threadEntry,
      scratch: homes,
      signal: cancel.signal,
      onProgress: (progress) => {
        if (progress.kind === 'case-started' && progress.id === 'CAP-001') cancel.abort(new Error('enough'));
      },
    });
    await expect(certified).rejects.toThrow('enough');
    expect(readdirSync(homes)).toEqual([]);
  });

  it('a result that was kept is not taken for a run', async () => {
    const report = await certifyWith(
      { dir: join(scratch, 'plain'), tiers: ['thread'], only: ['DET-002'], threadEntry },
      { openHost: (options) => openHost({ ...options, policy: { ...options.policy, resultCache: {} } as never }) },
    );
    const det = report.cases.find(({ id }) => id === 'DET-002');
    expect(JSON.stringify(report.cases.filter(({ status }) => status === 'failed'))).toContain('was not run');
    expect(det?.status).not.toBe('passed');
  });

  it('a failure that is expected is excused, and one that is not there any more fails', async () => {
    const resources = join(scratch, 'resources');
    for (const name of ['cases', 'requirements.json'])
      cpSync(join(root, name), join(resources, name), { recursive: true });
    const entries = ['SCHEMA-001', 'INTEGRITY-001'].map((id) => ({
      case: id,
      engine_id: 'engine.model.busy',
      reason: 'to be corrected',
    }));
    const expected = { schema_version: 'mex.conformance_expected_failures@1.0', entries };
    writeFileSync(join(resources, 'expected-failures.json'), JSON.stringify(expected));
    const dir = writeModel('busy', 'busy');
    writeFileSync(join(dir, 'dist/engine.bundle'), 'spoilt');
    const report = await certify({
      dir,
      tiers: ['thread'],
      only: ['SCHEMA-001', 'INTEGRITY-001'],
      resources: pathToFileURL(`${resources}/`),
    });
    const byId = new Map(report.cases.map((one) => [one.id, one]));
    expect(byId.get('INTEGRITY-001')?.status).toBe('expected_failure');
    expect(byId.get('SCHEMA-001')).toMatchObject({
      status: 'failed',
      findings: [{ where: { at: 'expected-failures.json' } }],
    });
  });

  it('no engine, or no such tier: an error that says what to do', async () => {
    await expect(certify({ dir: scratch })).rejects.toMatchObject({ code: 'CONFORMANCE_ENGINE_UNREADABLE' });
    const dir = join(scratch, 'webassembly');
    mkdirSync(dir);
    const model = modelPackage('plain');
    model.manifest['webassembly'] = ['0'.repeat(64)];
    writePackage(dir, model);
    await expect(certify({ dir, tiers: ['thread'] })).rejects.toMatchObject({
      code: 'CONFORMANCE_TIER_UNAVAILABLE',
      message: expect.stringContaining('WebAssembly'),
    });
    if (NO_JAIL) return;
    const { tiers } = await certify({ dir, only: ['SCHEMA-001'] });
    expect(tiers.map(({ state }) => state)).toEqual(['unavailable', 'tested']);
  });
});
