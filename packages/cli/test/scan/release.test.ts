import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Host } from '@mex/host';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exitOfScan } from '../../src/scan/scan-exit.ts';
import { scratch } from '../mex.ts';
import {
  daysFromNow,
  HARMLESS,
  LOW,
  openVex,
  plantedToken,
  type TestPackage,
  write,
  writeAdvisories,
  writeCleanProject,
} from './project.ts';
import { findingsOf, openTestHost, scanDirectory, type TestScan, told } from './scanner.ts';

const dir = scratch();
let host: Host;
let count = 0;
let harmless = '';

beforeAll(async () => {
  host = await openTestHost(dir);
  harmless = writeAdvisories(join(dir, 'harmless'), HARMLESS);
});
afterAll(() => host.close({ graceMs: 0 }));

const place = (): string => join(dir, `case-${count++}`);
const project = (packages?: readonly TestPackage[], files?: Readonly<Record<string, string>>): string =>
  writeCleanProject(place(), packages, files);
const release = (path: string, options: TestScan = {}) =>
  scanDirectory(host, path, { release: true, osv: harmless, ...options });
const VULNERABLE = [{ id: 'TEST-1', name: 'alpha' }];

/** A scan policy in a directory of its own, beside the documents it names. */
function policy(members: object, files: Readonly<Record<string, string>> = {}): string {
  const folder = place();
  const file = join(folder, 'scan-policy.json');
  write(folder, {
    ...files,
    'scan-policy.json': JSON.stringify({ schema_version: 'mex.scan_policy@1.0', ...members }),
  });
  return file;
}

describe('[§13] a release', () => {
  it('passes on a clean tree, with all four checks', async () => {
    const outcome = await release(project());
    expect(told(outcome)).toEqual({ verdict: 'pass', fatal: [] });
    expect(outcome.checks.map(({ check, result }) => [check.job, result.status])).toEqual([
      ['sbom_generate', 'succeeded'],
      ['vuln_scan', 'succeeded'],
      ['license_scan', 'succeeded'],
      ['secret_scan', 'succeeded'],
    ]);
    expect(exitOfScan(outcome)).toBe(0);
  });

  it('blocks on a HIGH vulnerability, with a fatal Problem that FR-EVT-003 links', async () => {
    const outcome = await release(project(), { osv: writeAdvisories(place(), VULNERABLE) });
    expect(told(outcome)).toEqual({ verdict: 'block', fatal: ['RELEASE_VULNERABILITY'] });
    expect(exitOfScan(outcome)).toBe(1);
    const fatal = outcome.problems.find(({ severity }) => severity === 'fatal');
    const events = host.recorder.list({ run: outcome.runId, type: 'diagnostic', limit: 1_000 });
    expect(events.map(({ event }) => event.type === 'diagnostic' && event.diagnostic_id)).toContain(fatal?.id);
    expect(fatal).toMatchObject({ job_id: 'vuln_scan', title: expect.stringContaining('alpha@1.0.0') });
  });

  it('does not block on a low vulnerability', async () => {
    const osv = writeAdvisories(place(), [{ id: 'TEST-2', name: 'alpha', vector: LOW }]);
    const outcome = await release(project(), { osv });
    expect(told(outcome)).toEqual({ verdict: 'pass', fatal: [] });
    expect(findingsOf(outcome, 'vuln_scan')).toHaveLength(1);
  });

  it('blocks on an UNKNOWN license', async () => {
    const outcome = await release(project([{ name: 'alpha', version: '1.0.0', license: null }]));
    expect(told(outcome)).toEqual({ verdict: 'block', fatal: ['RELEASE_LICENSE'] });
  });

  it('blocks on a license that the policy denies', async () => {
    const file = policy(
      { license_policy: 'licenses.json' },
      { 'licenses.json': JSON.stringify({ schema_version: 'mex.license_policy@1.0', deny: ['MIT'] }) },
    );
    expect(told(await release(project(), { policy: file }))).toEqual({ verdict: 'block', fatal: ['RELEASE_LICENSE'] });
  });

  it('[§14 E] blocks on a planted secret, and shows it nowhere', async () => {
    const token = plantedToken();
    const outcome = await release(project(undefined, { 'src/config.js': `const token = '${token}';\n` }));
    expect(told(outcome)).toEqual({ verdict: 'block', fatal: ['RELEASE_SECRET'] });
    expect(JSON.stringify(outcome)).not.toContain(token);
    expect(JSON.stringify(host.recorder.list({ run: outcome.runId, limit: 1_000 }))).not.toContain(token);
  });
});

