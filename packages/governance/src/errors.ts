/** Codes this package throws. */
export type GovernanceErrorCode =
  | 'CONSENT_INVALID'
  | 'CONSENT_NOT_NEEDED'
  | 'CONSENT_NOT_FOUND'
  | 'GOVERNANCE_NOT_A_PERSON';
