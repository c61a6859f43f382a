import { type AutoSignature, CHECKERS, type GovernanceDecision } from '@mex/envelope';
import { DEFAULT_TABLE, targetRef, verifyAutoSignature } from '@mex/governance';
import { describe, expect, it } from 'vitest';
import { ADA, ask, BOB, createDesk, DAY, EVE, OTHER_TARGET, PLANNER, sequence, USE } from './desk.ts';

const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'no refusal',
    (error: unknown) => Object(error).code,
  );

describe('[§12] an automatic decision', () => {
  it('[T-GOV-002] has a decision and a signature as documents that match in id, gate type and target', async () => {
    const { store, documents, open } = createDesk();
    const desk = open('HYBRID');
    const { subject, state } = await desk.request(ask());
    expect(state).toBe('approved');
    const kept = [...documents.kept.values()].map((text): unknown => JSON.parse(text));
    const decision = kept.find((one) => CHECKERS.governanceDecision.check(one));
    const signature = kept.find((one) => CHECKERS.autoSignature.check(one));
    const shared = { decision_id: subject.decisionId, gate_type: 'SpecApproval', target_ref: USE.targetRef };
    expect(decision).toMatchObject({ ...shared, decision: 'approve', actor: { kind: 'model', model_id: 'planner-1' } });
    expect(signature).toMatchObject(shared);
    await desk.apply(subject.decisionId, USE);
    expect(sequence(store, subject.decisionId)).toBe('001 003 002');
  });

  it('[T-GOV-001] a run may be stricter than policy, never looser, when it is asked and when it is used', async () => {
    const { open } = createDesk();
    const stricter = await open('AUTONOMOUS').request(ask({ level: 'FULL_HUMAN' }));
    expect(stricter.subject).toMatchObject({ level: 'FULL_HUMAN', outcome: 'human' });
    const looser = await open('FULL_HUMAN').request(ask({ level: 'AUTONOMOUS', targetRef: OTHER_TARGET }));
    expect(looser.subject).toMatchObject({ level: 'FULL_HUMAN', outcome: 'human' });
    const desk = open('AUTONOMOUS');
    const { subject } = await desk.request(ask());
    expect(subject.outcome).toBe('auto');
    await expect(desk.apply(subject.decisionId, { ...USE, level: 'LOCKED' })).rejects.toMatchObject({
      code: 'GOVERNANCE_LOCKED',
    });
    await expect(desk.apply(subject.decisionId, { ...USE, level: 'FULL_HUMAN' })).rejects.toMatchObject({
      code: 'GOVERNANCE_STALE',
    });
    expect((await desk.apply(subject.decisionId, { ...USE, level: 'HYBRID' })).uses).toHaveLength(1);
  });

  it('[T-GOV-003] signs only from the threshold on', async () => {
    const { store, open } = createDesk();
    const desk = open('HYBRID');
    const sure = await desk.request(ask({ confidence: 0.8 }));
    const unsure = await desk.request(ask({ confidence: 0.7999 }));
    expect([sure.state, unsure.state]).toEqual(['approved', 'pending']);
    expect(sequence(store, unsure.subject.decisionId)).toBe('001 004');
  });

  it('[T-GOV-004] never passes cloud escalation, at any level', async () => {
    const cloud = { gateType: 'CloudEscalation', confidence: 1 };
    for (const level of ['FULL_HUMAN', 'HYBRID', 'AUTONOMOUS'] as const) {
      expect((await createDesk().open(level).request(ask(cloud))).state).toBe('pending');
    }
    const { store, open } = createDesk();
    const halted = await open('LOCKED').request(ask(cloud));
    expect(halted).toMatchObject({ state: 'halted', subject: { halted: 'reject' } });
    expect(sequence(store, halted.subject.decisionId)).toBe('001');
  });

  it('no longer counts when policy has become stricter, or a person says no', async () => {
    const { open } = createDesk();
    const one = await open('AUTONOMOUS').request(ask());
    expect(await codeOf(open('FULL_HUMAN').apply(one.subject.decisionId, USE))).toBe('GOVERNANCE_STALE');
    await open('AUTONOMOUS').answer(one.subject.decisionId, ADA, { verdict: 'reject' });
    expect(await codeOf(open('AUTONOMOUS').apply(one.subject.decisionId, USE))).toBe('GOVERNANCE_NOT_APPROVED');
  });

  it.each([
    ['gate_type', 'RefinementSign', 'GOVERNANCE_BINDING_MISMATCH'],
    ['gate_type', 'CloudEscalation', 'GOVERNANCE_GATE_FORBIDDEN'],
    ['target_ref', OTHER_TARGET, 'GOVERNANCE_BINDING_MISMATCH'],
    ['decision_id', '00000000-0000-4000-8000-0000000000ff', 'GOVERNANCE_BINDING_MISMATCH'],
    ['schema_version', 'hsk.auto_signature@0.2', 'GOVERNANCE_DOCUMENT_INVALID'],
    ['actor', { kind: 'model', model_id: 'another' }, 'GOVERNANCE_BINDING_MISMATCH'],
  ])('a signature whose %s is %j is refused with %s', async (member, value, code) => {
    const { documents, open } = createDesk();
    await open('HYBRID').request(ask());
    const [decision, signature] = [...documents.kept.values()].map((text) => JSON.parse(text)) as [
      GovernanceDecision,
      AutoSignature,
    ];
    expect(() => verifyAutoSignature(signature, decision)).not.toThrow();
    expect(() => verifyAutoSignature({ ...signature, [member]: value }, decision)).toThrow(
      expect.objectContaining({ code }),
    );
  });
});

