import { afterAll, describe, expect, it } from 'vitest';
import { CRASH, type CrashAttack } from './attacks/crash.ts';
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

  // Attacks that the sandbox survives share one, per memory limit: surviving means that the next one finds it well.
  const survivors = new Map<number | undefined, Sandbox>();
  const open = (attack: CrashAttack): Sandbox => {
    const limit = attack.maxArrayBufferBytes;
    const options = limit === undefined ? {} : { maxArrayBufferBytes: limit };
    if (attack.ends !== 'replies') return Sandbox.of('realm', { [attack.name]: attack.body }, options);
    const same = CRASH.filter((other) => other.ends === 'replies' && other.maxArrayBufferBytes === limit);
    const bodies = Object.fromEntries(same.map(({ name, body }) => [name, body]));
    const shared = survivors.get(limit) ?? Sandbox.of('realm', bodies, options);
    survivors.set(limit, shared);
    return shared;
  };

  for (const attack of CRASH) {
    it(`[§9] ${attack.name}: the sandbox ${attack.ends}, the host goes on`, async () => {
      const limit = attack.maxArrayBufferBytes;
      const sandbox = open(attack);
      expect(await sandbox.load()).toBe('ok');
      const outcome = await sandbox.call(attack.name, {}, FROZEN, attack.ends === 'hangs' ? 60 : 8_000);
      expect(EXPECTED[attack.ends], JSON.stringify(outcome).slice(0, 300)).toContain(outcome.kind);
      if (outcome.kind === 'died') expect(outcome.error).not.toContain('PRINTED');
      if (limit !== undefined && outcome.kind === 'replied') {
        expect(outcome.reply.value).toContain('RangeError');
        expect(outcome.reply.memory.exceeded).toBe(true);
        expect(outcome.reply.memory.current).toBeLessThan(limit * 1.5);
      }
      if (attack.ends !== 'replies') await sandbox.close();
      expect(sandbox.printed).toBe('');
    });
  }

  afterAll(() => Promise.all([...survivors.values()].map((sandbox) => sandbox.close())));
  afterAll(() => {
    clearInterval(ticker);
    // The host's own loop was never held up for long.
    expect(ticks).toBeGreaterThan((performance.now() - started) / 100);
  });
});
