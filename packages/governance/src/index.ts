export {
  type ConsentRequest,
  type ConsentState,
  consentDigest,
  consentState,
  DEFAULT_CONSENT_MS,
  MAX_CONSENT_MS,
} from './consent/consent.ts';
export type { ConsentEvidence, ConsentFilter, ConsentStanding, ConsentStore } from './consent/consent-store.ts';
export { type ConsentFact, type Consents, type ConsentsOptions, createConsents } from './consent/consents.ts';
export type { GovernanceErrorCode } from './errors.ts';
export type { Person } from './person.ts';
