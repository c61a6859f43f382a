import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
// @boundaries-ignore the list of the engine and that of the scan are two files, and this test keeps them one
import { SKIPPED_DIRECTORIES as ENGINE_SKIPS } from '../../../engines/sbom/src/discovery.ts';
import { SKIPPED_DIRECTORIES } from '../src/scan/skipped-directories.ts';
import { documentOf, type Finished, HARMFUL, mex, STACK_TRACE, scratch, writeProject } from './mex.ts';
import { writeAdvisories } from './scan/project.ts';

const dir = scratch();
const project = writeProject(join(dir, 'project'));
const home = join(dir, 'home');
const osv = writeAdvisories(join(dir, 'osv'), [{ id: 'TEST-1', name: 'alpha' }]);

describe('mex scan', () => {
  let text: Finished;
  let json: Finished;

  beforeAll(async () => {
    text = await mex(['scan', project, '--home', home, '--osv', osv, '--out', join(dir, 'out')]);
    json = await mex(['scan', '.', '--home', home, '--osv', osv, '--format', 'json'], { cwd: project });
  });

  it('[§16] shows what was found, what was made and where to look next', () => {
    expect(text.code).toBe(0);
    for (const words of [
      'package-lock.json',
      '3 packages',
      'sbom.cdx.json',
      'secrets.sarif',
      'TEST-1',
      '2.0.0',
      '3 unknown',
      'mex artifacts cat',
      'mex log list --op',
      home,
    ]) {
      expect(text.stdout).toContain(words);
    }
    expect(text.stdout).not.toContain('\x1b');
  });

  it('[§16] prints the document of the contract, and nothing else', () => {
    expect(json).toMatchObject({ code: 0, stderr: '' });
    const document = documentOf(json);
    expect(Object.keys(document)).toEqual(['run_id', 'verdict', 'results', 'problems', 'started_at', 'ended_at']);
    expect(document).toMatchObject({
      verdict: 'pass',
      results: [
        {
          job: 'sbom_generate',
          engine_id: 'engine.supply_chain.sbom',
          status: 'succeeded',
          report: { name: 'report.json', sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
          summary: { packages: 3 },
        },
        { job: 'vuln_scan', engine_id: 'engine.supply_chain.vuln', summary: { findings: 1 } },
        { job: 'license_scan', engine_id: 'engine.supply_chain.license', summary: { unknown: 3 } },
        { job: 'secret_scan', engine_id: 'engine.guard.secret_scan', summary: { secrets: 0 } },
      ],
    });
    const [result] = document['results'] as Record<string, unknown>[];
    expect(Object.keys(result ?? {})).toEqual([
      'job',
      'engine_id',
      'op_id',
      'status',
      'report',
      'artifacts',
      'summary',
      'cached_from',
    ]);
    const [problem] = document['problems'] as Record<string, unknown>[];
    expect(Object.keys(problem ?? {})).toEqual(['id', 'severity', 'code', 'title', 'fingerprint']);
  });

  it('[§4] a second scan of an unchanged tree says where its results are from', () => {
    const { results } = documentOf(json) as { results: { op_id: string; cached_from?: string }[] };
    expect(results.map(({ cached_from }) => cached_from)).not.toContain(undefined);
    expect(new Set(results.flatMap(({ op_id, cached_from }) => [op_id, cached_from])).size).toBe(2 * results.length);
  });

  it('copies the outputs to --out', () => {
    const bill = JSON.parse(readFileSync(join(dir, 'out', 'sbom.cdx.json'), 'utf8'));
    expect(bill).toMatchObject({ bomFormat: 'CycloneDX' });
    expect(bill.components).toHaveLength(3);
    const names = readdirSync(join(dir, 'out'));
    for (const name of ['sbom', 'vuln', 'license', 'secret']) expect(names).toContain(`${name}-report.json`);
    for (const name of ['scan.sarif', 'vulnerabilities.cdx.json', 'matches.json']) expect(names).toContain(name);
  });

  it('writes over the outputs of an earlier scan, and records every copy', async () => {
    const again = await mex(['scan', project, '--home', home, '--only', 'sbom', '--out', join(dir, 'out')]);
    expect(again.code).toBe(0);
    const log = await mex(['log', 'list', '--home', home, '--type', 'artifact.materialized', '--format', 'json']);
    expect(documentOf(log)['events']).toHaveLength(readdirSync(join(dir, 'out')).length + 4);
  });

  it('takes one lockfile as well', async () => {
    const lockfile = join(project, 'package-lock.json');
    const result = await mex(['scan', lockfile, '--home', home, '--osv', osv, '--format', 'json']);
    expect(documentOf(result)).toMatchObject({
      verdict: 'pass',
      results: [{ summary: { lockfile_count: 1 } }, {}, {}, {}],
    });
  });
});

describe('[§14 E] a scan that did not see everything is not a pass', () => {
  it('a directory without lockfiles', async () => {
    const empty = join(dir, 'empty');
    mkdirSync(empty);
    const result = await mex(['scan', empty, '--only', 'sbom', '--home', home]);
    expect(result.code).toBe(1);
    expect(result.stdout).toContain('Looked for: package-lock.json');
    const json = await mex(['scan', empty, '--only', 'sbom', '--home', home, '--format', 'json']);
    expect(documentOf(json)).toMatchObject({ verdict: 'error', problems: [{ code: 'SBOM_NO_LOCKFILE' }] });
  });

  it('a broken lockfile beside a good one: the good one is read, the broken one is named', async () => {
    const mixed = writeProject(join(dir, 'mixed'));
    mkdirSync(join(mixed, 'sub'));
    writeFileSync(join(mixed, 'sub', 'package-lock.json'), '{ "lockfileVersion": 3, ');
    const result = await mex(['scan', mixed, '--only', 'sbom', '--home', home, '--format', 'json']);
    expect(result.code).toBe(1);
    expect(documentOf(result)).toMatchObject({
      verdict: 'error',
      results: [{ status: 'succeeded', summary: { packages: 3, unreadable_count: 1 } }],
      problems: [{ severity: 'error', title: expect.stringContaining('sub/package-lock.json') }],
    });
    expect((await mex(['scan', mixed, '--only', 'sbom', '--home', home])).stdout).toContain('incomplete');
  });

  it.each(['package-lock.json', 'package.json'])('a %s that is a symbolic link', async (name) => {
    const linked = writeProject(join(dir, `linked-${name}`));
    mkdirSync(join(linked, 'sub'));
    symlinkSync(join('..', name), join(linked, 'sub', name));
    const result = await mex(['scan', linked, '--only', 'sbom', '--home', home, '--format', 'json']);
    expect(result.code).toBe(1);
    expect(documentOf(result)).toMatchObject({
      verdict: 'error',
      problems: [{ code: 'SCAN_INCOMPLETE', title: `sub/${name} was left out of the scan` }],
    });
  });

  it('a lockfile that is a named pipe', async () => {
    const piped = writeProject(join(dir, 'piped'));
    execFileSync('mkfifo', [join(piped, 'yarn.lock')]);
    const result = await mex(['scan', piped, '--only', 'sbom', '--home', home, '--format', 'json']);
    expect(documentOf(result)).toMatchObject({ verdict: 'error', problems: [{ code: 'SCAN_INCOMPLETE' }] });
  });

  it('a manifest that is a link beside the one lockfile that was named', async () => {
    const one = writeProject(join(dir, 'one'));
    renameSync(join(one, 'package.json'), join(one, 'elsewhere.json'));
    symlinkSync('elsewhere.json', join(one, 'package.json'));
    const result = await mex([
      'scan',
      join(one, 'package-lock.json'),
      '--only',
      'sbom',
      '--home',
      home,
      '--format',
      'json',
    ]);
    expect(documentOf(result)).toMatchObject({ verdict: 'error', problems: [{ code: 'SCAN_INCOMPLETE' }] });
  });

  it('what the engine would skip is neither pinned nor a gap', async () => {
    for (const name of ENGINE_SKIPS.keys()) expect(SKIPPED_DIRECTORIES).toContain(name);
    const vendored = writeProject(join(dir, 'vendored'));
    mkdirSync(join(vendored, 'vendor'));
    symlinkSync('../package-lock.json', join(vendored, 'vendor', 'package-lock.json'));
    expect((await mex(['scan', vendored, '--only', 'sbom', '--home', home])).code).toBe(0);
  });

  it.skipIf(process.getuid?.() === 0)(
    '(not as root, who may read everything) a lockfile without permission',
    async () => {
      const locked = writeProject(join(dir, 'locked'));
      chmodSync(join(locked, 'package-lock.json'), 0o000);
      const result = await mex(['scan', locked, '--only', 'sbom', '--home', home, '--format', 'json']);
      expect(result.code).toBe(1);
      expect(documentOf(result)['problems']).toMatchObject([{ code: 'SCAN_INCOMPLETE' }, {}]);
    },
  );
});

describe('hostile directories', () => {
  it('a name with terminal codes and line breaks reaches no terminal', async () => {
    const evil = writeProject(join(dir, 'evil'));
    const name = 'a\x1b[31m\x1b]0;owned\x07\nmex: all good\u202e';
    mkdirSync(join(evil, name));
    writeFileSync(join(evil, name, 'package-lock.json'), '{');
    const result = await mex(['scan', evil, '--only', 'sbom', '--home', home]);
    expect(`${result.stdout}${result.stderr}`).not.toMatch(HARMFUL);
    expect(result.stdout).not.toMatch(/^mex: all good/m);
    expect(`${result.stdout}${result.stderr}`).not.toMatch(STACK_TRACE);
    const json = await mex(['scan', evil, '--only', 'sbom', '--home', home, '--format', 'json']);
    expect(json.stdout).not.toMatch(HARMFUL);
    expect(JSON.stringify(documentOf(json))).toContain('\\u001b[31m');
  });

  it('a directory that links to itself ends', async () => {
    const loop = writeProject(join(dir, 'loop'));
    symlinkSync('.', join(loop, 'again'));
    expect((await mex(['scan', loop, '--only', 'sbom', '--home', home])).code).toBe(0);
  });
});

it('[§16] colours only a terminal, and NO_COLOR wins', async () => {
  const plain = await mex(['scan', project, '--only', 'sbom', '--home', home, '--no-color'], {
    env: { FORCE_COLOR: '1', NO_COLOR: '1' },
  });
  expect(plain.stdout).not.toContain('\x1b');
});
