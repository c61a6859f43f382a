import type { LoadedVector } from '@mex/engine-sdk/testing';
import { findCapability } from '@mex/envelope';
import { operationOf } from '../engine-under-test.ts';
import { codeOf, type Observation, outcomeOf } from '../lab/observation.ts';
import { OPERATOR, REGULAR } from '../lab/people.ts';
import { capabilityOf } from './capability.ts';
import { unfairEnd } from './fair-end.ts';
import { numberOf, placeOf, representatives, type TierBench, textOf, tierProbe } from './probe.ts';

/** Representatives with the capabilities of theirs that need a consent. */
async function consentVectors(bench: TierBench) {
  return (await representatives(bench)).flatMap(({ vector, baseline }) => {
    const operation = operationOf(bench.engine, vector);
    const capabilities = vector.document.capabilities ?? operation?.capabilities ?? [];
    const needed = capabilities.filter((id) => findCapability(id)?.needsConsent === true);
    return operation === undefined || needed.length === 0
      ? []
      : [{ vector, baseline, operation, capabilities, needed }];
  });
}

function allow(
  { lab }: TierBench,
  vector: LoadedVector,
  capabilities: readonly string[],
  actorId: string = REGULAR.id,
) {
  return Promise.all(capabilities.map(async (id) => (await lab.hostOf(vector)).desk.give(actorId, id)));
}

/** Without a consent for each, or with somebody else's, nothing runs. */
export const consentRequired = tierProbe(async (bench) => {
  const { lab, log, case: one } = bench;
  const code = textOf(one.expect, 'code');
  for (const { vector, needed } of await consentVectors(bench)) {
    for (const capability of needed) {
      const others = needed.filter((id) => id !== capability);
      const foreign = await allow(bench, vector, [capability], 'conformance:somebody-else');
      for (const extra of [[], foreign]) {
        const observed = await lab.run(vector, { consents: [...(await allow(bench, vector, others)), ...extra] });
        const isHeld =
          observed.result.status === 'denied' && codeOf(observed) === code && observed.sighting.starts === 0;
        const whose = extra.length === 0 ? 'without a consent' : 'with a consent of another caller';
        log.check(isHeld, () => ({
          what: `${capability} ${whose} was not denied with ${code}: ${outcomeOf(observed)}.`,
          where: placeOf(bench, vector, capability),
        }));
      }
    }
  }
});

/**
 * A consent that is revoked at the very call that rests on it: the call is refused, and the operation says so. Where the
 * host ended the engine before it could answer, nothing was learned of the engine, and it is tried again.
 */
export const consentRevoked = tierProbe(async (bench) => {
  const { log } = bench;
  for (const found of await consentVectors(bench)) {
    const { vector, baseline, operation, needed } = found;
    let observed = await runRevoked(bench, vector, needed);
    for (let left = numberOf(bench, 'attempts') - 1; left > 0 && observed?.sighting.reply === undefined; left -= 1)
      observed = await runRevoked(bench, vector, needed);
    if (observed === undefined) continue;
    const told = new Set([textOf(bench.case.expect, 'code')]);
    const unfair = unfairEnd(observed, baseline, operation, told);
    log.check(unfair === undefined, () => ({
      what: `After the consents for ${needed.join(', ')} were revoked: ${unfair}.`,
      where: placeOf(bench, vector),
    }));
  }
});

/** @returns `undefined` where no call rested on a consent */
async function runRevoked(
  bench: TierBench,
  vector: LoadedVector,
  needed: readonly string[],
): Promise<Observation | undefined> {
  const consents = await allow(bench, vector, needed);
  const { host } = await bench.lab.hostOf(vector);
  let isRevoked = false;
  const observed = await bench.lab.run(vector, {
    consents,
    intercept: async (call, serve) => {
      const id = capabilityOf(call);
      if (!isRevoked && id !== undefined && findCapability(id)?.needsConsent === true) {
        isRevoked = true;
        await Promise.all(consents.map((consent) => host.consents.revoke(consent, OPERATOR)));
      }
      return serve();
    },
  });
  return isRevoked ? observed : undefined;
}