describe('[§12] a decision of people', () => {
  it('[T-GOV-005] leaves every event of its sequence, in order', async () => {
    const { store, open } = createDesk();
    const desk = open('FULL_HUMAN');
    const { subject } = await desk.request(ask({ approvals: 2 }));
    await desk.answer(subject.decisionId, ADA, { verdict: 'approve' });
    await desk.answer(subject.decisionId, BOB, { verdict: 'approve', rationale: 'looks right' });
    await desk.apply(subject.decisionId, USE);
    expect(sequence(store, subject.decisionId)).toBe('001 004 005 005 002');
    const last = store.events(subject.decisionId).at(-2);
    expect(last).toMatchObject({ user_id: 'os:bob', decision: 'approve', actor: { id: 'os:bob', kind: 'human' } });
    for (const level of ['AUTONOMOUS', 'LOCKED'] as const) {
      const other = await open(level).request(ask());
      expect(sequence(store, other.subject.decisionId)).toMatch(/^001/);
    }
  });

  it('takes n of m: one person is one person, and a no ends it', async () => {
    const { open } = createDesk();
    const desk = open('FULL_HUMAN');
    const { subject } = await desk.request(ask({ approvals: 2, approvers: [ADA.id, BOB.id] }));
    const id = subject.decisionId;
    await desk.answer(id, ADA, { verdict: 'approve' });
    expect((await desk.answer(id, ADA, { verdict: 'approve' })).state).toBe('pending');
    expect(await codeOf(desk.answer(id, EVE, { verdict: 'approve' }))).toBe('GOVERNANCE_NOT_AN_APPROVER');
    expect((await desk.answer(id, BOB, { verdict: 'reject' })).state).toBe('rejected');
    expect(await codeOf(desk.answer(id, BOB, { verdict: 'approve' }))).toBe('GOVERNANCE_CLOSED');
    expect(await codeOf(desk.apply(id, USE))).toBe('GOVERNANCE_NOT_APPROVED');
  });

  it('[§2] takes no answer from an agent or a system', async () => {
    const desk = createDesk().open('FULL_HUMAN');
    const { subject } = await desk.request(ask());
    for (const by of [PLANNER, { id: 'app:ci', kind: 'system' } as const]) {
      expect(await codeOf(desk.answer(subject.decisionId, by, { verdict: 'approve' }))).toBe('GOVERNANCE_NOT_A_PERSON');
    }
    expect(desk.view(subject.decisionId).state).toBe('pending');
  });

  it('the narrowest scope that anyone gave counts', async () => {
    const desk = createDesk().open('FULL_HUMAN');
    const { subject } = await desk.request(ask({ approvals: 2 }));
    await desk.answer(subject.decisionId, ADA, { verdict: 'approve', scope: 'operation' });
    await desk.answer(subject.decisionId, BOB, { verdict: 'approve', scope: 'once' });
    await desk.apply(subject.decisionId, USE);
    expect(await codeOf(desk.apply(subject.decisionId, { ...USE, usedBy: 'op-2' }))).toBe('GOVERNANCE_REPLAYED');
  });
});

