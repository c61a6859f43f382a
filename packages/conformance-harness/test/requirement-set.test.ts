import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PROBES } from '../src/probes/probe-table.ts';
import { loadRequirements } from '../src/requirement-set.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'mex-requirements-'));
  for (const name of ['cases', 'requirements.json', 'expected-failures.json'])
    cpSync(join(root, name), join(dir, name), { recursive: true });
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function edit(file: string, change: (value: Record<string, unknown>) => void): void {
  const value: Record<string, unknown> = JSON.parse(readFileSync(join(dir, file), 'utf8'));
  change(value);
  writeFileSync(join(dir, file), JSON.stringify(value));
}
const load = () => loadRequirements(pathToFileURL(`${dir}/`));
const CASE = 'cases/schema/golden-hold/case.json';

describe('[§15] cases are data', () => {
  it('every case has a probe, every probe a case, and every area of the contract cases', () => {
    const { cases } = loadRequirements();
    expect(new Set(cases.map(({ probe }) => probe))).toEqual(new Set(Object.keys(PROBES)));
    expect([...new Set(cases.map(({ area }) => area))].sort()).toEqual([
      'artifact-io',
      'budget',
      'capability',
      'consent',
      'determinism',
      'errors',
      'events',
      'hostile',
      'idempotency',
      'integrity',
      'no-bypass',
      'provenance',
      'schema',
      'secrets',
    ]);
  });

  it('the version of the set is the version of the package', () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    expect(loadRequirements().set.harness_version).toBe(version);
  });

  it('the digest changes with any word of any case', () => {
    const before = load().sha256;
    edit(CASE, (value) => Object.assign(value, { title: 'Another title' }));
    expect(load().sha256).not.toBe(before);
  });

  it.each<[string, () => void]>([
    ['a member that nobody knows', () => edit(CASE, (value) => Object.assign(value, { skip: true }))],
    ['a need that nobody knows', () => edit(CASE, (value) => Object.assign(value, { applies: { needs: ['luck'] } }))],
    [
      'a case that the set does not name',
      () => edit('requirements.json', (value) => Array.isArray(value['cases']) && value['cases'].pop()),
    ],
    ['a case without a folder', () => rmSync(join(dir, 'cases/schema/golden-hold'), { recursive: true })],
    ['two cases of one id', () => edit(CASE, (value) => Object.assign(value, { id: 'SCHEMA-001' }))],
    [
      'a case that builds on a later one',
      () => edit(CASE, (value) => Object.assign(value, { builds_on: ['HOSTILE-001'] })),
    ],
    ['no JSON', () => writeFileSync(join(dir, CASE), '{')],
    [
      'an expected failure of no case',
      () =>
        edit('expected-failures.json', (value) =>
          Object.assign(value, { entries: [{ case: 'NONE-001', engine_id: 'engine.x', reason: 'x' }] }),
        ),
    ],
  ])('%s is refused', (_what, spoil) => {
    spoil();
    expect(load).toThrow(expect.objectContaining({ code: 'CONFORMANCE_CASES_INVALID' }));
  });
});
