import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { documentOf, mex, scratch } from './mex.ts';

const dir = scratch();
const home = join(dir, 'home');
let id = '';

const problems = (...args: string[]) => mex(['problems', ...args, '--home', home]);
const listed = async (...args: string[]): Promise<Record<string, unknown>[]> => {
  const { problems: list } = documentOf(await problems('list', '--format', 'json', ...args));
  return list as Record<string, unknown>[];
};

beforeAll(async () => {
  const project = join(dir, 'project');
  mkdirSync(project);
  writeFileSync(join(project, 'package-lock.json'), '[');
  await mex(['scan', project, '--home', home]);
  await mex(['scan', project, '--home', home]);
  id = String((await listed()).find((problem) => String(problem['title']).includes('could not be read'))?.['id']);
});

describe('mex problems', () => {
  it('[§11] groups what happened twice', async () => {
    expect(await listed('--severity', 'error', '--status', 'all')).toContainEqual(
      expect.objectContaining({ id, count: 2 }),
    );
    expect((await problems('list', '--status', 'all')).stdout).toContain('2×');
    expect(await listed('--severity', 'hint')).toEqual([]);
  });

  it('shows one by a part of its id', async () => {
    expect((await problems('show', id.slice(0, 8))).stdout).toContain('package-lock.json');
    expect(documentOf(await problems('show', id, '--format', 'json'))).toMatchObject({ id });
  });

  it('acknowledges, mutes and resolves, and records each', async () => {
    for (const [verb, status] of [
      ['ack', 'acknowledged'],
      ['mute', 'muted'],
      ['resolve', 'resolved'],
    ] as const) {
      expect(documentOf(await problems(verb, id, '--format', 'json'))).toMatchObject({ id, status });
      expect((await listed('--status', status)).map((problem) => problem['id'])).toEqual([id]);
    }
    expect((await listed()).map((problem) => problem['id'])).not.toContain(id);
    const log = await mex(['log', 'list', '--home', home, '--type', 'problem.status_changed', '--format', 'json']);
    expect(documentOf(log)['events']).toHaveLength(3);
    expect((await mex(['log', 'verify', '--home', home])).code).toBe(0);
  });
});
