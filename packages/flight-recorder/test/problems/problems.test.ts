import { CHECKERS } from '@mex/envelope';
import { problemFingerprint } from '@mex/envelope/digest';
import { describe, expect, it } from 'vitest';
import { event, openAt, PROBLEM_BASE, place, rejection, report, START, SYSTEM, uuid } from '../support/samples.ts';

const later = (ms: number) => ({ ...PROBLEM_BASE, timestamp: new Date(START + ms).toISOString() });

describe('problems', () => {
  it('[§11] are grouped by fingerprint with count, first and last seen', async () => {
    const { file, signer } = place();
    const recorder = openAt({ file, signer });
    const first = await recorder.problems.report(report(1), PROBLEM_BASE);
    const other = await recorder.problems.report(report(2), later(5));
    const again = await recorder.problems.report(report(1, { message: 'Seen again.' }), later(10));
    expect(CHECKERS.problem.check(first)).toBe(true);
    expect(first).toMatchObject({ fingerprint: problemFingerprint(report(1)), status: 'open', count: 1 });
    expect(again).toEqual({ ...first, message: 'Seen again.', count: 2, last_seen: later(10).timestamp });
    expect(recorder.problems.get(first.id)).toEqual(again);
    expect(recorder.problems.list().map(({ id }) => id)).toEqual([first.id, other.id]);
  });

  it('[§11] each report is an FR-EVT-003 event with the id of its problem', async () => {
    const { file, signer } = place();
    const recorder = openAt({ file, signer });
    const base = { ...PROBLEM_BASE, activity_span_id: uuid('op'), session_span_id: uuid('run') };
    const problem = await recorder.problems.report(report(1), base);
    expect(recorder.list({ op: uuid('op') })[0]?.event).toMatchObject({
      type: 'diagnostic',
      diagnostic_id: problem.id,
      severity: 'warning',
      source: 'gates',
    });
  });

  it('[§11] a resolved problem that is reported again is open; a muted one stays muted and counts', async () => {
    const { file, signer } = place();
    const recorder = openAt({ file, signer });
    const { id } = await recorder.problems.report(report(1), PROBLEM_BASE);
    expect((await recorder.problems.setStatus(id, 'resolved', SYSTEM)).status).toBe('resolved');
    expect((await recorder.problems.report(report(1), PROBLEM_BASE)).status).toBe('open');
    await recorder.problems.setStatus(id, 'muted', SYSTEM);
    expect(await recorder.problems.report(report(1), PROBLEM_BASE)).toMatchObject({ status: 'muted', count: 3 });
    await recorder.problems.setStatus(id, 'muted', SYSTEM);
    const changes = recorder.list({ subject: 'problem.status_changed' }).map((one) => one.event);
    expect(changes).toMatchObject([
      { body: { diagnostic_id: id, from: 'open', to: 'resolved' }, actor: SYSTEM },
      { body: { diagnostic_id: id, from: 'open', to: 'muted' } },
    ]);
    expect((await recorder.verify()).problems).toEqual([]);
  });

  it('are filtered by status and severity', async () => {
    const { file, signer } = place();
    const recorder = openAt({ file, signer });
    const fatal = await recorder.problems.report(report(1, { severity: 'fatal' }), PROBLEM_BASE);
    const muted = await recorder.problems.report(report(2), PROBLEM_BASE);
    await recorder.problems.setStatus(muted.id, 'muted', SYSTEM);
    const ids = (filter: Parameters<typeof recorder.problems.list>[0]): string[] =>
      recorder.problems.list(filter).map(({ id }) => id);
    expect(ids({ severity: 'fatal' })).toEqual([fatal.id]);
    expect(ids({ status: 'muted' })).toEqual([muted.id]);
    expect(ids({ status: 'muted', severity: 'fatal' })).toEqual([]);
    expect(ids({ limit: 1 })).toHaveLength(1);
  });

  it('[§9] their texts are masked, and the fingerprint is taken afterwards', async () => {
    const { file, signer } = place();
    const recorder = openAt({ file, signer });
    const token = `ghp_${'a1B2c3D4e5F6g7H8i9J0'.repeat(2).slice(0, 36)}`;
    const problem = await recorder.problems.report(
      report(1, { title: `Found ${token}`, message: token }),
      PROBLEM_BASE,
    );
    expect(problem.title).toBe('Found ***REDACTED***');
    expect(JSON.stringify(recorder.problems.list())).not.toContain(token);
    expect(problem.fingerprint).toBe(problemFingerprint(report(1, { title: 'Found ***REDACTED***' })));
  });

  it('a draft is recorded together with other events, or not at all', async () => {
    const { file, signer } = place();
    const recorder = openAt({ file, signer });
    const draft = recorder.problems.draft(report(1), PROBLEM_BASE);
    await rejection(
      recorder.append([event(0), draft.event], (db) => {
        draft.write(db);
        throw new Error('no');
      }),
    );
    expect([recorder.size(), recorder.problems.list().length]).toEqual([0, 0]);
    await recorder.append([event(0), draft.event], (db) => void draft.write(db));
    expect([recorder.size(), recorder.problems.list().length]).toEqual([2, 1]);
    expect((await recorder.verify()).ok).toBe(true);
  });

  it('bad reports, unknown ids and lost races have codes', async () => {
    const { file, signer } = place();
    const recorder = openAt({ file, signer });
    const bad = { ...report(1), severity: 'awful' } as unknown as ReturnType<typeof report>;
    expect(await rejection(recorder.problems.report(bad, PROBLEM_BASE))).toMatchObject({ code: 'PROBLEM_INVALID' });
    expect(await rejection(recorder.problems.setStatus(uuid('x'), 'muted', SYSTEM))).toMatchObject({
      code: 'PROBLEM_UNKNOWN',
    });
    expect(recorder.problems.get('x')).toBeUndefined();
    const { id } = await recorder.problems.report(report(1), PROBLEM_BASE);
    const race = await Promise.allSettled([
      recorder.problems.setStatus(id, 'muted', SYSTEM),
      recorder.problems.setStatus(id, 'resolved', SYSTEM),
    ]);
    expect(race).toMatchObject([{ status: 'fulfilled' }, { status: 'rejected', reason: { code: 'PROBLEM_CHANGED' } }]);
    expect((await recorder.verify()).problems).toEqual([]);
  });

  it('thousands of reports in one turn share one transaction', async () => {
    const { file, signer } = place();
    const recorder = openAt({ file, signer });
    const reports = Array.from({ length: 3_000 }, (_, n) => recorder.problems.report(report(n % 1_500), PROBLEM_BASE));
    const problems = await Promise.all(reports);
    expect(new Set(problems.map(({ id }) => id)).size).toBe(1_500);
    expect(problems.at(-1)).toMatchObject({ count: 2 });
    expect(await recorder.verify()).toMatchObject({ ok: true, size: 3_000 });
  });
});
