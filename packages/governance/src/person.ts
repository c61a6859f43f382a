import { MexError } from '@mex/envelope';
import type { GovernanceErrorCode } from './errors.ts';

/** Who acts, as the host application authenticated it. */
export interface Person {
  readonly id: string;
  readonly kind: 'human' | 'agent' | 'system';
}

/**
 * The planner's side never decides about itself: only a person consents and approves (CONTRACT §2, §12).
 * @param what the act in words, e.g. `consent`
 * @throws MexError `GOVERNANCE_NOT_A_PERSON`
 */
export function verifyPerson(person: Person, what: string): void {
  if (person.kind === 'human') return;
  throw new MexError<GovernanceErrorCode>({
    code: 'GOVERNANCE_NOT_A_PERSON',
    kind: 'policy',
    message: `Only a person can ${what}; ${person.id} is known to this host as ${person.kind}.`,
    remedy: 'Ask an operator to do it.',
  });
}