describe('[§14 E] a release whose checks did not all run does not pass', () => {
  it('with an empty database', async () => {
    const empty = place();
    mkdirSync(empty);
    const outcome = await release(project(), { osv: empty });
    expect(told(outcome)).toEqual({ verdict: 'block', fatal: ['RELEASE_DATABASE'] });
    expect(outcome.problems.map(({ code }) => code)).toContain('ADVISORIES_EMPTY');
  });

  it('with a database that has no bytes, and one that is damaged', async () => {
    const folder = place();
    write(folder, { 'cut.db': 'mex.advisories@1\n{"format":' });
    const outcome = await release(project(), { osv: join(folder, 'cut.db') });
    expect(told(outcome)).toEqual({ verdict: 'block', fatal: ['RELEASE_DATABASE'] });
  });

  it('with a database that is too old; without --release that is a warning', async () => {
    const osv = writeAdvisories(place(), [{ ...VULNERABLE[0], id: 'TEST-3', name: 'beta', ageDays: 40 }]);
    expect(told(await release(project(), { osv }))).toEqual({ verdict: 'block', fatal: ['RELEASE_DATABASE'] });
    const plain = await scanDirectory(host, project(), { osv });
    expect(told(plain)).toEqual({ verdict: 'pass', fatal: [] });
    expect(plain.problems).toContainEqual(
      expect.objectContaining({ code: 'VULN_DATABASE_STALE', severity: 'warning' }),
    );
    const patient = policy({ advisories: { max_age_days: 60 } });
    expect(told(await release(project(), { osv, policy: patient })).verdict).toBe('pass');
  });

  it('with a database of another ecosystem', async () => {
    const osv = writeAdvisories(place(), [{ id: 'TEST-4', name: 'alpha', ecosystem: 'PyPI' }]);
    const outcome = await release(project(), { osv });
    expect(outcome.verdict).not.toBe('pass');
    expect((await scanDirectory(host, project(), { osv })).verdict).not.toBe('pass');
  });

  it('with a check that was left out', async () => {
    const outcome = await release(project(), { only: 'secret' });
    expect(told(outcome)).toEqual({ verdict: 'error', fatal: ['RELEASE_CHECK_MISSING'] });
    expect(exitOfScan(outcome)).toBe(1);
  });

  it('[§14 C] without any lockfile', async () => {
    const bare = place();
    write(bare, { 'index.js': 'export {};\n' });
    const outcome = await release(bare);
    expect(told(outcome)).toEqual({ verdict: 'error', fatal: ['RELEASE_CHECK_MISSING'] });
    expect(outcome.problems.map(({ code }) => code)).toContain('SBOM_NO_LOCKFILE');
    expect(exitOfScan(outcome)).toBe(1);
  });

  it('[§14 C] with a manifest that no lockfile pins, unless the policy says why', async () => {
    const files = { 'tool/package.json': '{"dependencies": {"alpha": "1"}}', 'tool/Pipfile.lock': '{}' };
    const outcome = await release(project(undefined, files));
    expect(told(outcome)).toEqual({ verdict: 'error', fatal: ['RELEASE_CHECK_MISSING'] });
    expect(exitOfScan(outcome)).toBe(1);
    const codes = outcome.problems.map(({ code }) => code);
    expect(codes).toEqual(expect.arrayContaining(['SCAN_MANIFEST_UNLOCKED', 'SCAN_LOCKFILE_UNREAD']));
    expect((await scanDirectory(host, project(undefined, files), { osv: harmless })).verdict).toBe('pass');
    const accepted = (path: string, days: number) =>
      policy({ unlocked: [{ path, reason: 'a sample', author: 'me', expires: daysFromNow(days).slice(0, 10) }] });
    expect(told(await release(project(undefined, files), { policy: accepted('tool/', 0) })).verdict).toBe('pass');
    expect(told(await release(project(undefined, files), { policy: accepted('too', 9) })).verdict).toBe('error');
    const late = await release(project(undefined, files), { policy: accepted('tool/', -1) });
    expect(late.verdict).toBe('error');
    expect(late.problems).toContainEqual(
      expect.objectContaining({ code: 'SCAN_UNLOCKED_EXPIRED', severity: 'warning' }),
    );
  });

  it('[§14 C] with a lockfile that does not hold what its manifest asks for', async () => {
    const asks = JSON.stringify({ dependencies: { alpha: '1.0.0', beta: '^2' } });
    const outcome = await release(project(undefined, { 'package.json': asks }));
    expect(told(outcome)).toEqual({ verdict: 'error', fatal: ['RELEASE_CHECK_MISSING'] });
    expect(outcome.problems.map(({ code }) => code)).toContain('SBOM_LOCKFILE_BEHIND');
  });

  it('with an allow list that is no OpenVEX document, a baseline that is none, and a license policy that is none', async () => {
    const vex = policy({ vex: ['v.json'] }, { 'v.json': '{"statements": []}' });
    expect(told(await release(project(), { policy: vex })).verdict).toBe('error');
    const baseline = policy({ secret_baseline: 'b.json' }, { 'b.json': '{}' });
    expect(told(await release(project(), { policy: baseline })).verdict).toBe('error');
    const licenses = policy({ license_policy: 'l.json' }, { 'l.json': '{}' });
    expect(told(await release(project(), { policy: licenses })).verdict).toBe('error');
  });
});

