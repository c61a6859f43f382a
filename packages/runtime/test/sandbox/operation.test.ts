import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Fixture, openFixture } from '../fixture.ts';

const MIB = 1024 * 1024;
const BODIES = {
  'test.nothing': ``,
  'test.late': `void context.write('out.txt', new Uint8Array(${2 * MIB})); return {};`,
  'test.gone': `void context.write('out.txt', new Uint8Array(${2 * MIB})).catch(() => {}); throw new Error('over');`,
  'test.talk': `for (let i = 0; i < 1100; i += 1) context.problem({ code: 'TEST_NOTE', severity: 'warning', title: 'x'.repeat(600) + '😀', message: '' }); return { ok: true };`,
};

let mex: Fixture;
beforeAll(async () => {
  mex = await openFixture(BODIES);
});
afterAll(() => mex.dispose());

describe('[§9] a budget of memory', () => {
  it.each([0, 1, 1_000, 16_000])('of %i bytes is used up by any operation', async (memory_bytes) => {
    expect(await mex.run('test.nothing', { budget: { memory_bytes } })).toMatchObject({
      status: 'failed',
      errors: [{ code: 'BUDGET_EXCEEDED_MEMORY_BYTES', kind: 'budget' }],
    });
  });

  it('of 16 MiB holds a worker and an operation', async () => {
    expect((await mex.run('test.nothing', { budget: { memory_bytes: 16 * MIB } })).status).toBe('succeeded');
  });
});

describe('an output that the engine did not wait for', () => {
  const budget = { output_bytes: 4 * MIB };

  it('is there when the operation succeeds', async () => {
    const result = await mex.run('test.late', { budget });
    expect(result).toMatchObject({ status: 'succeeded', outputs: [{ name: 'out.txt', size_bytes: 2 * MIB }] });
  });

  it('[§9] leaves no workspace behind when it fails, and does not end the next operation', async () => {
    const [gone, next] = await Promise.all([mex.run('test.gone', { budget }), mex.run('test.nothing')]);
    expect([gone.status, gone.outputs, next.status]).toEqual(['failed', [], 'succeeded']);
    const left = readdirSync(mex.dir, { recursive: true }).filter((path) => String(path).includes('spool-'));
    expect(left.map((path) => join(mex.dir, String(path)))).toEqual([]);
  });
});

it('an engine that reports too much keeps its result', async () => {
  expect(await mex.run('test.talk')).toMatchObject({ status: 'succeeded', summary: { ok: true } });
});
