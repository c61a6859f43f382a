import type { ConsentRecord } from '@mex/envelope';
import { type ConsentState, type Consents, consentState } from '@mex/governance';
import { describeCapability } from './capability-words.ts';
import { dim, green, type Piece, red, yellow } from './output/style.ts';
import { describeDistance } from './until-option.ts';
import { usageError } from './usage-error.ts';

/** A consent with what it is worth now. */
export function consentDocument(record: ConsentRecord, now: number): ConsentRecord & { state: ConsentState } {
  return { ...record, state: consentState(record, now) };
}

/** What a capability lets an engine do; that it needs a consent is known here. */
export function consentWords(capabilityId: string): string {
  return describeCapability(capabilityId).replace(/; needs a consent$/, '');
}

export function consentRow(record: ConsentRecord, now: number): Piece[] {
  const state = consentState(record, now);
  const end = record.revocation === undefined ? record.valid_until : record.revocation.revoked_at;
  return [
    dim(record.consent_id.slice(0, 8)),
    statePiece(state),
    record.actor_id,
    record.capability_id,
    dim(`${state === 'live' ? 'ends' : 'ended'} ${describeDistance(Date.parse(end), now)}`),
    dim(`by ${record.granted_by}`),
    record.reason ?? '',
  ];
}

function statePiece(state: ConsentState): Piece {
  if (state === 'live') return green(state);
  return state === 'revoked' ? red(state) : yellow(state);
}

/** Most consents among which a shortened id is looked for. */
const MAX_SEARCHED = 10_000;

/** The consent a person means by an id or its first 8 characters. @throws MexError `CLI_NOT_FOUND` */
export function findConsent(consents: Consents, wanted: string): ConsentRecord {
  const exact = consents.get(wanted);
  if (exact !== undefined) return exact;
  const found =
    wanted.length < 8
      ? []
      : consents.list({ limit: MAX_SEARCHED }).filter((record) => record.consent_id.startsWith(wanted));
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  const message = found.length > 1 ? `Several consents start with "${wanted}".` : `There is no consent "${wanted}".`;
  throw usageError(message, 'See the ids with: mex grants list --all', 'CLI_NOT_FOUND');
}
