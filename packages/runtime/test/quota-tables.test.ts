import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { ownOwnerToken } from '@mex/artifacts';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { Quota } from '../src/quota.ts';
import { readQuotaStanding } from '../src/quota-standing.ts';
import { QuotaTables } from '../src/quota-tables.ts';

const ENGINE = 'engine.test.one';
const limits = { maxConcurrent: 2, maxPerMinute: 5, breakerThreshold: 3, breakerCooldownMs: 1_000 };

const dir = mkdtempSync(join(tmpdir(), 'mex-quota-'));
const opened: DatabaseSync[] = [];
afterEach(() => {
  for (const db of opened.splice(0)) db.close();
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** Processes that share a home: each has a quota of its own over one database. */
function openHome() {
  const file = join(mkdtempSync(join(dir, 'home-')), 'log.db');
  const open = (): DatabaseSync => {
    const db = new DatabaseSync(file);
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF');
    opened.push(db);
    return db;
  };
  const db = open();
  const start = (own: Partial<typeof limits> = {}) => {
    const tables = new QuotaTables(open());
    tables.announce(0);
    return { quota: new Quota({ ...limits, ...own }, tables), tables };
  };
  return { db, start, standing: (now: number) => readQuotaStanding(db, ENGINE, limits, now) };
}

/** One operation from its gates to its grant. */
function grant(quota: Quota, actor: string, now: number) {
  const place = quota.reserve(actor, ENGINE, now);
  return { ...place, refused: place.refusal ?? place.begin(now)?.reason };
}

function fail(quota: Quota, now: number): void {
  grant(quota, `actor${now}`, now).end('fault', now);
}

describe('[§9] quota of processes that share a home', () => {
  it('operations at once are counted together, per actor and per engine', () => {
    const { start, standing } = openHome();
    const [one, two] = [start(), start()];
    const first = grant(one.quota, 'a', 0);
    expect(grant(two.quota, 'b', 0).refused).toBeUndefined();
    expect(two.quota.reserve('c', ENGINE, 0).refusal).toContain('2 operations running');
    expect(standing(0).engine).toEqual({ running: 2, started_in_minute: 2 });
    expect(standing(0).actors).toEqual([
      { actor_id: 'a', running: 1, started_in_minute: 1 },
      { actor_id: 'b', running: 1, started_in_minute: 1 },
    ]);
    first.end('ok', 1);
    expect(two.quota.reserve('c', ENGINE, 1).refusal).toBeUndefined();
  });

  it('of two that saw the last place free, one gets it', () => {
    const { start, standing } = openHome();
    const [one, two] = [start({ maxConcurrent: 1 }), start({ maxConcurrent: 1 })];
    const first = one.quota.reserve('a', ENGINE, 0);
    const second = two.quota.reserve('b', ENGINE, 0);
    expect([first.refusal, second.refusal]).toEqual([undefined, undefined]);
    expect(first.begin(0)).toBeUndefined();
    expect(second.begin(0)).toMatchObject({ code: 'QUOTA_EXCEEDED' });
    second.cancel();
    first.end('ok', 1);
    expect(standing(1).engine).toEqual({ running: 0, started_in_minute: 1 });
  });

  it('a clock that was put back far denies nobody until it is there again; a little changes nothing', () => {
    const later = 400 * 86_400_000;
    const { start, standing } = openHome();
    const [one, two] = [start({ maxConcurrent: 100 }), start({ maxConcurrent: 100 })];
    for (let at = 0; at < 5; at += 1) grant(one.quota, 'a', later).end('ok', later);
    for (const { quota } of [one, two]) expect(grant(quota, 'a', later - 1_000).refused).toContain('in this minute');
    for (const { quota } of [one, two]) {
      const place = grant(quota, 'a', 1_000);
      expect(place.refused).toBeUndefined();
      place.end('ok', 1_000);
    }
    expect(standing(1_000).engine).toEqual({ running: 0, started_in_minute: 2 });
  });

  it('a circuit that opened in a time to come is tried again', () => {
    const later = 400 * 86_400_000;
    const { start, standing } = openHome();
    const { quota } = start();
    for (let at = 0; at < 3; at += 1) fail(quota, later + at);
    expect(standing(later + 500).circuit.state).toBe('open');
    expect(standing(later - 500).circuit.state).toBe('open');
    expect(standing(0).circuit.state).toBe('half-open');
    const probe = grant(quota, 'probing', 0);
    expect(probe.circuit).toBe('half-open');
    probe.end('ok', 0);
    expect(standing(0).circuit.state).toBe('closed');
  });

  it('a rate outlives the process that used it up, and what is denied leaves nothing behind', () => {
    const { start, standing } = openHome();
    const one = start({ maxConcurrent: 100 });
    for (let i = 0; i < 5; i += 1) grant(one.quota, 'a', i).end('ok', i);
    one.quota.reserve('b', 'engine.test.two', 5).cancel();
    one.tables.leave();
    const next = start({ maxConcurrent: 100 });
    expect(next.quota.reserve('a', ENGINE, 10).refusal).toContain('in this minute');
    expect(next.quota.reserve('a', ENGINE, 60_005).refusal).toBeUndefined();
    expect(standing(10).actors).toEqual([{ actor_id: 'a', running: 0, started_in_minute: 5 }]);
  });

  it('what a process ran that died does not run any more', () => {
    const { db, start, standing } = openHome();
    grant(start().quota, 'a', 0);
    db.prepare('UPDATE quota_accounts SET owner = ?').run(ownOwnerToken().replace(/^\d+/, '4194301'));
    expect(standing(0).engine.running).toBe(0);
    expect(grant(start({ maxConcurrent: 1 }).quota, 'a', 0).refused).toBeUndefined();
    expect(db.prepare('SELECT sum(running) AS n FROM quota_accounts').get()).toEqual({ n: 2 });
  });
});

describe('[§9] circuits of a home', () => {
  const wide = { maxConcurrent: 100, maxPerMinute: 100 };

  it('failures in several processes open one circuit, and a restart does not close it', () => {
    const { start, standing } = openHome();
    const [one, two] = [start(wide), start(wide)];
    fail(one.quota, 1);
    fail(two.quota, 2);
    expect(standing(2).circuit).toMatchObject({ state: 'closed', failures: 2, opens_at_failures: 3 });
    fail(one.quota, 3);
    expect(standing(10).circuit).toMatchObject({ state: 'open', failures: 3, since: new Date(3).toISOString() });
    one.tables.leave();
    expect(start(wide).quota.reserve('a', ENGINE, 10).circuit).toBe('open');
    expect(standing(1_010).circuit.state).toBe('half-open');
  });

  it('one process tries again, the other waits; a success closes it for both', () => {
    const { start, standing } = openHome();
    const [one, two] = [start(wide), start(wide)];
    for (let i = 0; i < 3; i += 1) fail(one.quota, i);
    const early = two.quota.reserve('b', ENGINE, 1_100);
    const probe = grant(one.quota, 'a', 1_100);
    expect(probe.circuit).toBe('half-open');
    expect(standing(1_100).circuit).toMatchObject({ state: 'half-open', probing: true });
    // It saw the circuit half-open before the other one was granted its try.
    expect(early.begin(1_100)).toMatchObject({ code: 'CIRCUIT_OPEN' });
    early.cancel();
    expect(two.quota.reserve('b', ENGINE, 1_101).circuit).toBe('open');
    probe.end('ok', 1_200);
    expect(two.quota.reserve('b', ENGINE, 1_201).circuit).toBe('closed');
    expect(standing(1_201).circuit).toEqual({ state: 'closed', failures: 0, opens_at_failures: 3 });
  });

  it('a process that ends while it tries again leaves the try to others', () => {
    const { start } = openHome();
    const [one, two] = [start(wide), start(wide)];
    for (let i = 0; i < 3; i += 1) fail(one.quota, i);
    grant(one.quota, 'a', 1_100);
    expect(two.quota.reserve('b', ENGINE, 1_101).circuit).toBe('open');
    one.tables.leave();
    expect(two.quota.reserve('b', ENGINE, 1_102).circuit).toBe('half-open');
  });
});
