import type { BudgetField, FullBudget } from '@mex/envelope';
import { BUDGET_FIELDS } from '@mex/envelope';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KINDS, type Kind, MIB } from '../sandbox/tier-fixture.ts';
import { bodiesOf, ENGINE_ID, openWorld, problemsOf, type World } from './world.ts';

const BODIES = {
  'test.nothing': `return {};`,
  'test.device': `await context.device(params.a); return {};`,
  'test.try': `return { code: await codeOf(context.device(params.a)) };`,
  'test.refused': `for (let i = 0; i < params.n; i += 1) { await codeOf(context.read('docs', 'x')); await codeOf(context.secret('key')); } return {};`,
  'test.output': `await context.write('out.txt', 'x'.repeat(params.n)); return {};`,
  'test.writes': `await context.write('out.txt', 'x'); return {};`,
  'test.spin': `for (;;) {}`,
  'test.sleep': `await new Promise(() => {});`,
  'test.memory': `const kept = []; for (;;) kept.push(new Uint8Array(1_000_000).fill(1));`,
  'test.keep': `box.context = context; return {};`,
  'test.reuse': `if (box.context === undefined) return { kept: false };
     const { context: old } = box; const codes = [];
     for (const work of [() => old.read('docs', 'a'), () => old.secret('key'), () => old.fetch({ url: 'http://a.example/' }), () => old.exec('cat', []), () => old.device('gpu.compute'), () => old.write('out.txt', 'x')]) codes.push(await codeOf(work()));
     return { kept: true, codes };`,
  'test.odd': `const codes = []; const big = 'x'.repeat(10_000);
     for (const work of [() => context.read({ toString() { return 'docs'; } }, 'x'), () => context.read(big, 'x'), () => context.read('docs', big),
       () => context.fetch(null), () => context.fetch({ url: big }), () => context.fetch({ url: 'http://a.example/', headers: 7 }), () => context.fetch({ url: 'http://a.example/', body: 7 }),
       () => context.fetch({ url: 'http://a.example/', timeoutMs: -1 }), () => context.exec('cat', 'x'), () => context.exec('cat', Array(2_000).fill('x')),
       () => context.secret(Symbol('x')), () => context.device(undefined)]) codes.push(await codeOf(work()).catch(() => 'threw'));
     return { codes };`,
};

