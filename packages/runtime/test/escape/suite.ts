import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AttemptClass, CLASSES, type Classified, loadAttempts, type ProtectedTier } from './attempt.ts';
import { Host } from './host.ts';
import { missingFor, type Tested, TIERS_UNDER_TEST, type TierUnderTest } from './tiers.ts';
import { Witness } from './witness.ts';

/** In a jail these must fail without any realm, too. */
const OUTSIDE: readonly AttemptClass[] = ['file system', 'network', 'process and native code', 'environment'];

/** Most of these take their whole deadline. */
const SLOW: AttemptClass = 'host crash and hang';
const isSoak = process.env['MEX_SOAK'] !== undefined;

/**
 * The realm is the same in both tiers, so every time each attempt is tried in one of them: a quarter of a class in threads,
 * the others in processes, of the slow class one quarter each. The soak tries all in both.
 */
function isTried(part: string, class_: AttemptClass, index: number): boolean {
  if (isSoak || (part !== 'thread' && part !== 'process')) return true;
  if (part === 'thread') return index % 4 === 0;
  return class_ === SLOW ? index % 4 === 1 : index % 4 !== 0;
}

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
  for (const attempt of attempts)
    it(`${attempt.name}: does harm in an unprotected worker`, async () => {
      const { harm, said } = await attack('plain', attempt, 600);
      expect(harm, said).not.toEqual([]);
    });
}

function describeTier({ tier, whole, open }: Tested, attempts: readonly Classified[]): void {
  for (const attempt of attempts.filter(({ only }) => only === undefined || only === tier)) {
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

/** Registers the tests of one tier, class by class. One test file for each, so that they share the cores. */
export function describeEscapes(part: 'control' | ProtectedTier | 'bare jail'): void {
  const missing = part === 'process' || part === 'bare jail' ? missingFor('process') : undefined;
  for (const class_ of part === 'bare jail' ? OUTSIDE : CLASSES) {
    const ofClass = all.filter((attempt) => attempt.class === class_);
    const wanted = part === 'control' ? ofClass.filter(({ noControl }) => noControl === undefined) : ofClass;
    const attempts = wanted.filter((_, index) => isTried(part, class_, index));
    if (attempts.length === 0) continue;
    const share = attempts.length < wanted.length ? `, ${attempts.length} of ${wanted.length}, all with MEX_SOAK` : '';
    describe.skipIf(missing !== undefined)(`${part}: ${class_}${share} ${missing ?? ''}`, () => {
      if (part === 'control') describeControl(attempts);
      else if (part !== 'bare jail') describeTier(TIERS_UNDER_TEST[part], attempts);
      else describeBareJail(attempts);
    });
  }
}
