import { type ErrorKind, MexError } from '@mex/envelope';
import type { GovernanceErrorCode } from '../errors.ts';

const KINDS: ReadonlyMap<GovernanceErrorCode, ErrorKind> = new Map([
  ['GOVERNANCE_ALTERED', 'integrity'],
  ['GOVERNANCE_FOREIGN', 'validation'],
  ['GOVERNANCE_SCOPE_INVALID', 'validation'],
  ['GOVERNANCE_TIME_INVALID', 'validation'],
]);

function refusal(code: GovernanceErrorCode, message: string, remedy: string): MexError<GovernanceErrorCode> {
  return new MexError({ code, kind: KINDS.get(code) ?? 'policy', message, remedy });
}

export const foreign = (id: string) =>
  refusal('GOVERNANCE_FOREIGN', `This home knows no decision ${id}.`, 'Decisions count only where they were made.');

export const altered = (id: string) =>
  refusal(
    'GOVERNANCE_ALTERED',
    `Decision ${id} is not what the log says was decided.`,
    'Check the record with mex log verify, and have it decided again.',
  );

export const stale = (id: string, why: string) =>
  refusal('GOVERNANCE_STALE', `Decision ${id} no longer counts: ${why}.`, 'Have it decided again.');

export const replayed = (id: string) =>
  refusal(
    'GOVERNANCE_REPLAYED',
    `Decision ${id} was for one use, and was used.`,
    'Have a decision made for this use, or let the approver choose a wider scope.',
  );

export const notApproved = (id: string, state: string) =>
  refusal('GOVERNANCE_NOT_APPROVED', `Decision ${id} is ${state}.`, `Look at it: mex approvals show ${id}`);

export const locked = (gateType: string) =>
  refusal(
    'GOVERNANCE_LOCKED',
    `The automation level is LOCKED: ${gateType} halts, and nobody is asked.`,
    'An operator unlocks it with governance.automation_level in policy.json; a run that was opened LOCKED stays so.',
  );

export const closed = (id: string, state: string) =>
  refusal(
    'GOVERNANCE_CLOSED',
    `Decision ${id} takes no more answers: it is ${state}.`,
    'See what is open: mex approvals list',
  );

export const notAnApprover = (id: string, person: string, approvers: readonly string[]) =>
  refusal(
    'GOVERNANCE_NOT_AN_APPROVER',
    `${person} may not answer decision ${id}.`,
    `Policy names its approvers: ${approvers.slice(0, 20).join(', ')}`,
  );

export const invalidTarget = () =>
  refusal(
    'GOVERNANCE_TARGET_INVALID',
    'A decision needs a target with the digest of exactly what is decided about.',
    'Make it with targetRef(what, sha256).',
  );

export const invalidEnd = () =>
  refusal(
    'GOVERNANCE_TIME_INVALID',
    'An approval ends in the future, and within 30 days.',
    'Name another end, e.g. --until 24h.',
  );

export const invalidScope = (why: string) =>
  refusal(
    'GOVERNANCE_SCOPE_INVALID',
    `This approval cannot reach so far: ${why}.`,
    'Choose the scope once or operation.',
  );