describe.each(KINDS)('[§7] capabilities in the %s tier', (kind: Kind) => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld(kind, BODIES);
    world.consents.set('c-camera', 'device.camera');
  });
  afterAll(() => world.close());

  it.each([
    ['device.camera', ['device.camera'], 'DEVICE_UNAVAILABLE'],
    ['gpu.compute', ['gpu.compute'], 'DEVICE_UNAVAILABLE'],
    ['device.camera', [], 'CAPABILITY_USED_WITHOUT_GRANT'],
    ['device.mic', ['device.camera'], 'CAPABILITY_USED_WITHOUT_GRANT'],
    ['device.lidar', ['device.camera'], 'CAPABILITY_USED_WITHOUT_GRANT'],
    ['fs.read:docs', ['fs.read:docs'], 'DEVICE_UNAVAILABLE'],
    ['', [], 'DEVICE_UNAVAILABLE'],
  ])('device(%j) with %j is %s: result, event and Problem with a remedy', async (a, capabilities, code) => {
    const result = await world.run('test.device', capabilities, { a });
    expect(result).toMatchObject({ status: 'failed', outputs: [], errors: [{ code, kind: 'capability' }] });
    expect(result.errors[0]?.remedy ?? '').not.toBe('');
    expect(bodiesOf(world.events(result), 'broker.denied')).toMatchObject([{ call: 'device.use', code }]);
    const breach = problemsOf(world, result).find(({ source }) => source === 'broker');
    expect(breach).toMatchObject({ tool: ENGINE_ID, code });
    expect(breach?.message).toMatch(/called device\.use in test\.device/);
  });

  it('a device needs a consent', async () => {
    const result = await world.run('test.device', ['device.camera'], { a: 'device.camera' }, { context: {} });
    expect(result).toMatchObject({ status: 'denied', errors: [{ code: 'CAPABILITY_NEEDS_CONSENT' }] });
  });

  it('every check is an event of exactly four members besides the base, allowed or refused', async () => {
    const allowed = await world.run('test.try', ['gpu.compute', 'fs.read:docs'], { a: 'device.mic' });
    const denied = await world.run('test.nothing', ['net.http:api.example'], {}, { context: {} });
    const found = [allowed, denied].flatMap((result) =>
      world.events(result).filter((event) => event.type === 'capability_check'),
    );
    const decisions = found.map((event) =>
      event.type === 'capability_check' ? `${event.capability_id} ${event.decision_outcome}` : '',
    );
    expect(decisions.sort()).toEqual([
      'device.mic deny',
      'fs.read:docs allow',
      'fs.write:artifacts allow',
      'fs.write:artifacts allow',
      'gpu.compute allow',
      'net.http:api.example deny',
    ]);
    for (const event of found) {
      const { event_id: _e, type: _t, timestamp: _s, actor: _a, activity_span_id: _o, ...rest } = event;
      expect(Object.keys(rest).sort()).toEqual(['actor_id', 'capability_id', 'decision_outcome', 'job_id']);
    }
  });

  it('[§11] repeats of one kind are one Problem with a count, in one operation and over several', async () => {
    const runs = [];
    for (let at = 0; at < 3; at += 1) runs.push(await world.run('test.refused', [], { n: 5 }));
    const grouped = world.recorder.problems
      .list({ limit: 1_000 })
      .filter(({ title }) => title.startsWith('test.refused was refused'));
    expect(grouped.map(({ capability_id, count }) => `${capability_id} ${count}`).sort()).toEqual([
      'fs.read:docs 3',
      'secrets.use:key 3',
    ]);
    expect(grouped.every(({ message }) => message.includes('5 times'))).toBe(true);
    expect(new Set(grouped.map(({ fingerprint }) => fingerprint)).size).toBe(2);
    for (const run of runs) expect(bodiesOf(world.events(run), 'broker.denied')).toHaveLength(10);
  });

  it('the context of an earlier operation gives nothing of what that one was granted', async () => {
    await world.run('test.keep', ['fs.read', 'gpu.compute', 'proc.exec']);
    const result = await world.run('test.reuse', []);
    expect(result.status).toBe('succeeded');
    const { kept, codes } = Object(result.summary) as { kept: boolean; codes?: string[] };
    if (kept) expect(new Set(codes)).toEqual(new Set(['CALL_AFTER_END']));
    expect(result.outputs).toEqual([]);
    expect(bodiesOf(world.events(result), 'broker.denied')).toEqual([]);
  });

  it('arguments that are none are refused on the way, and never break the operation', async () => {
    const result = await world.run('test.odd', []);
    expect(result.status).toBe('succeeded');
    const { codes } = Object(result.summary) as { codes: string[] };
    expect(codes[0]).toBe('CAPABILITY_USED_WITHOUT_GRANT');
    expect(
      codes
        .slice(1)
        .filter(
          (code) =>
            !/^(CALL_INVALID|CAPABILITY_USED_WITHOUT_GRANT|OUTPUT_NOT_BYTES|TypeError.*|DEVICE_UNAVAILABLE|threw)$/.test(
              code,
            ),
        ),
    ).toEqual([]);
  });

  it.each([
    ['test.output', 'output_bytes', { output_bytes: 100 }, 'failed'],
    ['test.writes', 'file_writes', { file_writes: 1 }, 'failed'],
    ['test.spin', 'cpu_time_ms', { cpu_time_ms: 150 }, 'failed'],
    ['test.sleep', 'wall_time_ms', { wall_time_ms: 200 }, 'timed_out'],
    ['test.memory', 'memory_bytes', { memory_bytes: 48 * MIB }, 'failed'],
  ] as const)(
    '[§9] %s ends with BUDGET_EXCEEDED of %s, and usage stands beside the budget',
    async (name, field, budget, status) => {
      const result = await world.run(name, [], { n: 1_000 }, { budget });
      const code = `BUDGET_EXCEEDED_${field.toUpperCase()}`;
      expect(result).toMatchObject({ status, outputs: [], evidence: [], errors: [{ code, kind: 'budget' }] });
      const usage: Readonly<Partial<FullBudget>> = result.usage;
      const allowed: Readonly<Partial<FullBudget>> = result.budget ?? {};
      const missing = BUDGET_FIELDS.filter(
        (one: BudgetField) => usage[one] === undefined || allowed[one] === undefined,
      );
      expect(missing).toEqual([]);
      expect(usage[field]).toBeGreaterThanOrEqual(allowed[field] ?? Number.POSITIVE_INFINITY);
      expect(result.errors[0]?.remedy).toContain(`budget.${field}`);
      expect(problemsOf(world, result)).toMatchObject([
        { code, tool: ENGINE_ID, title: expect.stringContaining(name) },
      ]);
    },
  );
});
