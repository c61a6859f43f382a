import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { POISONS } from './attacks/contamination.ts';
import { FROZEN, Sandbox, valueOf } from './sandbox.ts';

const probeName = (name: string): string => `probe ${name}`;

describe('cross-call contamination', () => {
  const bodies: Record<string, string> = { random: `return [Math.random(), Math.random()].join();` };
  for (const { name, poison, probe } of POISONS) {
    bodies[name] = poison;
    bodies[probeName(name)] = probe;
  }
  let realm: Sandbox;
  let cleanRandom = '';
  beforeAll(async () => {
    realm = Sandbox.of('realm', bodies);
    expect(await realm.load()).toBe('ok');
    cleanRandom = valueOf(await realm.call('random'));
  });
  afterAll(() => realm.close());

  for (const { name, probe, clean } of POISONS) {
    it(`[§9] ${name}: what one call changes, the next does not see`, async () => {
      await realm.call(name);
      const expected = clean === '' && probe.includes('Math.random') ? cleanRandom : clean;
      expect(valueOf(await realm.call(probeName(name)))).toBe(expected);
    });
  }

  it('[§6] control: the same changes poison a plain worker', async () => {
    // One fresh worker for each: in a plain worker they add up.
    const names = [
      'Object.prototype',
      'Array.prototype.map',
      'RegExp.prototype.exec',
      'Math.random',
      'process.env',
      'a new global',
    ];
    for (const name of names) {
      const plain = Sandbox.of('plain', bodies);
      await plain.call(name);
      const outcome = await plain.call(probeName(name), {}, FROZEN, 500);
      const poison = POISONS.find((known) => known.name === name);
      expect(outcome.kind === 'replied' && outcome.reply.ok ? outcome.reply.value : outcome.kind, name).not.toBe(
        poison?.clean,
      );
      await plain.close();
    }
  });
});
