import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, it } from 'vitest';
import { documentOf, mex, scratch } from './mex.ts';
import { TEST_ENGINE, writeEngine } from './test-engine.ts';

const dir = scratch();
const home = join(dir, 'home');
const registered = (): Record<string, unknown> => {
  const file: { engines: Record<string, unknown> } = JSON.parse(
    readFileSync(join(home, 'mechanical_engines.json'), 'utf8'),
  );
  return file.engines;
};

it('[§10] engines that are added at once are all there, and nothing half-written', async () => {
  const ids = ['one', 'two', 'three', 'four'].map((name) => `${TEST_ENGINE}.${name}`);
  expect((await mex(['engines', 'list', '--home', home])).code).toBe(0);
  const added = await Promise.all(
    ids.map((engine_id) => mex(['engines', 'add', writeEngine(join(dir, engine_id), { engine_id }), '--home', home])),
  );
  expect(added.map(({ code, stderr }) => [code, stderr])).toEqual(ids.map(() => [0, '']));
  expect(Object.keys(registered()).toSorted()).toEqual(ids.toSorted());
  const left = readdirSync(join(home, 'engines'), { recursive: true, encoding: 'utf8' });
  expect(left.filter((name) => name.endsWith('.tmp'))).toEqual([]);
});

it('[§11] while another command changes the registry nothing is recorded and nothing changes', async () => {
  const engine_id = `${TEST_ENGINE}.waits`;
  const folder = writeEngine(join(dir, engine_id), { engine_id });
  expect((await mex(['engines', 'add', folder, '--home', home])).code).toBe(0);
  const before = readFileSync(join(home, 'mechanical_engines.json'), 'utf8');
  const other = new DatabaseSync(join(home, 'mechanical_engines.lock'));
  other.exec('BEGIN EXCLUSIVE');
  const waiting = mex(['engines', 'remove', engine_id, '--home', home]);
  const isWaiting = await Promise.race([waiting, new Promise((resolve) => setTimeout(resolve, 1_500, 'waiting'))]);
  expect(isWaiting).toBe('waiting');
  expect(readFileSync(join(home, 'mechanical_engines.json'), 'utf8')).toBe(before);
  other.close();
  expect((await waiting).code).toBe(0);
  expect(registered()).not.toHaveProperty([engine_id]);
});

it('[§10] a bundle that is not its manifest’s is refused, with nothing registered, recorded or left behind', async () => {
  const engine_id = `${TEST_ENGINE}.changed`;
  const folder = writeEngine(join(dir, engine_id), { engine_id });
  writeFileSync(join(folder, 'dist', 'engine.bundle'), 'other();');
  expect((await mex(['engines', 'add', folder, '--home', home])).code).not.toBe(0);
  const log = await mex(['log', 'list', '--home', home, '--type', 'registry.engine_added', '--format', 'json']);
  expect(log.stdout).not.toContain(engine_id);
  const list = await mex(['engines', 'list', '--home', home, '--format', 'json']);
  expect(list.code).toBe(0);
  expect(list.stdout).not.toContain(engine_id);
});

it('[§9] show says how circuit and quota stand, in a home and where nothing was recorded yet', async () => {
  const id = 'engine.supply_chain.sbom';
  const shown = await mex(['engines', 'show', id, '--home', join(dir, 'nowhere')]);
  expect(shown.stdout).toMatch(/Circuit\s+closed\s+0 failures in a row; it opens at 10/);
  expect(documentOf(await mex(['engines', 'show', id, '--home', home, '--format', 'json']))).toMatchObject({
    circuit: { state: 'closed', failures: 0, opens_at_failures: 10 },
    quota: { engine: { running: 0, started_in_minute: 0 }, actors: [], limits: { max_concurrent: 256 } },
  });
});
