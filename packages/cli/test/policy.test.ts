import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { documentOf, mex, scratch } from './mex.ts';
import { planned, TEST_ENGINE, writeEngine } from './test-engine.ts';

const dir = scratch();
const home = join(dir, 'home');
const policy = join(home, 'policy.json');
const operation = join(dir, 'operation.json');
const write = (settings: object): void =>
  writeFileSync(policy, JSON.stringify({ schema_version: 'mex.policy@1.0', ...settings }, null, 2));
const explain = (...args: string[]) => mex(['policy', 'explain', operation, '--home', home, ...args]);

beforeAll(async () => {
  mkdirSync(home, { recursive: true });
  await mex(['engines', 'add', writeEngine(join(dir, 'engine')), '--home', home]);
});

beforeEach(() => writeFileSync(operation, JSON.stringify(planned('test.copy'))));

describe('[§16] mex policy check', () => {
  it('says what is wrong, and at which line and column', async () => {
    write({ profiles: { Analyst: ['fs.fly'] } });
    const checked = await mex(['policy', 'check', '--home', home]);
    expect(checked.code).toBe(2);
    expect(checked.stdout).toMatch(/error {4}line 5, column 7 {2}profiles\.Analyst\.0 {2}.*fs\.fly/);
    expect(checked.stdout).toContain('It cannot be used: 1 error.');
    const document = documentOf(await mex(['policy', 'check', policy, '--format', 'json']));
    expect(document).toMatchObject({ valid: false, remarks: [{ line: 5, column: 7 }] });
    expect((await mex(['policy', 'check', join(dir, 'none.json')])).code).toBe(2);
  });

  it('warns of what is dangerous, and needs no home', async () => {
    write({ tools: { git: { options: 'any' } } });
    const checked = await mex(['policy', 'check', '--home', home]);
    expect(checked.code).toBe(0);
    expect(checked.stdout).toMatch(/warning.*tools\.git\.options/);
    expect(checked.stdout).toContain('It can be used, with 3 warnings.');
    const builtIn = await mex(['policy', 'check', '--home', join(dir, 'nowhere')]);
    expect([builtIn.code, builtIn.stdout]).toEqual([0, expect.stringContaining('development switch')]);
  });
});

describe('[§16] mex policy explain', () => {
  it('shows the gates, the tier, the rule and the budget, and runs nothing', async () => {
    write({
      tier: 'thread',
      budget_ceilings: { file_writes: 10 },
      governance: { approvals: [{ when: { engine: TEST_ENGINE }, reason: 'Copies are looked at.' }] },
    });
    const explained = await explain();
    expect(explained.code).toBe(3);
    expect(explained.stdout).toContain('It would wait for a person.');
    expect(explained.stdout).toMatch(/deny\s+G-APPROVAL\s+APPROVAL_REQUIRED/);
    expect(explained.stdout).toContain('governance.approvals[0]: Copies are looked at.');
    const document = documentOf(await explain('--format', 'json'));
    expect(document).toMatchObject({
      verdict: 'held',
      approval: { rule: 0, state: 'would_ask' },
      tier: { asked: 'thread', why: expect.stringContaining('untrusted') },
    });
    const log = await mex(['log', 'list', '--home', home]);
    expect(log.stdout).not.toContain('operation.checked');
    expect((await mex(['approvals', 'list', '--home', home])).stdout).toContain('Nothing waits');
  });

  it.each([
    ['what would run', {}, {}, 0, 'allowed'],
    ['a ceiling', { budget_ceilings: { output_bytes: 5 } }, {}, 3, 'denied'],
    ['an engine nobody knows', {}, { engine_id: 'engine.none.such' }, 3, 'denied'],
  ])('exits as §16 says: %s', async (_name, settings, changes, code, verdict) => {
    write({ tier: 'thread', ...settings });
    writeFileSync(operation, JSON.stringify(planned('test.copy', changes)));
    const explained = await explain('--format', 'json');
    expect([explained.code, documentOf(explained)['verdict']]).toEqual([code, verdict]);
  });

  it('takes inputs as mex run does', async () => {
    write({ tier: 'thread' });
    const input = join(dir, 'input.txt');
    writeFileSync(input, 'text');
    const four = ['a', 'b', 'c', 'd'].flatMap((name) => ['--input', `${name}=${input}`]);
    const explained = await explain(...four, '--format', 'json');
    expect(documentOf(explained)).toMatchObject({ verdict: 'denied', reason: { gate: 'G-SCHEMA' } });
    const one = documentOf(await explain(...four.slice(0, 2), '--format', 'json'));
    expect(one).toMatchObject({ verdict: 'allowed' });
    expect(one['operation_sha256']).not.toBe(documentOf(await explain('--format', 'json'))['operation_sha256']);
    expect((await explain('--input', 'nothing')).code).toBe(2);
  });

  it('exits with 2 for what is no operation', async () => {
    write({});
    const bad = await mex(['policy', 'explain', '-', '--home', home], { stdin: '{"op": 1}' });
    expect([bad.code, bad.stderr]).toEqual([2, expect.stringContaining('mex: ')]);
    expect((await mex(['policy', 'explain', join(dir, 'none.json'), '--home', home])).code).toBe(2);
  });
});
