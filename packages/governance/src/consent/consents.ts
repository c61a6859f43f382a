import {
  type ConsentRecord,
  coversCapability,
  type FlightEvent,
  findCapability,
  MexError,
  quoteText,
} from '@mex/envelope';
import type { GovernanceErrorCode } from '../errors.ts';
import { type Person, verifyPerson } from '../person.ts';
import { type ConsentRequest, consentDigest, consentState, draftConsent } from './consent.ts';
import type { ConsentFilter, ConsentStore } from './consent-store.ts';

/** A consent as the gates ask for it. Times are ms since 1970. */
export interface ConsentFact {
  readonly consentId: string;
  readonly capabilityId: string;
  readonly actorId: string;
  readonly validUntil: number;
  readonly revoked: boolean;
}

export interface ConsentsOptions {
  readonly store: ConsentStore;
  /** Ms since 1970. */
  readonly now: () => number;
  readonly newId: () => string;
  /** Makes a person's words fit to be kept and shown: no secrets, no control characters. */
  readonly clean: (text: string) => string;
  /** A stored consent is not the one the log proves; it counts for nothing. */
  readonly onTampered?: (consentId: string) => void;
}

/** The operator's consents (CONTRACT §7). */
export interface Consents {
  /** @throws MexError as `draftConsent` */
  readonly allow: (request: ConsentRequest, by: Person) => Promise<ConsentRecord>;
  /**
   * Ends a consent at once. One that was revoked before stays as it is.
   * @throws MexError `CONSENT_NOT_FOUND`, `GOVERNANCE_NOT_A_PERSON`
   */
  readonly revoke: (consentId: string, by: Person, reason?: string) => Promise<ConsentRecord>;
  readonly get: (consentId: string) => ConsentRecord | undefined;
  /** The newest first. */
  readonly list: (filter?: ConsentFilter) => ConsentRecord[];
  /** What the gates may know of these ids. Unknown ones, and ones the log does not prove, are absent. */
  readonly facts: (ids: readonly string[]) => ConsentFact[];
  /** Whether a consent is in force at `now`. A few microseconds: for every call of an engine. */
  readonly isLive: (consentId: string, now: number) => boolean;
  /** Ids of consents in force that a caller needs for these capabilities, so that nobody copies ids by hand. */
  readonly findFor: (actorId: string, capabilities: readonly string[]) => string[];
}

/** Consents over a store. */
export function createConsents(options: ConsentsOptions): Consents {
  const { store, now, newId, clean } = options;

  const stamp = (consentId: string, by: Person, at: number) => ({
    event_id: newId(),
    timestamp: new Date(at).toISOString(),
    actor: { kind: by.kind, id: by.id },
    // The story of a consent is found under its id, as that of an operation is.
    activity_span_id: consentId,
    type: 'system' as const,
  });

  const allow: Consents['allow'] = async (request, by) => {
    const at = now();
    const { reason, ...rest } = request;
    const kept = reason === undefined || reason.trim() === '' ? {} : { reason: clean(reason).trim() };
    const record = draftConsent({ ...rest, ...kept }, by, newId(), at);
    const { consent_id, actor_id, capability_id, valid_until } = record;
    const body = { consent_id, actor_id, capability_id, valid_until, record_sha256: consentDigest(record) };
    const event: FlightEvent = { ...stamp(consent_id, by, at), subject: 'consent.granted', body };
    await store.insert(record, event);
    return record;
  };

  const revoke: Consents['revoke'] = async (consentId, by, reason) => {
    verifyPerson(by, 'revoke a consent');
    const known = store.get(consentId);
    if (known === undefined) throw notFound(consentId);
    const at = now();
    const words = reason === undefined ? '' : clean(reason).trim().slice(0, 1_000);
    const revocation = {
      revoked_at: new Date(at).toISOString(),
      revoked_by: by.id,
      ...(words === '' ? {} : { reason: words.toWellFormed() }),
    };
    const event: FlightEvent = {
      ...stamp(consentId, by, at),
      subject: 'consent.revoked',
      body: { consent_id: consentId },
    };
    await store.revoke(consentId, revocation, event);
    return store.get(consentId) ?? known;
  };

  return {
    allow,
    revoke,
    get: store.get,
    list: (filter = {}) => store.list(filter),
    facts: (ids) => [...new Set(ids)].flatMap((id) => readFact(id, options)),
    isLive: (consentId, at) => {
      const standing = store.standing(consentId);
      return standing !== undefined && !standing.revoked && standing.validUntil > at;
    },
    findFor: (actorId, capabilities) => findFor(actorId, capabilities, options),
  };
}

function findFor(actorId: string, capabilities: readonly string[], { store, now }: ConsentsOptions): string[] {
  const needed = capabilities.filter((id) => findCapability(id)?.needsConsent === true);
  if (needed.length === 0) return [];
  const live = store.list({ actorId, liveAt: now() });
  return [...new Set(needed.flatMap((id) => pickFor(live, id)))];
}

/** Of several consents that would do, the one that lasts longest. */
function pickFor(live: readonly ConsentRecord[], capabilityId: string): string[] {
  const fitting = live.filter((record) => coversCapability(record.capability_id, capabilityId));
  const best = fitting.toSorted((a, b) => (a.valid_until < b.valid_until ? 1 : -1))[0];
  return best === undefined ? [] : [best.consent_id];
}

/** A row beside the log is not evidence: whoever can write the file can write one. The log has to say the same. */
function readFact(id: string, { store, onTampered, now }: ConsentsOptions): ConsentFact[] {
  const record = store.get(id);
  if (record === undefined) return [];
  const evidence = store.evidence(id);
  if (record.consent_id !== id || evidence?.recordSha256 !== consentDigest(record)) {
    // An expired consent may well have outlived its event.
    if (consentState(record, now()) === 'live') onTampered?.(id);
    return [];
  }
  return [
    {
      consentId: id,
      capabilityId: record.capability_id,
      actorId: record.actor_id,
      validUntil: Date.parse(record.valid_until),
      revoked: evidence.revoked || record.revocation !== undefined,
    },
  ];
}

function notFound(consentId: string): MexError<GovernanceErrorCode> {
  return new MexError({
    code: 'CONSENT_NOT_FOUND',
    kind: 'validation',
    message: `There is no consent ${quoteText(consentId)}.`,
    remedy: 'See the ids with: mex grants list --all',
  });
}
