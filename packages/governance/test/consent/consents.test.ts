import { isFlightEvent } from '@mex/envelope';
import { createConsents, DEFAULT_CONSENT_MS, MAX_CONSENT_MS, type Person } from '@mex/governance';
import { beforeEach, describe, expect, it } from 'vitest';
import { createMemoryStore } from './memory-store.ts';

const START = Date.parse('2026-11-21T10:00:00Z');
const HOUR = 3_600_000;
const ADA: Person = { id: 'os:ada', kind: 'human' };
const NET = 'net.http:api.example';

let now = START;
let ids = 0;
let tampered: string[] = [];
let store = createMemoryStore();
let consents = open();

function open() {
  return createConsents({
    store,
    now: () => now,
    newId: () => {
      ids += 1;
      return `00000000-0000-4000-8000-${String(ids).padStart(12, '0')}`;
    },
    clean: (text) => text.replaceAll('hunter2', '***REDACTED***'),
    onTampered: (id) => void tampered.push(id),
  });
}

beforeEach(() => {
  now = START;
  ids = 0;
  tampered = [];
  store = createMemoryStore();
  consents = open();
});

describe('[§7] a consent', () => {
  it('says who, what, scope and until when; 24 hours by default', async () => {
    const record = await consents.allow({ actorId: 'app:ci', capabilityId: NET, reason: 'it needs hunter2' }, ADA);
    expect(record).toMatchObject({
      actor_id: 'app:ci',
      capability_id: NET,
      granted_by: 'os:ada',
      reason: 'it needs ***REDACTED***',
      valid_until: new Date(START + DEFAULT_CONSENT_MS).toISOString(),
    });
    expect(consents.isLive(record.consent_id, START + DEFAULT_CONSENT_MS - 1)).toBe(true);
    expect(consents.isLive(record.consent_id, START + DEFAULT_CONSENT_MS)).toBe(false);
  });

  it('is an event when it is given and when it is taken back, and once only', async () => {
    const { consent_id } = await consents.allow({ actorId: 'app:ci', capabilityId: NET }, ADA);
    await consents.revoke(consent_id, { id: 'os:bob', kind: 'human' }, 'enough');
    const again = await consents.revoke(consent_id, ADA);
    expect(again.revocation).toMatchObject({ revoked_by: 'os:bob', reason: 'enough' });
    expect(store.events.map((event) => event.type === 'system' && event.subject)).toEqual([
      'consent.granted',
      'consent.revoked',
    ]);
    expect(store.events.every(isFlightEvent)).toBe(true);
  });

  it('ends at once when it is revoked', async () => {
    const { consent_id } = await consents.allow({ actorId: 'app:ci', capabilityId: NET }, ADA);
    expect(consents.facts([consent_id])).toMatchObject([{ revoked: false, capabilityId: NET, actorId: 'app:ci' }]);
    await consents.revoke(consent_id, ADA);
    expect(consents.facts([consent_id])).toMatchObject([{ revoked: true }]);
    expect(consents.isLive(consent_id, now)).toBe(false);
  });

  it.each([
    [{ actorId: 'app:ci', capabilityId: 'net.fly' }, 'HSK-4001'],
    [{ actorId: 'app:ci', capabilityId: 'fs.read:inputs' }, 'CONSENT_NOT_NEEDED'],
    [{ actorId: 'app ci', capabilityId: NET }, 'CONSENT_INVALID'],
    [{ actorId: '', capabilityId: NET }, 'CONSENT_INVALID'],
    [{ actorId: 'app:ci', capabilityId: NET, validUntil: START }, 'CONSENT_INVALID'],
    [{ actorId: 'app:ci', capabilityId: NET, validUntil: Number.NaN }, 'CONSENT_INVALID'],
    [{ actorId: 'app:ci', capabilityId: NET, validUntil: START + MAX_CONSENT_MS + 1 }, 'CONSENT_INVALID'],
  ])('%j is refused with %s', async (request, code) => {
    await expect(consents.allow(request, ADA)).rejects.toMatchObject({ code, remedy: expect.any(String) });
    expect(store.events).toEqual([]);
  });

  it.each(['agent', 'system'] as const)('[§2] cannot be given or revoked by a caller of kind %s', async (kind) => {
    const planner: Person = { id: 'app:planner', kind };
    const given = consents.allow({ actorId: 'app:planner', capabilityId: NET }, planner);
    await expect(given).rejects.toMatchObject({ code: 'GOVERNANCE_NOT_A_PERSON' });
    const { consent_id } = await consents.allow({ actorId: 'app:ci', capabilityId: NET }, ADA);
    await expect(consents.revoke(consent_id, planner)).rejects.toMatchObject({ code: 'GOVERNANCE_NOT_A_PERSON' });
    expect(consents.isLive(consent_id, now)).toBe(true);
  });
});

describe('[§2] what the store says is no proof', () => {
  it('a row without its event, or changed after it, is absent and reported', async () => {
    const { consent_id } = await consents.allow({ actorId: 'app:ci', capabilityId: NET }, ADA);
    const record = store.records.get(consent_id);
    if (record === undefined) throw new Error('not stored');
    store.records.set(consent_id, { ...record, actor_id: 'app:planner' });
    store.records.set('00000000-0000-4000-8000-00000000ffff', record);
    expect(consents.facts([consent_id, '00000000-0000-4000-8000-00000000ffff'])).toEqual([]);
    expect(tampered).toEqual([consent_id, '00000000-0000-4000-8000-00000000ffff']);
  });

  it('a revocation whose row was removed still counts', async () => {
    const { consent_id } = await consents.allow({ actorId: 'app:ci', capabilityId: NET }, ADA);
    const before = store.records.get(consent_id);
    await consents.revoke(consent_id, ADA);
    if (before !== undefined) store.records.set(consent_id, before);
    expect(consents.facts([consent_id])).toMatchObject([{ revoked: true }]);
  });

  it('ids nobody gave are absent', () => {
    expect(consents.facts(['00000000-0000-4000-8000-000000000009', 'no id'])).toEqual([]);
  });
});

describe('findFor', () => {
  it('names the longest-lasting consent for each capability that needs one', async () => {
    const short = { actorId: 'app:ci', capabilityId: NET, validUntil: START + HOUR };
    await consents.allow(short, ADA);
    const long = await consents.allow({ actorId: 'app:ci', capabilityId: 'net.http' }, ADA);
    await consents.allow({ actorId: 'app:other', capabilityId: 'secrets.use:key' }, ADA);
    expect(consents.findFor('app:ci', [NET, 'net.http:b.example', 'fs.read:inputs', 'secrets.use:key'])).toEqual([
      long.consent_id,
    ]);
    now = START + 2 * DEFAULT_CONSENT_MS;
    expect(consents.findFor('app:ci', [NET])).toEqual([]);
  });
});
