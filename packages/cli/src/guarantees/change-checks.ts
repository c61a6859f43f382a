import { lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sha256Hex } from '@mex/envelope/digest';
import type { Check, Evidence } from './guarantee.ts';
import type { ProofHome } from './proof-home.ts';

type Entry = readonly [path: string, before: string | null, after: string | null];

const HOW = 'a change set in a run of a workspace of its own, live';

/** G: a change that is too large, or that nobody approved, changes nothing. */
export function changeBudget({ host, dir }: ProofHome): Check {
  return {
    id: 'G',
    title: 'change budget',
    of: 'installation',
    run: async () => {
      const workspace = makeWorkspace(join(dir, 'budget'));
      const before = readTree(workspace);
      const changeBudget = { max_files_changed: 2, max_lines_per_file: 5 };
      const { definition } = await host.openRun({ workspace, changeBudget, budget: {} });
      const attempt = async (entries: readonly Entry[]): Promise<string> =>
        apply(host, definition.run_id, await changeSet(host, entries));
      const many: Entry[] = ['x', 'y', 'z'].map((path) => [path, null, 'x\n']);
      const line = (checked: string, result: string, code: string): Evidence => ({
        checked,
        how: HOW,
        result,
        held: result === code,
      });
      return {
        evidence: [
          line('too many files are refused', await attempt(many), 'POLICY_CHANGE_BUDGET_EXCEEDED'),
          line(
            'too many lines of a file are refused',
            await attempt([['x', null, 'x\n'.repeat(6)]]),
            'POLICY_CHANGE_BUDGET_EXCEEDED',
          ),
          line('a path out of the workspace is refused', await attempt([['../x', null, 'x']]), 'POLICY_PATH_ESCAPE'),
          line('what is within the budget waits for a person', await attempt([['x', null, 'x']]), 'APPROVAL_REQUIRED'),
          line('the workspace is as it was', sameTree(before, readTree(workspace)), 'equal'),
        ],
      };
    },
  };
}

/** L: what a run changed is put back, byte for byte. */
export function rollback({ host, dir }: ProofHome): Check {
  return {
    id: 'L',
    title: 'rollback',
    of: 'installation',
    run: async () => {
      const workspace = makeWorkspace(join(dir, 'rollback'));
      const before = readTree(workspace);
      const { definition } = await host.openRun({ workspace, budget: {} });
      const set = await changeSet(host, [
        ['kept.txt', 'as it was\n', 'as it is\n'],
        ['gone.sh', '#!/bin/sh\n', null],
        ['new/file.txt', null, 'new\n'],
      ]);
      await apply(host, definition.run_id, set);
      const [waiting] = host.approvals.list();
      if (waiting !== undefined) await host.approvals.approve(waiting.approval_id, host.caller);
      const applied = await apply(host, definition.run_id, set);
      const changed = sameTree(before, readTree(workspace));
      await host.runs.rollback(definition.run_id, host.caller);
      const after = sameTree(before, readTree(workspace));
      return {
        evidence: [
          { checked: 'an approved change is applied', how: HOW, result: applied, held: applied === 'applied' },
          { checked: 'it changed the workspace', how: HOW, result: changed, held: changed !== 'equal' },
          {
            checked: 'rolled back, content, modes and directories are what they were',
            how: 'every file compared with how it was before',
            result: after,
            held: after === 'equal',
          },
        ],
      };
    },
  };
}

function makeWorkspace(path: string): string {
  mkdirSync(join(path, 'empty'), { recursive: true });
  writeFileSync(join(path, 'kept.txt'), 'as it was\n');
  writeFileSync(join(path, 'gone.sh'), '#!/bin/sh\n', { mode: 0o750 });
  return path;
}

/** An attempt to apply: `applied`, or the code it is refused with. */
async function apply(host: ProofHome['host'], runId: string, set: object): Promise<string> {
  try {
    await host.runs.apply(runId, set, host.caller);
    return 'applied';
  } catch (error) {
    if (error instanceof Error && 'code' in error) return String(error.code);
    throw error;
  }
}

async function changeSet(host: ProofHome['host'], entries: readonly Entry[]): Promise<object> {
  const written: object[] = [];
  for (const [path, before, after] of entries) {
    const meta = { kind: 'file', mime: 'text/plain', layer: 'raw', created_by: {} } as const;
    const handle = after === null ? null : await host.artifacts.put(new TextEncoder().encode(after), meta);
    written.push({ path, before_sha256: before === null ? null : sha256Hex(before), after: handle });
  }
  return { schema_version: 'mex.change_set@1.0', title: 'A proof', entries: written };
}

/** Path → kind, mode and content. */
function readTree(root: string): Map<string, string> {
  const names = readdirSync(root, { recursive: true, encoding: 'utf8' }).toSorted();
  return new Map(
    names.map((name) => {
      const path = join(root, name);
      const stat = lstatSync(path);
      const content = stat.isFile() ? sha256Hex(readFileSync(path)) : 'directory';
      return [name, `${(stat.mode & 0o7777).toString(8)} ${content}`];
    }),
  );
}

function sameTree(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): string {
  const names = new Set([...before.keys(), ...after.keys()]);
  const different = [...names].filter((name) => before.get(name) !== after.get(name));
  return different.length === 0 ? 'equal' : `different: ${different.join(', ')}`;
}
