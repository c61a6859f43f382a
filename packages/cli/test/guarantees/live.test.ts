import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { documentOf, HARMFUL, mex, scratch, writeProject } from '../mex.ts';

describe('[§14] mex guarantees', () => {
  const dir = scratch();
  const home = join(dir, 'home');
  const workspace = writeProject(join(dir, 'project'));
  const leftovers = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith('mex-guarantees-'));

  it('[§14 F] [§14 G] [§14 I] [§14 L] checks A to L on the spot, with evidence, and leaves nothing behind', async () => {
    const before = leftovers();
    const finished = await mex(['guarantees', '--home', home, '--format', 'json'], { cwd: workspace });
    const { guarantees, workspace: named } = documentOf(finished);
    if (!Array.isArray(guarantees)) throw new Error('no guarantees');
    expect(guarantees.map(({ id }) => id).join('')).toBe('ABCDEFGHIJKL');
    expect(named).toBe(workspace);
    for (const { id, state, evidence, note } of guarantees) {
      const expected = id === 'H' ? 'not_applicable' : 'holds';
      expect([id, state, note ?? evidence]).toEqual([id, expected, expect.anything()]);
      if (state === 'holds') expect(evidence.length).toBeGreaterThan(0);
    }
    expect(finished.code).toBe(0);
    expect(existsSync(home)).toBe(false);
    expect(leftovers().filter((name) => !before.includes(name))).toEqual([]);
  });

  it('says in words what does not hold, and ends with 1', async () => {
    const loose = join(dir, 'loose');
    mkdirSync(loose);
    writeFileSync(join(loose, 'package.json'), '{"dependencies": {"a": "github:x/y#main"}}');
    const finished = await mex(['guarantees', '--home', home], { cwd: loose });
    expect(finished.code).toBe(1);
    expect(finished.stdout).toContain('Not held, or not checked: A, C');
    expect(finished.stdout).toContain('POLICY_FLOATING_REF_DETECTED: 1 of 1, first package.json:1 github:x/y#main');
    expect(finished.stdout).toMatch(/H {2}nothing to check/);
    expect(finished.stdout).not.toMatch(HARMFUL);
  });

  it('without the tier that policy asks for, checks nothing and says so', async () => {
    const other = join(dir, 'wasm-home');
    mkdirSync(other);
    writeFileSync(join(other, 'policy.json'), JSON.stringify({ schema_version: 'mex.policy@1.0', tier: 'wasm' }));
    const finished = await mex(['guarantees', '--home', other, '--format', 'json'], { cwd: workspace });
    const { guarantees, ok } = documentOf(finished);
    if (!Array.isArray(guarantees)) throw new Error('no guarantees');
    expect([finished.code, ok]).toEqual([1, false]);
    for (const id of ['A', 'B', 'D', 'E', 'F', 'I', 'J', 'K']) {
      const found = guarantees.find((one) => one.id === id);
      expect(found).toMatchObject({ state: 'not_checked', note: expect.stringContaining('wasm tier') });
    }
  });

  it('under a policy that cannot be used, ends with 1', async () => {
    const other = join(dir, 'other-home');
    mkdirSync(other);
    writeFileSync(join(other, 'policy.json'), '{');
    const finished = await mex(['guarantees', '--home', other], { cwd: workspace });
    expect([finished.code, finished.stdout]).toEqual([1, expect.stringContaining('mex policy check')]);
  });
});