describe('[§12] what a decision is good for', () => {
  const approved = async (scope: 'once' | 'operation' | 'run', over = {}) => {
    const made = createDesk();
    const desk = made.open('FULL_HUMAN');
    const { subject } = await desk.request(ask(over));
    await desk.answer(subject.decisionId, ADA, { verdict: 'approve', scope });
    return { ...made, desk, id: subject.decisionId };
  };

  it('one use: the same user may come back, nobody else', async () => {
    const { desk, id, store } = await approved('once');
    await desk.apply(id, USE);
    await desk.apply(id, USE);
    expect(await codeOf(desk.apply(id, { ...USE, usedBy: 'op-2' }))).toBe('GOVERNANCE_REPLAYED');
    expect(sequence(store, id)).toBe('001 004 005 002');
  });

  it('exactly its gate type and target; with scope run, its run', async () => {
    const { desk, id } = await approved('run', { runId: 'run-1' });
    expect(await codeOf(desk.apply(id, { ...USE, runId: 'run-1', gateType: 'ScopeChange' }))).toBe(
      'GOVERNANCE_BINDING_MISMATCH',
    );
    expect(await codeOf(desk.apply(id, { ...USE, runId: 'run-1', targetRef: OTHER_TARGET }))).toBe(
      'GOVERNANCE_BINDING_MISMATCH',
    );
    expect(await codeOf(desk.apply(id, USE))).toBe('GOVERNANCE_BINDING_MISMATCH');
    await desk.apply(id, { ...USE, runId: 'run-1' });
    await desk.apply(id, { ...USE, runId: 'run-1', usedBy: 'op-2' });
  });

  it('a wider scope: everything of its kind, and nothing of another', async () => {
    const kindRef = targetRef('kind', 'c'.repeat(64));
    const { desk, id } = await approved('once', { kindRef });
    expect(await codeOf(desk.apply(id, { ...USE, targetRef: OTHER_TARGET, kindRef }))).toBe(
      'GOVERNANCE_BINDING_MISMATCH',
    );
    const wide = await desk.request(ask({ kindRef }));
    await desk.answer(wide.subject.decisionId, ADA, { verdict: 'approve', scope: 'capability' });
    await desk.apply(wide.subject.decisionId, { ...USE, targetRef: OTHER_TARGET, kindRef });
    const other = { ...USE, targetRef: OTHER_TARGET, kindRef: targetRef('kind', 'd'.repeat(64)), usedBy: 'op-2' };
    expect(await codeOf(desk.apply(wide.subject.decisionId, other))).toBe('GOVERNANCE_BINDING_MISMATCH');
  });

  it('the time its approver named, also beyond that of the request', async () => {
    const { open, clock } = createDesk();
    const desk = open('FULL_HUMAN');
    const { subject } = await desk.request(ask({ approvals: 2 }));
    const id = subject.decisionId;
    await desk.answer(id, ADA, { verdict: 'approve', scope: 'operation', until: clock.now + 3 * DAY });
    const after = await desk.answer(id, BOB, { verdict: 'approve', scope: 'operation', until: clock.now + 2 * DAY });
    expect(after).toMatchObject({ state: 'approved', scope: 'operation' });
    clock.now += 2 * DAY - 1;
    await desk.apply(id, USE);
    clock.now += 1;
    expect(await codeOf(desk.apply(id, USE))).toBe('GOVERNANCE_STALE');
    for (const until of [clock.now, clock.now + 31 * DAY, Number.NaN, 1.5]) {
      const fresh = await desk.request(ask());
      expect(await codeOf(desk.answer(fresh.subject.decisionId, ADA, { verdict: 'approve', until }))).toBe(
        'GOVERNANCE_TIME_INVALID',
      );
    }
  });

  it('its time, neither answered nor applied afterwards', async () => {
    const { desk, id, clock } = await approved('operation');
    clock.now += DAY;
    expect(await codeOf(desk.apply(id, USE))).toBe('GOVERNANCE_STALE');
    const late = await desk.request(ask());
    clock.now += DAY;
    expect(await codeOf(desk.answer(late.subject.decisionId, ADA, { verdict: 'approve' }))).toBe('GOVERNANCE_CLOSED');
  });

  it('this home: a foreign decision is unknown', async () => {
    const { id } = await approved('once');
    expect(await codeOf(createDesk().open('FULL_HUMAN').apply(id, USE))).toBe('GOVERNANCE_FOREIGN');
  });

  it('nothing under LOCKED, also when it was approved before', async () => {
    const { open, id } = await approved('once');
    expect(await codeOf(open('LOCKED').apply(id, USE))).toBe('GOVERNANCE_LOCKED');
  });

  it('nothing when its rows, its documents or its answers are not what the log has', async () => {
    const first = await approved('once');
    const row = first.store.rows.get(first.id);
    if (row === undefined) throw new Error('no row');
    row.subject = { ...row.subject, targetRef: OTHER_TARGET };
    expect(await codeOf(first.desk.apply(first.id, { ...USE, targetRef: OTHER_TARGET }))).toBe('GOVERNANCE_ALTERED');

    const second = createDesk();
    const pending = await second.open('FULL_HUMAN').request(ask());
    const forged = { userId: ADA.id, verdict: 'approve', scope: 'once', rationale: '', at: 0 } as const;
    second.store.rows.get(pending.subject.decisionId)?.answers.push(forged);
    expect(await codeOf(second.open('FULL_HUMAN').apply(pending.subject.decisionId, USE))).toBe(
      'GOVERNANCE_NOT_APPROVED',
    );

    const third = createDesk();
    const auto = await third.open('HYBRID').request(ask());
    for (const sha256 of third.documents.kept.keys()) third.documents.kept.set(sha256, '{}');
    expect(await codeOf(third.open('HYBRID').apply(auto.subject.decisionId, USE))).toBe('GOVERNANCE_DOCUMENT_INVALID');
  });

  it('needs a target with a digest', async () => {
    const desk = createDesk().open('HYBRID', DEFAULT_TABLE);
    for (const ref of ['operation', 'operation@sha256:abc', `a b@sha256:${'a'.repeat(64)}`]) {
      expect(await codeOf(desk.request(ask({ targetRef: ref })))).toBe('GOVERNANCE_TARGET_INVALID');
    }
    expect(() => targetRef('a b', 'a'.repeat(64))).toThrow(RangeError);
  });
});
