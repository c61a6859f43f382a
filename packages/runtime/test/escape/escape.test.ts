import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AttemptClass, CLASSES, type Classified, loadAttempts } from './attempt.ts';
import { Host } from './host.ts';
import { missingFor, TIERS_UNDER_TEST, type TierUnderTest } from './tiers.ts';
import { Witness } from './witness.ts';

/** In a jail these must fail without any realm, too. */
const OUTSIDE: readonly AttemptClass[] = ['file system', 'network', 'process and native code', 'environment'];

const all = await loadAttempts();
let witness: Witness;
const hosts = new Map<TierUnderTest, Host>();
beforeAll(async () => {
  witness = await Witness.open();
});
afterAll(async () => {
  await Promise.all([...hosts.values()].map((host) => host.close()));
  await witness.close();
});

/** The harm an attempt did, and what the host said of it. */
async function attack(under: TierUnderTest, attempt: Classified, patienceMs: number) {
  const host = hosts.get(under) ?? new Host(under, witness.target);
  hosts.set(under, host);
  const report = await host.attempt(attempt.id);
  const harm = await witness.harm(report, patienceMs, under === 'process-open');
  return { harm, said: `${report.end} ${report.text.slice(0, 600)} ${report.printed().slice(-600)}` };
}

function describeControl(attempts: readonly Classified[]): void {
  for (const attempt of attempts.filter(({ noControl }) => noControl === undefined))
    it(`${attempt.name}: does harm in an unprotected worker`, async () => {
      const { harm, said } = await attack('plain', attempt, 600);
      expect(harm, said).not.toEqual([]);
    });
}

function describeTier({ tier, whole, open }: (typeof TIERS_UNDER_TEST)[number], attempts: readonly Classified[]): void {
  for (const attempt of attempts) {
    const under = attempt.brokenOpen ? open : whole;
    const hole = attempt.nonGuarantee?.[tier];
    const untested = attempt.untested?.[tier];
    const control = attempt.noControl === undefined ? '' : ` (no control: ${attempt.noControl})`;
    if (untested !== undefined) it.skip(`[hole] ${attempt.name}: ${untested}`, () => {});
    else if (hole !== undefined)
      it(`[hole] ${attempt.name} is not stopped: ${hole}`, async () => {
        const { harm, said } = await attack(under, attempt, 300);
        expect(harm, said).not.toEqual([]);
      });
    else
      it(`[§9] ${attempt.name} is stopped${control}`, async () => {
        const { harm, said } = await attack(under, attempt, 5);
        expect(harm, said).toEqual([]);
      });
  }
}

/** The jail alone: the engine is an ordinary program of Node, with everything it has. */
function describeBareJail(attempts: readonly Classified[]): void {
  for (const attempt of attempts.filter(({ brokenOpen }) => !brokenOpen))
    it(`[§9] ${attempt.name} is stopped by the jail alone`, async () => {
      const { harm, said } = await attack('process-open', attempt, 5);
      expect(harm, said).toEqual([]);
    });
}

for (const class_ of CLASSES) {
  const attempts = all.filter((attempt) => attempt.class === class_);
  describe(`control: ${class_}`, () => describeControl(attempts));
  for (const tested of TIERS_UNDER_TEST) {
    const missing = missingFor(tested.tier);
    describe.skipIf(missing !== undefined)(`${tested.tier}: ${class_} ${missing ?? ''}`, () =>
      describeTier(tested, attempts),
    );
  }
  if (OUTSIDE.includes(class_))
    describe.skipIf(missingFor('process') !== undefined)(`process without a realm: ${class_}`, () =>
      describeBareJail(attempts),
    );
}
