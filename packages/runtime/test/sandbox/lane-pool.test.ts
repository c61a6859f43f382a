import { describe, expect, it } from 'vitest';
import { CallChannel } from '../../src/sandbox/call-channel.ts';
import { LanePool } from '../../src/sandbox/lane-pool.ts';
import type { OpenVessel, Vessel } from '../../src/sandbox/vessel.ts';
import { bundle, endOf, makeJob, withTier } from './tier-fixture.ts';

/** A vessel that answers when it is told to, or cannot be opened at all. */
function fakeVessel(options: Parameters<OpenVessel>[0], answer: Promise<string>): Vessel {
  if (options.code.engineId === 'engine.bad') throw new Error('no descriptor left');
  return {
    channel: new CallChannel({ send: () => undefined, close: () => undefined }, () => undefined),
    loaded: Promise.resolve('loaded'),
    run: () => answer,
    isOutOfMemory: () => false,
    calibrate: () => Promise.resolve(),
    sample: () => Promise.resolve({ cpuMs: 0, memoryBytes: 0 }),
    isRested: () => true,
    destroy: () => Promise.resolve(),
  };
}

describe('a sandbox that cannot be started', () => {
  it('is the outcome of the job that needed it, and of no other; nobody is left without an answer', async () => {
    const { promise, resolve } = Promise.withResolvers<string>();
    const pool = new LanePool((options) => fakeVessel(options, promise), 1);
    const good = pool.run(makeJob('', 'x', { engineId: 'engine.good' }));
    const bad = pool.run(makeJob('', 'x', { engineId: 'engine.bad' }));
    const again = pool.run(makeJob('', 'x', { engineId: 'engine.good' }));
    resolve('1 1 0 {}');
    expect([endOf(await good), endOf(await bad), endOf(await again)]).toEqual(['replied', 'host_failed', 'replied']);
    await pool.close();
  });

  it('ahead of its first job says nothing', async () => {
    const pool = new LanePool((options) => fakeVessel(options, Promise.resolve('')), 1);
    expect(() => pool.prewarm({ engineId: 'engine.bad', sha256: '0', text: '' }, 1)).not.toThrow();
    await pool.close();
  });
});

describe('waiting for a sandbox', () => {
  const text = bundle({ 'test.hang': `await new Promise(() => {});`, 'test.nothing': '' });

  it('[§9] lasts no longer than the job may run', () =>
    withTier(
      'thread',
      async (tier) => {
        const hanging = tier.run(makeJob(text, 'test.hang'));
        const waiting = makeJob(text, 'test.nothing', { engineId: 'engine.other', limits: { wall_time_ms: 150 } });
        const outcome = await tier.run(waiting);
        expect(endOf(outcome)).toBe('busy');
        expect(outcome.usage.wallMs).toBe(0);
        await tier.close();
        expect(endOf(await hanging)).toBe('cancelled');
      },
      { max: 1 },
    ));
});