describe('[§13] allow lists', () => {
  const fresh = (): string => daysFromNow(20);
  const gone = (): string => daysFromNow(-2);

  it('a waiver in force lets a vulnerability pass; an expired one counts as absent and is a warning', async () => {
    const osv = writeAdvisories(place(), VULNERABLE);
    const waiver = (expires: string) =>
      policy({ vex: ['allow/v.json'] }, { 'allow/v.json': openVex('TEST-1', 'pkg:npm/alpha@1.0.0', expires) });
    expect(told(await release(project(), { osv, policy: waiver(fresh()) }))).toEqual({ verdict: 'pass', fatal: [] });
    const late = await release(project(), { osv, policy: waiver(gone()) });
    expect(told(late)).toEqual({ verdict: 'block', fatal: ['RELEASE_VULNERABILITY'] });
    expect(late.problems).toContainEqual(expect.objectContaining({ code: 'VULN_VEX_EXPIRED', severity: 'warning' }));
  });

  it('an exception for a license, in force and expired', async () => {
    const unknown = [{ name: 'alpha', version: '1.0.0', license: null }];
    const exception = (expires: string) =>
      policy(
        { license_policy: 'l.json' },
        {
          'l.json': JSON.stringify({
            schema_version: 'mex.license_policy@1.0',
            exceptions: [{ package: 'alpha', reason: 'asked', author: 'me', expires: expires.slice(0, 10) }],
          }),
        },
      );
    expect(told(await release(project(unknown), { policy: exception(fresh()) }))).toEqual({
      verdict: 'pass',
      fatal: [],
    });
    const late = await release(project(unknown), { policy: exception(gone()) });
    expect(told(late)).toEqual({ verdict: 'block', fatal: ['RELEASE_LICENSE'] });
    expect(late.problems.map(({ code }) => code)).toContain('LICENSE_EXCEPTION_EXPIRED');
  });

  it('a baseline entry for a secret, in force and expired', async () => {
    const files = { 'src/config.js': `const token = '${plantedToken()}';\n` };
    const found = findingsOf(await release(project(undefined, files)), 'secret_scan');
    const entries = (expires: string) =>
      found.map(({ properties = {} }) => ({
        fingerprint: properties['fingerprint'],
        reason: 'revoked',
        author: 'me',
        expires: expires.slice(0, 10),
      }));
    const baseline = (expires: string) =>
      policy(
        { secret_baseline: 'b.json' },
        { 'b.json': JSON.stringify({ schema_version: 'mex.secret_baseline@1', entries: entries(expires) }) },
      );
    expect(told(await release(project(undefined, files), { policy: baseline(fresh()) })).verdict).toBe('pass');
    const late = await release(project(undefined, files), { policy: baseline(gone()) });
    expect(told(late)).toEqual({ verdict: 'block', fatal: ['RELEASE_SECRET'] });
    expect(late.problems.map(({ code }) => code)).toContain('SECRET_BASELINE_EXPIRED');
  });

  it('[§2] none of the scanned tree counts, wherever it lies in it', async () => {
    const vex = openVex('TEST-1', 'pkg:npm/alpha@1.0.0', fresh());
    const own = JSON.stringify({ schema_version: 'mex.scan_policy@1.0', vex: ['v.json'] });
    const path = project(undefined, {
      'scan-policy.json': own,
      '.mex/scan-policy.json': own,
      '.mex/v.json': vex,
      'v.json': vex,
    });
    const outcome = await release(path, { osv: writeAdvisories(place(), VULNERABLE) });
    expect(told(outcome)).toEqual({ verdict: 'block', fatal: ['RELEASE_VULNERABILITY'] });
  });

  it('[§2] the policy of a home that lies in the tree counts only when it is named', async () => {
    const path = project();
    const inner = await openTestHost(path);
    try {
      write(inner.home, {
        'scan-policy.json': '{"schema_version": "mex.scan_policy@1.0", "vex": ["v.json"]}',
        'v.json': openVex('TEST-1', 'pkg:npm/alpha@1.0.0', fresh()),
      });
      const options = { release: true, osv: writeAdvisories(place(), VULNERABLE) };
      const refused = await scanDirectory(inner, path, options);
      expect(told(refused).fatal).toEqual(['RELEASE_VULNERABILITY']);
      expect(refused.problems.map(({ code }) => code)).toContain('SCAN_POLICY_IGNORED');
      const named = await scanDirectory(inner, path, { ...options, policy: join(inner.home, 'scan-policy.json') });
      expect(told(named)).toEqual({ verdict: 'pass', fatal: [] });
    } finally {
      await inner.close({ graceMs: 0 });
    }
  });

  it('the policy of a home that lies elsewhere counts without being named', async () => {
    const other = await openTestHost(place());
    try {
      write(other.home, {
        'scan-policy.json': '{"schema_version": "mex.scan_policy@1.0", "vex": ["v.json"]}',
        'v.json': openVex('TEST-1', 'pkg:npm/alpha@1.0.0', fresh()),
      });
      const options = { release: true, osv: writeAdvisories(place(), VULNERABLE) };
      expect(told(await scanDirectory(other, project(), options))).toEqual({ verdict: 'pass', fatal: [] });
    } finally {
      await other.close({ graceMs: 0 });
    }
  });

  it('are inputs by hash, and part of what is recorded of the operation', async () => {
    const file = policy({ vex: ['v.json'] }, { 'v.json': openVex('TEST-9', 'pkg:npm/alpha@1.0.0', fresh()) });
    const outcome = await release(project(), { policy: file });
    const [document] = outcome.allowLists.vex;
    const vuln = outcome.checks.find(({ check }) => check.name === 'vuln');
    expect(vuln?.result.provenance.inputs).toContain(document?.sha256);
  });

  it('a policy that cannot be read ends the scan before it begins', async () => {
    const file = join(place(), 'none.json');
    await expect(release(project(), { policy: file })).rejects.toMatchObject({ code: 'CLI_USAGE' });
    const wrong = policy({ max_age: 3 });
    await expect(release(project(), { policy: wrong })).rejects.toThrow('max_age');
    const lost = policy({ vex: ['nowhere.json'] });
    await expect(release(project(), { policy: lost })).rejects.toMatchObject({ code: 'CLI_FILE_UNREADABLE' });
  });

  it('SOURCE_DATE_EPOCH brings no expired entry back to life', async () => {
    const before = process.env['SOURCE_DATE_EPOCH'];
    process.env['SOURCE_DATE_EPOCH'] = '1700000000';
    try {
      const osv = writeAdvisories(place(), VULNERABLE);
      const file = policy({ vex: ['v.json'] }, { 'v.json': openVex('TEST-1', 'pkg:npm/alpha@1.0.0', gone()) });
      expect(told(await release(project(), { osv, policy: file })).verdict).toBe('block');
    } finally {
      if (before === undefined) delete process.env['SOURCE_DATE_EPOCH'];
      else process.env['SOURCE_DATE_EPOCH'] = before;
    }
  });
});

