import { nothingInlined, onlyDeclared, outputsCovered, outputsTyped } from './artifact-io.ts';
import { budgetEnforced } from './budget.ts';
import { bundleIsScript, frontDoor, nothingAround } from './bypass.ts';
import { declaredUsed, nothingForbidden, withheld } from './capability.ts';
import { consentRequired, consentRevoked } from './consent.ts';
import { freshAlike, tiersAlike, usedAlike } from './determinism.ts';
import { declaredOnly } from './errors.ts';
import { nothingDropped, outsideRecorded, stepsRecorded } from './events.ts';
import { evidenceFrozen } from './evidence.ts';
import { cancelledCalls, littleMemory, refusedCalls, slowCalls } from './hostile.ts';
import { hostileOutside, tamperedInputs } from './hostile-content.ts';
import { oneRun } from './idempotency.ts';
import { bundleMatches, driftSeen, wrongDigest } from './integrity.ts';
import type { Probe } from './probe.ts';
import { artifactsStored, provenanceComplete } from './provenance.ts';
import { goldenHold, paramsRefused, registers, rejectHold, vectorsBound, vectorsCover } from './schema.ts';
import { valuesUnseen } from './secrets.ts';

/** By the name that cases use. */
export const PROBES: Readonly<Record<string, Probe>> = {
  'artifacts-stored': artifactsStored,
  'budget-enforced': budgetEnforced,
  'bundle-is-script': bundleIsScript,
  'bundle-matches': bundleMatches,
  'cancelled-calls': cancelledCalls,
  'consent-required': consentRequired,
  'consent-revoked': consentRevoked,
  'declared-only': declaredOnly,
  'declared-used': declaredUsed,
  'drift-seen': driftSeen,
  'evidence-frozen': evidenceFrozen,
  'fresh-alike': freshAlike,
  'front-door': frontDoor,
  'golden-hold': goldenHold,
  'hostile-outside': hostileOutside,
  'little-memory': littleMemory,
  'nothing-around': nothingAround,
  'nothing-dropped': nothingDropped,
  'nothing-forbidden': nothingForbidden,
  'nothing-inlined': nothingInlined,
  'one-run': oneRun,
  'only-declared': onlyDeclared,
  'outputs-covered': outputsCovered,
  'outputs-typed': outputsTyped,
  'outside-recorded': outsideRecorded,
  'params-refused': paramsRefused,
  'provenance-complete': provenanceComplete,
  'refused-calls': refusedCalls,
  registers,
  'reject-hold': rejectHold,
  'slow-calls': slowCalls,
  'steps-recorded': stepsRecorded,
  'tampered-inputs': tamperedInputs,
  'tiers-alike': tiersAlike,
  'used-alike': usedAlike,
  'values-unseen': valuesUnseen,
  'vectors-bound': vectorsBound,
  'vectors-cover': vectorsCover,
  withheld,
  'wrong-digest': wrongDigest,
};
