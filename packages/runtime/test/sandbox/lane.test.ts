import { availableParallelism } from 'node:os';
import { describe, expect, it } from 'vitest';
import type { SandboxTier } from '../../src/sandbox/tier.ts';
import { JobStop } from '../../src/sandbox/tier.ts';
import {
  bundle,
  endOf,
  KINDS,
  MIB,
  makeJob,
  readCall,
  replyOf,
  type TierOptions,
  timed,
  withTier as withTierOf,
} from './tier-fixture.ts';

const NOTHING = { 'test.nothing': '' };

describe.each(KINDS)('tier %s', (kind) => {
  const withTier = <T>(use: (tier: SandboxTier) => Promise<T>, options?: TierOptions): Promise<T> =>
    withTierOf(kind, use, options);

  describe('[§9] while an engine is loaded', () => {
    const hangs = `for (;;) {} ${bundle(NOTHING)}`;

    it('wall time runs', () =>
      withTier(async (tier) => {
        const { value, ms } = await timed(tier.run(makeJob(hangs, 'test.nothing', { limits: { wall_time_ms: 300 } })));
        expect(endOf(value)).toBe('wall_time');
        expect(ms).toBeLessThan(1_500);
      }));

    it('the caller can cancel', () =>
      withTier(async (tier) => {
        const cancel = new AbortController();
        setTimeout(() => cancel.abort(), 200);
        const { value, ms } = await timed(tier.run(makeJob(hangs, 'test.nothing', { signal: cancel.signal })));
        expect(endOf(value)).toBe('cancelled');
        expect(ms).toBeLessThan(1_500);
      }));

    it('closing ends it', async () => {
      const { ms } = await timed(
        withTier((tier) => {
          tier.prewarm(makeJob(hangs, 'test.nothing').code, MIB);
          return new Promise((resolve) => setTimeout(resolve, 200));
        }),
      );
      expect(ms).toBeLessThan(1_500);
    });

    it.each([
      ['its heap', 'const kept = []; for (let i = 0; ; i += 1) kept.push({ i, text: `number ${i}` });'],
      ['its buffers', 'const kept = []; for (;;) kept.push(new Uint8Array(1000000));'],
    ])('what is too large in %s is a matter of memory', (_, before) =>
      withTier(async (tier) => {
        const job = makeJob(bundle(NOTHING, before), 'test.nothing', { limits: { memory_bytes: 16 * MIB } });
        expect(endOf(await tier.run(job))).toBe('memory');
      }),
    );

    it('a bundle that throws is not loaded, and the next one is', () =>
      withTier(async (tier) => {
        expect(endOf(await tier.run(makeJob('throw new Error("no")', 'test.nothing')))).toBe('load_failed');
        expect(endOf(await tier.run(makeJob(bundle(NOTHING), 'test.nothing')))).toBe('replied');
      }));
  });

  describe('a call of an operation that is over', () => {
    const text = bundle({
      'test.late': `void context.write('a', 'b'); return {};`,
      'test.throws': `void context.write('a', 'b').catch(() => {}); throw new Error('over');`,
      'test.sleep': `await new Promise((resolve) => setTimeout(resolve, 150)); return { done: true };`,
    });
    const failLater = (error: Error) => (): Promise<never> =>
      new Promise((_, reject) => {
        setTimeout(() => reject(error), 50);
      });

    it.each([
      ['ends its own budget', new JobStop('BUDGET_EXCEEDED_FILE_WRITES', 'one too many')],
      ['fails in the host', new Error('disk')],
    ])('[§9] does not end the next one when it %s', (_, error) =>
      withTier(async (tier) => {
        const first = await tier.run(makeJob(text, 'test.throws', { onCall: failLater(error) }));
        expect(replyOf(first)['ok']).toBe(false);
        expect(replyOf(await tier.run(makeJob(text, 'test.sleep')))['summary']).toEqual({ done: true });
      }),
    );

    it('that was not waited for is still answered before the operation ends', () =>
      withTier(async (tier) => {
        let answered = false;
        const onCall = async (frame: { text: string }): Promise<{ text: string }> => {
          await new Promise((resolve) => setTimeout(resolve, 50));
          answered = true;
          return { text: JSON.stringify({ ...readCall(frame.text), ok: true }) };
        };
        expect(endOf(await tier.run(makeJob(text, 'test.late', { onCall })))).toBe('replied');
        expect(answered).toBe(true);
      }));

    it('a failure of the host is not the fault of the engine, and keeps its cause', () =>
      withTier(async (tier) => {
        const cause = new Error('disk');
        const outcome = await tier.run(makeJob(text, 'test.late', { onCall: () => Promise.reject(cause) }));
        expect(outcome).toMatchObject({ kind: 'killed', reason: 'host_failed', cause });
        expect(JSON.stringify(outcome)).not.toContain('disk');
      }));
  });

  describe('[§9] what a job is charged with', () => {
    it('memory is what it adds, not what a worker is', () =>
      withTier(async (tier) => {
        const text = bundle({
          ...NOTHING,
          'test.hold': `globalThis.a = new Uint8Array(20 * 1024 * 1024).fill(1); return {};`,
          'test.heap': `const kept = []; for (let i = 0; i < 1000000; i += 1) kept.push({ i }); globalThis.a = kept; return {};`,
        });
        const used = async (operation: string): Promise<number> =>
          (await tier.run(makeJob(text, operation))).usage.memoryBytes;
        expect(await used('test.nothing')).toBeLessThan(4 * MIB);
        // At least the buffer itself: a collection meanwhile may take the rest of what it added back.
        expect(await used('test.hold')).toBeGreaterThanOrEqual(20 * MIB);
        expect(await used('test.nothing')).toBeLessThan(4 * MIB);
        expect(await used('test.heap')).toBeGreaterThan(4 * MIB);
      }));

    it('a refused allocation ends the job, caught or not, and is not held against the next', () =>
      withTier(async (tier) => {
        const text = bundle({ ...NOTHING, 'test.catch': `try { new Uint8Array(1e9); } catch {} return {};` });
        expect(endOf(await tier.run(makeJob(text, 'test.catch')))).toBe('memory');
        expect(endOf(await tier.run(makeJob(text, 'test.nothing')))).toBe('replied');
      }));

    it('CPU time of short jobs before it is not its own, and it cannot be talked down', () =>
      withTier(async (tier) => {
        const text = bundle({
          'test.short': `let x = 0; for (let i = 0; i < 2e6; i += 1) x += i % 7; return { x };`,
          'test.sleep': `await new Promise((resolve) => setTimeout(resolve, 120)); return {};`,
          'test.spin': `for (;;) {}`,
        });
        for (let i = 0; i < 30; i += 1) await tier.run(makeJob(text, 'test.short'));
        const slept = await tier.run(makeJob(text, 'test.sleep', { limits: { cpu_time_ms: 100 } }));
        expect(endOf(slept)).toBe('replied');
        const spun = await tier.run(makeJob(text, 'test.spin', { limits: { cpu_time_ms: 150 } }));
        expect(endOf(spun)).toBe('cpu_time');
        expect(spun.usage.cpuMs).toBeGreaterThan(100);
      }));
  });

  describe('a realm that an operation left beyond repair', () => {
    it('is replaced, and the next operation begins again in a fresh one', () =>
      withTier(async (tier) => {
        const text = bundle({
          ...NOTHING,
          'test.spoil': `Object.defineProperty(RegExp.prototype, 'exec', { value: () => null, writable: false, configurable: false }); return {};`,
        });
        expect(endOf(await tier.run(makeJob(text, 'test.spoil')))).toBe('replied');
        expect(endOf(await tier.run(makeJob(text, 'test.nothing')))).toBe('replied');
      }));
  });

  describe('lanes', () => {
    const text = bundle({ 'test.state': `state.n += 1; return { n: state.n };` }, 'const state = { n: 0 }');
    const count = async (tier: SandboxTier, options = {}): Promise<unknown> =>
      replyOf(await tier.run(makeJob(text, 'test.state', options)))['summary'];

    it('[§9] engines with equal bundles do not share a vessel', () =>
      withTier(async (tier) => {
        expect(await count(tier, { engineId: 'engine.a' })).toEqual({ n: 1 });
        expect(await count(tier, { engineId: 'engine.b' })).toEqual({ n: 1 });
        expect(await count(tier, { engineId: 'engine.a' })).toEqual({ n: 2 });
      }));

    it('[§9] callers do not share a vessel: what an engine kept of one does not wait in it for the other', () =>
      withTier(async (tier) => {
        expect(await count(tier, { tenant: 'a' })).toEqual({ n: 1 });
        expect(await count(tier, { tenant: 'a' })).toEqual({ n: 2 });
        expect(await count(tier, { tenant: 'b' })).toEqual({ n: 1 });
        expect(await count(tier, { tenant: 'a' })).toEqual({ n: 3 });
      }));

    it('[§9] what an engine learned of a secret is gone with the operation: the next job is in a fresh vessel', () =>
      withTier(async (tier) => {
        const tainted = { ...makeJob(text, 'test.state'), isTainted: () => true };
        expect(replyOf(await tier.run(tainted))['summary']).toEqual({ n: 1 });
        expect(await count(tier)).toEqual({ n: 1 });
        expect(await count(tier)).toEqual({ n: 2 });
      }));

    it('[§9] a global that cannot be taken away ends the vessel', () =>
      withTier(async (tier) => {
        const sticky = bundle({
          'test.stick': `Object.defineProperty(globalThis, 'sticky', { value: 1 }); return {};`,
          'test.look': `return { found: typeof sticky };`,
        });
        expect(endOf(await tier.run(makeJob(sticky, 'test.stick')))).toBe('replied');
        expect(replyOf(await tier.run(makeJob(sticky, 'test.look')))['summary']).toEqual({ found: 'undefined' });
      }));

    it('another budget of memory is another vessel, and takes the place of an idle one of its engine', () =>
      withTier(async (tier) => {
        for (const mib of [20, 21, 22])
          expect(await count(tier, { limits: { memory_bytes: mib * MIB } })).toEqual({ n: 1 });
      }));

    it('one engine does not take all lanes, however many budgets it comes with', () =>
      withTier(
        async (tier) => {
          const hang = bundle({ 'test.hang': `await new Promise(() => {});` });
          const busy = [20, 21, 22, 23, 24, 25].map((mib) =>
            tier.run(makeJob(hang, 'test.hang', { limits: { memory_bytes: mib * MIB } })),
          );
          expect(await count(tier, { engineId: 'engine.other' })).toEqual({ n: 1 });
          await tier.close();
          expect((await Promise.all(busy)).map(endOf)).toEqual(busy.map(() => 'cancelled'));
        },
        { max: availableParallelism() + 2 },
      ));
  });
});

describe('an engine side of a thread that lies', () => {
  const withTier = <T>(use: (tier: SandboxTier) => Promise<T>, options?: TierOptions): Promise<T> =>
    withTierOf('thread', use, options);
  const entry = new URL('./liar.ts', import.meta.url);

  it('cannot make the CPU time of later operations smaller', () =>
    withTier(
      async (tier) => {
        const first = await tier.run(makeJob('', 'boast'));
        expect(first.usage.cpuMs).toBeLessThanOrEqual(first.usage.wallMs);
        const limits = { cpu_time_ms: 100, wall_time_ms: 2_000 };
        expect(endOf(await tier.run(makeJob('', 'spin', { limits })))).toBe('cpu_time');
      },
      { entry },
    ));

  it.each([
    ['a call of an operation to come', 'future', 'broker'],
    ['a receipt for what was never sent', 'received', 'broker'],
    ['no frame at all', 'garbage', 'broker'],
    ['a call of an operation that is over', 'past', 'replied'],
  ])('with %s', (_, operation, end) =>
    withTier(
      async (tier) => {
        await tier.run(makeJob('', 'nothing'));
        expect(endOf(await tier.run(makeJob('', operation)))).toBe(end);
      },
      { entry },
    ),
  );
});
