import { afterAll, describe, expect, it } from 'vitest';
import { CRASH } from './attacks/crash.ts';
import { FROZEN, type Outcome, Sandbox } from './sandbox.ts';

const EXPECTED: Readonly<Record<string, readonly Outcome['kind'][]>> = {
  replies: ['replied'],
  dies: ['died'],
  hangs: ['hung'],
  'replies or dies': ['replied', 'died'],
};

describe('host crash and hang', () => {
  const started = performance.now();
  let ticks = 0;
  const ticker = setInterval(() => {
    ticks += 1;
  }, 10);

  for (const attack of CRASH) {
    it(`[§9] ${attack.name}: the sandbox ${attack.ends}, the host goes on`, async () => {
      const limit = attack.maxArrayBufferBytes;
      const sandbox = Sandbox.of(
        'realm',
        { attack: attack.body },
        limit === undefined ? {} : { maxArrayBufferBytes: limit },
      );
      try {
        const outcome = await sandbox.call('attack', {}, FROZEN, attack.ends === 'hangs' ? 60 : 8_000);
        expect(EXPECTED[attack.ends], JSON.stringify(outcome).slice(0, 300)).toContain(outcome.kind);
        if (outcome.kind === 'died') expect(outcome.error).not.toContain('PRINTED');
        if (limit !== undefined && outcome.kind === 'replied') {
          expect(outcome.reply.value).toContain('RangeError');
          expect(outcome.reply.memory.exceeded).toBe(true);
          expect(outcome.reply.memory.current).toBeLessThan(limit * 1.5);
        }
      } finally {
        await sandbox.close();
      }
      expect(sandbox.printed).toBe('');
    });
  }

  afterAll(() => {
    clearInterval(ticker);
    // The host's own loop was never held up for long.
    expect(ticks).toBeGreaterThan((performance.now() - started) / 100);
  });
});
