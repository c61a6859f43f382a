import type { GateDenial } from '@mex/gates';
import { GrantRefused } from '@mex/runtime';
import { afterEach, describe, expect, it } from 'vitest';
import { CALLER, type Fixture, openFixture, plan } from './fixture.ts';

const DENIAL: GateDenial = {
  gate: 'G-TEST',
  code: 'TEST_GONE',
  kind: 'policy',
  reason: 'It was used meanwhile.',
  severity: 'info',
  remedy: 'Ask again.',
  retryable: true,
};

let fixture: Fixture;
afterEach(() => fixture.dispose());

describe('[§12] what is recorded with a grant', () => {
  it('is on the disk with it, before anything runs', async () => {
    fixture = await openFixture(
      { 'test.ok': 'return {}' },
      {
        atGrant: () => ({
          events: [],
          companion: (db) => db.exec('CREATE TABLE used (id TEXT); INSERT INTO used VALUES (1)'),
        }),
      },
    );
    expect(await fixture.run('test.ok')).toMatchObject({ status: 'succeeded' });
    expect(fixture.recorder.database.prepare('SELECT count(*) AS n FROM used').get()).toEqual({ n: 1 });
  });

  it('is not asked for when a gate denies', async () => {
    let asked = 0;
    const atGrant = () => {
      asked += 1;
      return undefined;
    };
    fixture = await openFixture({ 'test.ok': 'return {}' }, { atGrant });
    expect(await fixture.run('test.none')).toMatchObject({ status: 'denied' });
    expect(asked).toBe(0);
    expect(await fixture.run('test.ok')).toMatchObject({ status: 'succeeded' });
    expect(asked).toBe(1);
  });

  it('refuses the grant when it no longer holds: denied, nothing of it written, the op_id free', async () => {
    let holds = false;
    fixture = await openFixture(
      { 'test.ok': 'return {}' },
      {
        gates: [{ id: 'G-TEST', pre: () => undefined }],
        atGrant: () => ({
          events: [],
          companion: (db) => {
            db.exec('CREATE TABLE IF NOT EXISTS used (id TEXT)');
            if (!holds) throw new GrantRefused(DENIAL);
          },
        }),
      },
    );
    const operation = plan('test.ok');
    expect(await fixture.runtime.execute(operation, { caller: CALLER })).toMatchObject({
      status: 'denied',
      errors: [{ code: 'TEST_GONE', gate: 'G-TEST' }],
    });
    expect(() => fixture.recorder.database.prepare('SELECT * FROM used')).toThrow(/no such table/);
    const [checked] = fixture.recorder.list({ op: operation.op_id, subject: 'operation.checked' });
    expect(checked?.event).toMatchObject({ body: { gates: expect.arrayContaining([{ ...OUTCOME }]) } });
    holds = true;
    expect(await fixture.runtime.execute(operation, { caller: CALLER })).toMatchObject({ status: 'succeeded' });
    expect(await fixture.recorder.verify()).toMatchObject({ ok: true });
  });
});

const OUTCOME = { gate: 'G-TEST', outcome: 'deny', code: 'TEST_GONE', reason: 'It was used meanwhile.' };

describe('[§16] what would become of an operation', () => {
  it('is what the gates say, and neither runs nor records it', async () => {
    fixture = await openFixture({ 'test.ok': 'return {}' });
    const operation = plan('test.ok');
    const before = fixture.recorder.list({ limit: 1_000 }).length;
    const preview = await fixture.runtime.preview(operation, CALLER);
    expect(preview).toMatchObject({ known: 'no', denial: undefined, tier: 'thread' });
    expect(preview.outcomes.map(({ gate }) => gate)).toEqual(preview.gates);
    const denied = await fixture.runtime.preview(plan('test.none'), CALLER);
    expect(denied).toMatchObject({ tier: undefined, denial: { code: 'OPERATION_UNKNOWN' } });
    expect(fixture.recorder.list({ limit: 1_000 })).toHaveLength(before);
    await fixture.runtime.execute(operation, { caller: CALLER });
    expect(await fixture.runtime.preview(operation, CALLER)).toMatchObject({ known: 'ended' });
    expect(await fixture.runtime.preview({ ...operation, budget: { file_writes: 1 } }, CALLER)).toMatchObject({
      known: 'another',
    });
  });

  it('takes no place in the quota', async () => {
    fixture = await openFixture({ 'test.ok': 'return {}' }, { quota: { maxPerMinute: 1, maxConcurrent: 1 } });
    await fixture.runtime.preview(plan('test.ok'), CALLER);
    await fixture.runtime.preview(plan('test.ok'), CALLER);
    expect(await fixture.run('test.ok')).toMatchObject({ status: 'succeeded' });
    expect(await fixture.runtime.preview(plan('test.ok'), CALLER)).toMatchObject({
      denial: { code: 'QUOTA_EXCEEDED' },
    });
  });

  it('is told of input that is no operation as execute tells it', async () => {
    fixture = await openFixture({ 'test.ok': 'return {}' });
    await expect(fixture.runtime.preview('{', CALLER)).rejects.toMatchObject({ kind: 'validation' });
  });
});