describe('[§14 E] without --release', () => {
  it('findings are told and do not block', async () => {
    const osv = writeAdvisories(place(), VULNERABLE);
    const files = { 'src/config.js': `const token = '${plantedToken()}';\n` };
    const outcome = await scanDirectory(host, project([{ name: 'alpha', version: '1.0.0', license: null }], files), {
      osv,
    });
    expect(told(outcome)).toEqual({ verdict: 'pass', fatal: [] });
    const codes = outcome.problems.map(({ code }) => code);
    for (const code of ['VULN_HIGH', 'LICENSE_UNKNOWN', 'SECRET_FOUND']) expect(codes).toContain(code);
    expect(exitOfScan(outcome)).toBe(0);
  });

  it('no database is no pass, and the Problem says how to import one', async () => {
    const other = await openTestHost(place());
    try {
      const outcome = await scanDirectory(other, project());
      expect(told(outcome)).toEqual({ verdict: 'error', fatal: [] });
      const problem = outcome.problems.find(({ code }) => code === 'VULN_DATABASE_MISSING');
      expect(problem?.message).toContain('mex db import');
      expect(exitOfScan(outcome)).toBe(1);
    } finally {
      await other.close({ graceMs: 0 });
    }
  });
});

it('[§9] is a run with a whole budget, which a home that requires one accepts', async () => {
  const strict = place();
  write(strict, { 'home/policy.json': '{"schema_version": "mex.policy@1.0", "require_run_budget": true}' });
  const other = await openTestHost(strict);
  try {
    const outcome = await scanDirectory(other, project(), { release: true, osv: harmless });
    expect(told(outcome)).toEqual({ verdict: 'pass', fatal: [] });
    expect(other.runs.show(outcome.runId).usage.operations).toBe(4);
  } finally {
    await other.close({ graceMs: 0 });
  }
});

