import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { documentOf, HARMFUL, mex, scratch } from './mex.ts';
import { planned, TEST_ENGINE, writeEngine } from './test-engine.ts';

const dir = scratch();
const home = join(dir, 'home');
const file = join(dir, 'operation.json');
const approvals = (...args: string[]) => mex(['approvals', ...args, '--home', home]);
const send = (operation: object) => {
  writeFileSync(file, JSON.stringify(operation));
  // Stored anew each time: what counts is the content.
  return mex(['run', file, '--input', `in.txt=${join(dir, 'in.txt')}`, '--home', home]);
};
const waiting = async (): Promise<string[]> =>
  (documentOf(await approvals('list', '--format', 'json'))['approvals'] as { approval_id: string }[]).map(
    ({ approval_id }) => approval_id,
  );

beforeAll(async () => {
  writeFileSync(join(dir, 'in.txt'), 'content');
  await mex(['engines', 'add', writeEngine(join(dir, 'engine')), '--home', home]);
  const rule = { when: { engine: TEST_ENGINE }, reason: 'Copies \u001b[31mwant\u202e a person.' };
  const policy = { schema_version: 'mex.policy@1.0', tier: 'thread', governance: { approvals: [rule] } };
  writeFileSync(join(home, 'policy.json'), JSON.stringify(policy));
});

describe('[§12] mex approvals', () => {
  it('[§16] waits with exit code 3, shows what would happen, and runs it once it is approved', async () => {
    const operation = planned('test.copy');
    const held = await send(operation);
    expect(held.code).toBe(3);
    const [id = ''] = await waiting();
    expect(held.stderr).toContain(`mex approvals show ${id}`);
    const list = await approvals('list');
    expect(list.stdout).toMatch(/pending\s+os:\S+\s+engine\.test\.cli test\.copy/);
    const shown = await approvals('show', id.slice(0, 8));
    expect(shown.stdout).toContain('wants engine.test.cli to do test.copy');
    expect(shown.stdout).toContain('fs.write:artifacts');
    expect(shown.stdout).not.toMatch(HARMFUL);
    expect((await approvals('approve', id, '--reason', 'fine')).stdout).toContain('approved');
    const ran = await send(operation);
    expect([ran.code, ran.stderr]).toEqual([0, expect.stringContaining('succeeded')]);
    expect(documentOf(await approvals('show', id, '--format', 'json'))).toMatchObject({
      state: 'approved',
      uses: [operation['op_id']],
      answers: [{ decision: 'approve', scope: 'once', rationale: 'fine' }],
    });
    expect((await approvals('list')).stdout).toContain('Nothing waits for a person.');
    expect((await mex(['log', 'verify', '--home', home])).code).toBe(0);
  });

  it('rejected, also after an approval, stays denied; approving it again lets nothing happen and ends with 3', async () => {
    const operation = planned('test.copy', { budget: { wall_time_ms: 9_000 } });
    await send(operation);
    const [id = ''] = await waiting();
    expect((await approvals('approve', id)).code).toBe(0);
    expect(documentOf(await approvals('reject', id, '--format', 'json'))).toMatchObject({ state: 'rejected' });
    expect(await approvals('approve', id)).toMatchObject({ code: 3, stdout: expect.stringContaining('It is over') });
    const again = await send(operation);
    expect([again.code, again.stderr]).toEqual([3, expect.stringContaining('APPROVAL_REJECTED')]);
  });

  it.each([
    [['show', 'deadbeef'], 2, 'no decision'],
    [['approve', 'deadbeef'], 2, 'no decision'],
    [['approve', 'deadbeef', '--scope', 'ever'], 2, '--scope'],
    [['approve', 'deadbeef', '--until', 'soon'], 2, '--until does not understand'],
  ])('mex approvals %j exits with %d', async (argv, code, words) => {
    const result = await approvals(...argv);
    expect(result.stderr).toContain(words);
    expect(result.code).toBe(code);
  });
});
