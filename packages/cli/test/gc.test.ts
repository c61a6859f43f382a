import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { documentOf, mex, scratch } from './mex.ts';

const dir = scratch();
const home = join(dir, 'home');
const gc = (...args: string[]) => mex(['artifacts', 'gc', '--home', home, ...args]);

const operation = {
  schema_version: 'poe-1.0',
  op_id: '5b1b0c55-7d0c-4c1e-9d52-0c0b7c3a9f11',
  engine_id: 'engine.context',
  operation: 'context.find_todos',
  inputs: [],
  params: {},
  capabilities_requested: ['fs.read:inputs', 'fs.write:artifacts'],
  budget: {},
  determinism: 'D3',
  output_spec: {},
};

beforeAll(async () => {
  mkdirSync(join(dir, 'project'));
  writeFileSync(join(dir, 'project', 'a.ts'), '// TODO(me): tidy up\n');
  const ran = await mex(
    ['run', '-', '--input', `project=${join(dir, 'project')}`, '--home', home, '--format', 'json'],
    {
      stdin: JSON.stringify(operation),
    },
  );
  expect(documentOf(ran)).toMatchObject({ status: 'succeeded', summary: { todos: 1 } });
});

describe('[§5] mex artifacts gc', () => {
  it('without a policy keeps reports and inputs for good, and says why', async () => {
    const { code, stdout } = await gc('--dry-run');
    expect(code).toBe(0);
    expect(stdout).toContain('0 artifacts would go, 0 B of 3 artifacts');
    expect(stdout).toContain('Stays: 3 not past their time, or without one');
  });

  it('removes what policy lets go of, keeps what is pinned, and the store verifies', async () => {
    const list = documentOf(await mex(['artifacts', 'list', '--home', home, '--format', 'json']));
    const all = list['artifacts'] as { artifact_id: string; filename_hint: string }[];
    const pinned = all.find(({ filename_hint }) => filename_hint === 'todos.json');
    await mex(['artifacts', 'pin', pinned?.artifact_id ?? '', '--home', home]);
    const retention = { days: { raw: 0, derived: 0 }, min_versions: 0 };
    writeFileSync(join(home, 'policy.json'), JSON.stringify({ schema_version: 'mex.policy@1.0', retention }));
    const wouldGo = await gc('--dry-run');
    for (const words of ['todos.txt', 'project', '1 pinned', '0 days old']) expect(wouldGo.stdout).toContain(words);
    const done = documentOf(await gc('--format', 'json'));
    expect(done).toMatchObject({ status: 'succeeded', dry_run: false, totals: { pinned: 1 }, spared_meanwhile: [] });
    const left = documentOf(await mex(['artifacts', 'list', '--home', home, '--format', 'json']));
    const names = (left['artifacts'] as { filename_hint: string }[]).map(({ filename_hint }) => filename_hint);
    expect(names).toContain('todos.json');
    expect(names).not.toContain('todos.txt');
    expect((await mex(['artifacts', 'verify', '--all', '--home', home])).code).toBe(0);
    expect((await mex(['log', 'list', '--type', 'meta.gc_summary', '--home', home])).stdout).toContain('gc_summary');
  });

  it('makes no home', async () => {
    const { code } = await mex(['artifacts', 'gc', '--home', join(dir, 'nowhere')]);
    expect(code).toBe(2);
  });
});
