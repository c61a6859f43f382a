import type { ConsentRecord, FlightEvent } from '@mex/envelope';
import { type ConsentFilter, type ConsentStore, consentState } from '@mex/governance';

/** A store in memory that keeps records and events apart, as a database and a log are. */
export function createMemoryStore(): ConsentStore & { records: Map<string, ConsentRecord>; events: FlightEvent[] } {
  const records = new Map<string, ConsentRecord>();
  const events: FlightEvent[] = [];
  const eventOf = (id: string, subject: string): FlightEvent | undefined =>
    events.find((event) => event.type === 'system' && event.subject === subject && event.activity_span_id === id);
  return {
    records,
    events,
    async insert(record, event) {
      records.set(record.consent_id, record);
      events.push(event);
    },
    async revoke(id, revocation, event) {
      const record = records.get(id);
      if (record === undefined || record.revocation !== undefined) return false;
      records.set(id, { ...record, revocation });
      events.push(event);
      return true;
    },
    get: (id) => records.get(id),
    list: ({ actorId, liveAt, limit = 1_000 }: ConsentFilter) =>
      [...records.values()]
        .filter((record) => actorId === undefined || record.actor_id === actorId)
        .filter((record) => liveAt === undefined || consentState(record, liveAt) === 'live')
        .reverse()
        .slice(0, limit),
    evidence(id) {
      const granted = eventOf(id, 'consent.granted');
      if (granted?.type !== 'system' || granted.subject !== 'consent.granted') return undefined;
      return { recordSha256: granted.body.record_sha256, revoked: eventOf(id, 'consent.revoked') !== undefined };
    },
    standing(id) {
      const record = records.get(id);
      return record && { validUntil: Date.parse(record.valid_until), revoked: record.revocation !== undefined };
    },
  };
}
