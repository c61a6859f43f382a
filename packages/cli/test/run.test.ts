import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { documentOf, HARMFUL, mex, STACK_TRACE, scratch, writeProject } from './mex.ts';
import { planned, TEST_ENGINE, writeEngine } from './test-engine.ts';

const dir = scratch();
const home = join(dir, 'home');
const note = join(dir, 'note.txt');
writeFileSync(note, 'hello\n');

beforeAll(async () => {
  expect((await mex(['engines', 'add', writeEngine(join(dir, 'engine')), '--home', home])).code).toBe(0);
});

const run = (operation: unknown, ...args: string[]) =>
  mex(['run', '-', '--home', home, ...args], { stdin: JSON.stringify(operation) });

describe('mex run', () => {
  it('[§4] prints the EngineResult, with the input stored and appended', async () => {
    const result = await run(planned('test.copy'), '--input', `note=${note}`, '--format', 'json');
    expect(result.stderr).toBe('');
    expect(result.code).toBe(0);
    const document = documentOf(result);
    expect(document).toMatchObject({
      status: 'succeeded',
      outputs: [{ name: 'out.txt', size_bytes: 6 }],
      summary: { bytes: 6 },
    });
    const [output] = document['outputs'] as { sha256: string }[];
    expect((await mex(['artifacts', 'cat', output?.sha256 ?? '', '--home', home])).stdout).toBe('hello\n');
  });

  it('reads a file too, and prints JSON for a person as well', async () => {
    const file = join(dir, 'operation.json');
    writeFileSync(file, JSON.stringify(planned('test.copy')));
    const result = await mex(['run', file, '--home', home, '--input', `note=${note}`]);
    expect(documentOf(result)).toMatchObject({ status: 'succeeded' });
    expect(result.stdout).toContain('\n  "op_id"');
    expect(result.stderr).toContain('succeeded');
  });

  it('[§3] answers a repeated op_id with the recorded result, and denies other content', async () => {
    const operation = planned('test.fail');
    const first = documentOf(await run(operation));
    expect(documentOf(await run(operation))).toEqual(first);
    const other = await run({ ...operation, operation: 'test.copy' });
    expect(other).toMatchObject({ code: 3, stderr: expect.stringContaining('OPERATION_ID_REUSED') });
  });

  it('pins a directory given as input', async () => {
    const project = writeProject(join(dir, 'project'));
    const operation = planned('sbom.generate', { engine_id: 'engine.supply_chain.sbom' });
    const result = await run(operation, '--input', `project=${project}`, '--format', 'json');
    expect(documentOf(result)).toMatchObject({ status: 'succeeded', summary: { packages: 3 } });
  });
});

describe('[§16] mex run exits', () => {
  it.each([
    ['3 when a gate denies', planned('test.copy', { capabilities_requested: ['net.http:evil.example'] }), 3, 'denied'],
    ['3 for an engine nobody knows', planned('test.copy', { engine_id: 'engine.test.unknown' }), 3, 'denied'],
    ['4 when the engine fails', planned('test.fail'), 4, 'failed'],
    ['5 when time is up', planned('test.spin', { budget: { wall_time_ms: 200 } }), 5, 'timed_out'],
  ])('%s', async (_, operation, code, status) => {
    const result = await run(operation);
    expect(result.code).toBe(code);
    expect(documentOf(result)).toMatchObject({ status });
    expect(result.stderr).not.toMatch(STACK_TRACE);
    expect(result.stderr).not.toMatch(HARMFUL);
  });

  it.each([
    ['a duplicate key', '{"schema_version":"poe-1.0","schema_version":"poe-1.0"}'],
    ['no JSON', 'hello'],
    ['another version', '{"schema_version":"poe-2.0"}'],
    ['an unknown field', JSON.stringify(planned('test.copy', { human_consent_obtained: true }))],
  ])('2 for %s', async (_, stdin) => {
    const result = await mex(['run', '-', '--home', home], { stdin });
    expect(result).toMatchObject({ code: 2, stdout: '' });
    expect(result.stderr).not.toMatch(STACK_TRACE);
  });

  it('5 when Ctrl-C cancels, with a result and a record', async () => {
    const operation = planned('test.spin');
    const result = await mex(['run', '-', '--home', home], {
      stdin: JSON.stringify(operation),
      during: (child) => setTimeout(() => child.kill('SIGINT'), 1_500),
    });
    expect(result.code).toBe(5);
    expect(result.stderr).toContain('Cancelling');
    expect(documentOf(result)).toMatchObject({ status: 'cancelled' });
    const log = await mex(['log', 'list', '--home', home, '--op', String(operation['op_id'])]);
    expect(log.stdout).toContain('cancelled');
  });
});

describe('mex engines', () => {
  it('lists, shows and verifies what was added', async () => {
    expect((await mex(['engines', 'list', '--home', home])).stdout).toMatch(/engine\.test\.cli +1\.0\.0 +added/);
    const shown = await mex(['engines', 'show', TEST_ENGINE, '--home', home]);
    expect(shown.stdout).toContain('read the inputs of its operation');
    expect(shown.stdout).toContain('Not certified');
    expect(documentOf(await mex(['engines', 'verify', '--home', home, '--format', 'json']))).toMatchObject({
      ok: true,
    });
  });

  it('[§10] a changed bundle fails verification and does not run', async () => {
    const own = join(dir, 'own');
    await mex(['engines', 'add', join(dir, 'engine'), '--home', own]);
    writeFileSync(join(own, 'engines', TEST_ENGINE, '1.0.0', 'engine.bundle'), 'evil()');
    expect((await mex(['engines', 'verify', '--home', own])).code).toBe(6);
    const denied = await mex(['run', '-', '--home', own], { stdin: JSON.stringify(planned('test.copy')) });
    expect(documentOf(denied)).toMatchObject({ status: 'denied', errors: [{ code: 'BUNDLE_DIGEST_MISMATCH' }] });
  });

  it('refuses a package whose bundle is not the one its manifest names', async () => {
    const bad = writeEngine(join(dir, 'bad'), { bundle: { sha256: '0'.repeat(64), size_bytes: 1 } });
    expect(await mex(['engines', 'add', bad, '--home', join(dir, 'clean')])).toMatchObject({ code: 6, stdout: '' });
  });

  it('refuses to replace a shipped engine', async () => {
    const thief = writeEngine(join(dir, 'thief'), { engine_id: 'engine.supply_chain.sbom' });
    expect(await mex(['engines', 'add', thief, '--home', home])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('comes with MEX'),
    });
  });

  it('removes what was added, and records both', async () => {
    const own = join(dir, 'removed');
    await mex(['engines', 'add', join(dir, 'engine'), '--home', own]);
    expect((await mex(['engines', 'remove', TEST_ENGINE, '--home', own])).code).toBe(0);
    expect((await mex(['engines', 'list', '--home', own])).stdout).not.toContain(TEST_ENGINE);
    expect((await mex(['engines', 'remove', TEST_ENGINE, '--home', own])).code).toBe(2);
    const log = (await mex(['log', 'list', '--home', own])).stdout;
    expect(log).toContain('registry.engine_added');
    expect(log).toContain('registry.engine_removed');
    expect(readFileSync(join(own, 'mechanical_engines.json'), 'utf8')).not.toContain(TEST_ENGINE);
  });
});
