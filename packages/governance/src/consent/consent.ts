import { CHECKERS, type ConsentRecord, clipText, findCapability, MexError, quoteText } from '@mex/envelope';
import { digestJson } from '@mex/envelope/digest';
import type { GovernanceErrorCode } from '../errors.ts';
import { type Person, verifyPerson } from '../person.ts';

/** How long a consent lasts when nobody says (CONTRACT §7), in ms. */
export const DEFAULT_CONSENT_MS = 24 * 3_600_000;
/**
 * Longest time of a consent, in ms: 30 days. The proof of a consent is its event, and the log keeps events for 30
 * days (CONTRACT §11); what shall hold longer is given again, knowingly.
 */
export const MAX_CONSENT_MS = 30 * 24 * 3_600_000;
const MAX_REASON_CHARS = 1_000;

/** What an operator consents to. */
export interface ConsentRequest {
  /** The caller it is for. */
  readonly actorId: string;
  /** A registered capability id; its scope is the scope of the consent. */
  readonly capabilityId: string;
  /** Ms since 1970, at most {@link MAX_CONSENT_MS} from now. Default: {@link DEFAULT_CONSENT_MS} from now. */
  readonly validUntil?: number;
  /** For whoever reads it later; at most 1,000 characters are kept. */
  readonly reason?: string;
}

export type ConsentState = 'live' | 'expired' | 'revoked';

/** What a consent is worth at `now` (ms since 1970). */
export function consentState(record: ConsentRecord, now: number): ConsentState {
  if (record.revocation !== undefined) return 'revoked';
  return Date.parse(record.valid_until) > now ? 'live' : 'expired';
}

/** Digest of what was consented to: the record without its revocation. */
export function consentDigest({ revocation: _ended, ...granted }: ConsentRecord): string {
  return digestJson(granted);
}

/**
 * Writes the record of a consent.
 * @throws MexError `GOVERNANCE_NOT_A_PERSON`, `HSK-4001` for an unknown capability, `CONSENT_NOT_NEEDED`,
 * `CONSENT_INVALID`.
 */
export function draftConsent(request: ConsentRequest, by: Person, id: string, now: number): ConsentRecord {
  verifyPerson(by, 'consent to a capability');
  verifyConsentable(request.capabilityId);
  const record: ConsentRecord = {
    schema_version: 'mex.consent@1.0',
    consent_id: id,
    actor_id: request.actorId,
    capability_id: request.capabilityId,
    granted_at: new Date(now).toISOString(),
    valid_until: new Date(verifyEnd(request.validUntil ?? now + DEFAULT_CONSENT_MS, now)).toISOString(),
    granted_by: by.id,
    ...(request.reason === undefined ? {} : { reason: clipText(request.reason, MAX_REASON_CHARS) }),
  };
  if (CHECKERS.consent.check(record)) return record;
  const [issue] = CHECKERS.consent.issues(record, 1);
  throw invalid(
    `The consent has no valid ${issue?.path ?? 'form'}: ${issue?.message ?? 'unreadable'}.`,
    'Ids have 1 to 256 characters and no white space, e.g. os:ada or app:ci.',
  );
}

function verifyConsentable(id: string): void {
  const axis = findCapability(id);
  if (axis === undefined) {
    throw new MexError({
      code: 'HSK-4001',
      kind: 'capability',
      message: `There is no capability ${quoteText(id)}.`,
      remedy: 'Name one of CONTRACT §7 that needs a consent, e.g. net.http:api.example.org or secrets.use:deploy-key.',
    });
  }
  if (axis.needsConsent) return;
  throw new MexError<GovernanceErrorCode>({
    code: 'CONSENT_NOT_NEEDED',
    kind: 'validation',
    message: `${quoteText(id)} needs no consent: the profile of the caller decides about it.`,
    remedy: 'Add it to a profile in policy.json, or leave it out there.',
  });
}

function verifyEnd(end: number, now: number): number {
  if (!Number.isFinite(end) || end <= now) {
    throw invalid('The consent would end before it begins.', 'Name a time to come, e.g. --until 24h.');
  }
  if (end <= now + MAX_CONSENT_MS) return Math.trunc(end);
  throw invalid('A consent lasts 30 days at most.', 'Name an earlier end, e.g. --until 7d, and renew it when it ends.');
}

function invalid(message: string, remedy: string): MexError<GovernanceErrorCode> {
  return new MexError({ code: 'CONSENT_INVALID', kind: 'validation', message, remedy });
}
