import { existsSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { documentOf, HARMFUL, mex, scratch, writeProject } from '../mex.ts';

describe('[§14] mex guarantees', () => {
  const dir = scratch();
  const home = join(dir, 'home');
  const workspace = writeProject(join(dir, 'project'));
  const leftovers = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith('mex-guarantees-'));

  it('[§14 F] [§14 I] checks A to L on the spot, with evidence, and leaves nothing behind', async () => {
    const before = leftovers();
    const finished = await mex(['guarantees', '--home', home, '--format', 'json'], { cwd: workspace });
    const { guarantees, workspace: named } = documentOf(finished);
    if (!Array.isArray(guarantees)) throw new Error('no guarantees');
    expect(guarantees.map(({ id }) => id).join('')).toBe('ABCDEFGHIJKL');
    expect(named).toBe(workspace);
    for (const { id, state, evidence, note } of guarantees) {
      const expected = UNCHECKED.has(id) ? 'not_checked' : id === 'H' ? 'not_applicable' : 'holds';
      expect([id, state, note ?? evidence]).toEqual([id, expected, expect.anything()]);
      if (state === 'holds') expect(evidence.length).toBeGreaterThan(0);
    }
    expect(finished.code).toBe(1);
    expect(existsSync(home)).toBe(false);
    expect(leftovers().filter((name) => !before.includes(name))).toEqual([]);
  });

  it('says in words what does not hold, and ends with 1', async () => {
    const finished = await mex(['guarantees', '--home', home], { cwd: dir });
    expect(finished.code).toBe(1);
    expect(finished.stdout).toContain('Not held, or not checked: G, L');
    expect(finished.stdout).toMatch(/C {2}nothing to check/);
    expect(finished.stdout).not.toMatch(HARMFUL);
  });
});

/** This version of mex applies no change sets. */
const UNCHECKED = new Set(['G', 'L']);
