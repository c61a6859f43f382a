import { applyChangeSet, rollbackRun } from '@mex/runs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ADA, changeTo, look, openBench, plant, RUN_ID, request } from '../workspace.ts';

/** Few names, so that files, directories and links of the same name meet. */
const name = fc.constantFrom('a', 'b', 'c', 'd');
const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join('/'));
const content = fc.oneof(fc.constantFrom('', 'x', 'x\n', 'y\n'), fc.uint8Array({ maxLength: 40 }));
const tree = fc.array(fc.tuple(path, content, fc.boolean()), { maxLength: 8 });
const change = fc.array(fc.tuple(path, fc.option(content, { freq: 3 })), { minLength: 1, maxLength: 6 });

/** What can stand in one tree: the first of two that cannot stand together stays. */
function plantable(
  entries: readonly (readonly [string, string | Uint8Array, boolean])[],
): Record<string, string | Uint8Array> {
  const kept: Record<string, string | Uint8Array> = {};
  for (const [at, bytes, isDirectory] of entries) {
    const clashes = Object.keys(kept).some((other) => {
      const plain = other.replace(/\/$/, '');
      return plain === at || plain.startsWith(`${at}/`) || (!other.endsWith('/') && at.startsWith(`${plain}/`));
    });
    if (!clashes) kept[isDirectory ? `${at}/` : at] = bytes;
  }
  return kept;
}

describe('[§12] any change set on any tree', () => {
  it('is applied as it says or not at all, and a rollback restores every byte', async () => {
    const counts = { applied: 0, refused: 0 };
    await fc.assert(
      fc.asyncProperty(tree, fc.array(change, { minLength: 1, maxLength: 3 }), async (files, changes) => {
        const bench = openBench();
        try {
          plant(bench.workspace, plantable(files));
          const before = look(bench.workspace);
          for (const wanted of changes) {
            const now = look(bench.workspace);
            const target = Object.fromEntries(wanted.filter(([at, bytes]) => bytes !== null || at in now));
            if (Object.keys(target).length === 0) continue;
            const set = await changeTo(bench, target);
            const sound = set.entries.filter(
              (entry) => 'directory' in entry || entry.before_sha256 !== null || entry.after !== null,
            );
            if (sound.length === 0) continue;
            const code = await applyChangeSet(bench.powers, request(bench, { ...set, entries: sound })).then(
              () => 'applied',
              (error: { code?: string }) => String(error.code),
            );
            const after = look(bench.workspace);
            if (code === 'applied') {
              counts.applied += 1;
              for (const entry of sound) {
                if ('directory' in entry) continue;
                const there = after[entry.path];
                if (entry.after === null) expect(there ?? 'directory').toMatch(/^directory/);
                else expect(there).toMatch(new RegExp(`^file \\d+ ${entry.after.sha256}$`));
              }
            } else {
              counts.refused += 1;
              expect(code).toMatch(/^CHANGE_(CONFLICT|SET_INVALID)$/);
              expect(after).toEqual(now);
            }
          }
          await rollbackRun(bench.powers, { runId: RUN_ID, actor: ADA });
          expect(look(bench.workspace)).toEqual(before);
        } finally {
          await bench.close();
        }
      }),
      { numRuns: process.env['MEX_SOAK'] === undefined ? 25 : 400, seed: 20261121 },
    );
    // Both ways are walked often.
    expect(Math.min(counts.applied, counts.refused)).toBeGreaterThan(3);
  });
});