it('a file that changes while it is scanned is no pass', async () => {
  const path = project();
  const file = join(path, 'index.js');
  const outcome = await scanDirectory(
    {
      ...host,
      execute: (operation, options) => {
        // After it was pinned, before the engine reads it.
        writeFileSync(file, `export const answer = ${Math.trunc(performance.now())};\n`);
        return host.execute(operation, options);
      },
    },
    path,
    { only: 'secret' },
  );
  expect(told(outcome)).toEqual({ verdict: 'error', fatal: [] });
  expect(outcome.checks[0]?.result.errors[0]?.code).toBe('ARTIFACT_DRIFT');
  expect(exitOfScan(outcome)).toBe(6);
});

it('[§14 E] a vulnerable package does not pass by being fetched from elsewhere', async () => {
  const address = 'https://files.example/alpha.tgz';
  const manifest = { name: 'demo', version: '1.2.3', license: 'MIT', dependencies: { alpha: address, beta: '1.0.0' } };
  const packages = {
    '': manifest,
    'node_modules/alpha': { version: '1.0.0', resolved: address, license: 'MIT' },
    'node_modules/beta': { version: '1.0.0', license: 'MIT' },
  };
  const path = project(undefined, {
    'package.json': JSON.stringify(manifest),
    'package-lock.json': JSON.stringify({ lockfileVersion: 3, packages }),
  });
  expect(told(await release(path))).toEqual({ verdict: 'pass', fatal: [] });
  const osv = writeAdvisories(place(), VULNERABLE);
  expect(told(await release(path, { osv }))).toEqual({ verdict: 'block', fatal: ['RELEASE_VULNERABILITY'] });
});
