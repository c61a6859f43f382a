import { coversCapability, findCapability, type PlannedOperation } from '@mex/envelope';
import type { ConsentFact, PreFacts } from './facts.ts';
import { denier, type Gate, type GateDenial, type Verdict } from './gate.ts';

const deny = denier('G-CAP', 'capability');

function coveredBy(grants: readonly string[], id: string): boolean {
  return grants.some((grant) => coversCapability(grant, id));
}

/** The consent that covers a capability for this caller now, if there is one (CONTRACT §7). Only consents the envelope names are considered. */
export function findConsent(operation: PlannedOperation, facts: PreFacts, id: string): ConsentFact | undefined {
  const named = operation.context?.consent_refs ?? [];
  return facts.consents.find(
    (consent) =>
      named.includes(consent.consentId) &&
      !consent.revoked &&
      consent.validUntil > facts.now &&
      consent.actorId === facts.caller?.id &&
      coversCapability(consent.capabilityId, id),
  );
}

/** Decides one capability: the most restrictive of manifest, profile, policy and consent wins. */
export function checkCapability(operation: PlannedOperation, facts: PreFacts, id: string): GateDenial | undefined {
  const known = findCapability(id);
  if (known === undefined)
    return deny('HSK-4001', `Unknown capability "${id}".`, 'Use a capability of CONTRACT §7, e.g. fs.read:inputs.');
  const declared = facts.engine.found ? (facts.engine.operation?.capabilities ?? []) : [];
  if (!coveredBy(declared, id)) {
    return deny(
      'CAPABILITY_NOT_DECLARED',
      `${operation.operation} does not declare "${id}".`,
      `Declared: ${declared.join(', ') || 'none'}`,
    );
  }
  const { profile, profileId, denied } = facts.policy;
  if (profile === undefined) {
    return deny(
      'CAPABILITY_NOT_IN_PROFILE',
      `There is no capability profile "${profileId}".`,
      'Name one that policy.json defines under "profiles" and gives this caller under "callers".',
    );
  }
  if (!coveredBy(profile, id)) {
    return deny(
      'CAPABILITY_NOT_IN_PROFILE',
      `Profile ${profileId} does not include "${id}".`,
      `An operator adds it to "profiles": {"${profileId}": […]} of policy.json, or gives this caller another profile under "callers".`,
    );
  }
  // A policy that denies one scope also denies a request for the whole axis.
  if (denied.some((rule) => coversCapability(rule, id) || coversCapability(id, rule))) {
    return deny(
      'CAPABILITY_DENIED_BY_POLICY',
      `Policy denies "${id}".`,
      'Ask the operator to change the policy file.',
      { kind: 'policy' },
    );
  }
  if (!known.needsConsent || findConsent(operation, facts, id) !== undefined) return undefined;
  return deny(
    'CAPABILITY_NEEDS_CONSENT',
    `"${id}" needs an explicit consent, and none in force was named.`,
    consentRemedy(facts, id),
    // A consent may come; until then the op_id is not used up.
    { retryable: true },
  );
}

/** A consent that is there and was not named is the likelier mistake. */
function consentRemedy({ policy: { unnamedConsents = [] } }: PreFacts, id: string): string {
  if (unnamedConsents.length === 0) return `Ask an operator: mex grants allow ${id}`;
  return `There is one in force: name it in context.consent_refs: ["${unnamedConsents.slice(0, 3).join('", "')}"]`;
}

/** Requested capabilities before; used ones after. */
export const capabilityGate: Gate = {
  id: 'G-CAP',
  pre(operation, facts): Verdict {
    for (const id of operation.capabilities_requested) {
      const denial = checkCapability(operation, facts, id);
      if (denial !== undefined) return denial;
    }
    return undefined;
  },

  post(operation, _result, facts): Verdict {
    const stray = facts.usedCapabilities.find((id) => !coveredBy(facts.granted, id));
    if (stray === undefined) return undefined;
    return deny(
      'CAPABILITY_USED_WITHOUT_GRANT',
      `${operation.engine_id} used "${stray}", which was not granted.`,
      'Treat the engine as hostile.',
      {
        severity: 'fatal',
      },
    );
  },
};
