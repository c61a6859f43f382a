import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Sandbox } from './sandbox.ts';
import { ENV_SECRET, Witness } from './witness.ts';

/** One attempt: the body of an async function that gets the `Target` as `t`. */
export interface Attack {
  readonly name: string;
  readonly body: string;
  /** Why it cannot be shown to work in a plain worker; without it the test demands that it does. */
  readonly noControl?: string;
}

/** Runs each attack in a plain worker, where it must succeed, and in the realm, where nothing may get out. */
export function describeAttacks(title: string, attacks: readonly Attack[]): void {
  describe(title, () => {
    const bodies = Object.fromEntries(attacks.map(({ name, body }) => [name, body]));
    const env = { MEX_CANARY: ENV_SECRET };
    let witness: Witness;
    let plain: Sandbox;
    let realm: Sandbox;

    beforeAll(async () => {
      witness = await Witness.open();
      plain = Sandbox.of('plain', bodies, { env });
      realm = Sandbox.of('realm', bodies, { env });
      expect(await realm.load()).toBe('ok');
      expect(await plain.load()).toBe('ok');
    });
    afterAll(async () => {
      await Promise.all([plain.close(), realm.close()]);
      await witness.close();
    });

    const attempt = async (
      sandbox: Sandbox,
      name: string,
      patienceMs: number,
    ): Promise<{ found: string[]; outcome: string }> => {
      sandbox.printed = '';
      const outcome = await sandbox.call(name, witness.target);
      const found = await witness.seen(outcome, () => sandbox.printed, patienceMs);
      return { found, outcome: JSON.stringify(outcome).slice(0, 500) };
    };

    for (const { name, noControl } of attacks) {
      if (noControl === undefined) {
        it(`control: ${name} works in a plain worker`, async () => {
          const { found, outcome } = await attempt(plain, name, 500);
          expect(found, outcome).not.toEqual([]);
        });
      }
      it(`[§9] ${name} is stopped${noControl === undefined ? '' : ` (no control: ${noControl})`}`, async () => {
        const { found, outcome } = await attempt(realm, name, 5);
        expect(found, outcome).toEqual([]);
        expect(realm.death).toBe('');
      });
    }
  });
}
