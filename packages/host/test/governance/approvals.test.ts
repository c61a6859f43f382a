import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EngineResult, PlannedOperation } from '@mex/envelope';
import {
  type ApprovalRule,
  DEFAULT_GOVERNANCE,
  DEFAULT_POLICY,
  type GovernancePolicy,
  type Host,
  openHost,
} from '@mex/host';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PROBE, writeProbe } from './probe-engine.ts';

const ADA = { id: 'os:ada', kind: 'human' } as const;
const BOB = { id: 'os:bob', kind: 'human' } as const;
const PLANNER = { id: 'app:planner', kind: 'agent' } as const;

const RULE: ApprovalRule = {
  when: { engine: 'engine.test.*' },
  gateType: 'CapabilityUse',
  approvals: 1,
  approvers: [],
  reason: 'Probing wants a person.',
};

let home: string;
let host: Host;
const open = (over: Partial<GovernancePolicy> = {}, rule: Partial<ApprovalRule> = {}): Promise<Host> => {
  const governance = { ...DEFAULT_GOVERNANCE, approvals: [{ ...RULE, ...rule }], ...over };
  return openHost({ home, engines: [writeProbe(home)], policy: { ...DEFAULT_POLICY, governance }, caller: PLANNER });
};
const reopen = async (...args: Parameters<typeof open>): Promise<void> => {
  await host.close();
  host = await open(...args);
};

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'mex-approvals-'));
  host = await open();
});
afterEach(async () => {
  await host.close();
  rmSync(home, { recursive: true, force: true });
});

const plan = (text = 'a', context: PlannedOperation['context'] = {}): PlannedOperation =>
  host.plan({ engineId: PROBE, operation: 'probe.run', params: { text }, capabilities: ['fs.read:inputs'], context });
const outcome = ({ status, errors }: EngineResult): string => errors[0]?.code ?? status;
const send = async (operation: object): Promise<string> => outcome(await host.execute(operation));
const openIds = (): string[] => host.approvals.list().map(({ approval_id }) => approval_id);
const onlyId = (): string => {
  const [id, ...rest] = openIds();
  if (id === undefined || rest.length > 0) throw new Error(`${openIds().length} requests`);
  return id;
};

describe('[§12] an operation that needs a person', () => {
  it('is held, shown whole, approved, and runs when it is sent again', async () => {
    const operation = plan();
    const held = await host.execute(operation);
    expect(outcome(held)).toBe('APPROVAL_REQUIRED');
    const id = onlyId();
    expect(held.errors[0]?.message).toContain(id);
    expect(host.approvals.show(id)).toMatchObject({
      state: 'pending',
      actor_id: PLANNER.id,
      engine_id: PROBE,
      operation: 'probe.run',
      reason: RULE.reason,
      held: { operation: { ...operation }, engine: { version: '1.0.0' } },
    });
    await host.approvals.approve(id, ADA);
    expect(await send(operation)).toBe('succeeded');
    expect(host.approvals.show(id)).toMatchObject({ state: 'approved', uses: [operation.op_id] });
    const types = host.recorder.list({ op: id }).map(({ event }) => event.type);
    expect(types).toEqual([
      'gov_decision_created',
      'gov_human_intervention_requested',
      'gov_human_intervention_received',
      'gov_decision_applied',
    ]);
  });

  it('waits through a restart, and its approval does too', async () => {
    const operation = plan();
    await send(operation);
    await reopen();
    const id = onlyId();
    await host.approvals.approve(id, ADA);
    await reopen();
    expect(await send(operation)).toBe('succeeded');
    expect(await host.recorder.verify()).toMatchObject({ ok: true });
  });

  it('is asked about once, however often and however simultaneously it is sent', async () => {
    const sent = await Promise.all([plan(), plan(), plan()].map((operation) => host.execute(operation)));
    const again = await host.execute(plan());
    const id = onlyId();
    for (const result of [...sent, again]) expect(result.errors[0]?.message).toContain(id);
    await send(plan('b'));
    expect(openIds()).toHaveLength(2);
  });

  // A companion that refuses leaves a stale head in the recorder of the other process (LogWriter.#currentHead).
  it('is asked about once by two processes that share a home', async () => {
    const other = await open();
    const sent = await Promise.all([host.execute(plan()), other.execute(plan()), host.execute(plan())]);
    const id = onlyId();
    for (const result of sent) expect(result.errors[0]?.message).toContain(id);
    await other.close();
  });

  it('approved once, runs once: another one of the same kind is asked about again', async () => {
    const first = plan();
    await send(first);
    await host.approvals.approve(onlyId(), ADA);
    const second = plan();
    expect(await Promise.all([send(first), send(second)])).toEqual(['succeeded', 'APPROVAL_REQUIRED']);
    // The recorded result, not a second run.
    expect(await send(first)).toBe('succeeded');
    expect(openIds()).toHaveLength(1);
  });

  it('with scope operation, exactly this again and again; anything else is another one', async () => {
    await send(plan());
    await host.approvals.approve(onlyId(), ADA, { scope: 'operation' });
    expect([await send(plan()), await send(plan())]).toEqual(['succeeded', 'succeeded']);
    expect(await send(plan('b'))).toBe('APPROVAL_REQUIRED');
    expect(await send({ ...plan(), budget: { wall_time_ms: 5_000 } })).toBe('APPROVAL_REQUIRED');
    expect(outcome(await host.execute(plan(), { caller: { id: 'app:other', kind: 'agent' } }))).toBe(
      'APPROVAL_REQUIRED',
    );
  });

  it('with scope run, its kind in this run only', async () => {
    const [run_id, other] = ['00000000-0000-4000-8000-0000000000aa', '00000000-0000-4000-8000-0000000000bb'];
    for (const runId of [run_id, other]) await host.openRun({ runId });
    await send(plan('a', { run_id }));
    await host.approvals.approve(onlyId(), ADA, { scope: 'run' });
    expect(await send(plan('b', { run_id }))).toBe('succeeded');
    expect(await send(plan('c', { run_id: other }))).toBe('APPROVAL_REQUIRED');
    await expect(host.approvals.approve(onlyId(), ADA, { scope: 'capability', until: 1 })).rejects.toMatchObject({
      code: 'GOVERNANCE_TIME_INVALID',
    });
  });

  it('with scope capability, its kind until a time, and until somebody takes it back', async () => {
    await send(plan());
    const id = onlyId();
    await host.approvals.approve(id, ADA, { scope: 'capability' });
    expect(await send(plan('b'))).toBe('succeeded');
    expect(await send({ ...plan('c'), capabilities_requested: [] })).toBe('APPROVAL_REQUIRED');
    await host.approvals.reject(id, BOB);
    expect(await send(plan('d'))).toBe('APPROVAL_REQUIRED');
  });

  it('rejected, is not asked about again', async () => {
    await send(plan());
    await host.approvals.reject(onlyId(), ADA, { reason: 'not on a Friday' });
    expect([await send(plan()), await send(plan())]).toEqual(['APPROVAL_REJECTED', 'APPROVAL_REJECTED']);
    expect(openIds()).toEqual([]);
    expect(host.approvals.list({ all: true })).toMatchObject([{ state: 'rejected' }]);
  });

  it('takes as many approvers as policy says, and those it names', async () => {
    await reopen({}, { approvals: 2, approvers: [ADA.id, BOB.id] });
    const operation = plan();
    await send(operation);
    const id = onlyId();
    await host.approvals.approve(id, ADA);
    expect(await send(operation)).toBe('APPROVAL_REQUIRED');
    const eve = { id: 'os:eve', kind: 'human' } as const;
    await expect(host.approvals.approve(id, eve)).rejects.toMatchObject({ code: 'GOVERNANCE_NOT_AN_APPROVER' });
    await host.approvals.approve(id, BOB);
    expect(await send(operation)).toBe('succeeded');
  });
});

describe('[§12] a policy that became stricter', () => {
  it('wants more than was given before', async () => {
    await send(plan());
    await host.approvals.approve(onlyId(), ADA, { scope: 'operation' });
    await reopen({}, { approvals: 2 });
    expect(await send(plan())).toBe('APPROVAL_REQUIRED');
    const id = onlyId();
    await host.approvals.approve(id, ADA);
    await host.approvals.approve(id, BOB);
    expect(await send(plan())).toBe('succeeded');
    await reopen({}, { approvals: 1, approvers: ['os:eve'] });
    expect(await send(plan())).toBe('APPROVAL_REQUIRED');
  });
});

describe('[§2] nobody approves for themselves', () => {
  it('an agent cannot answer', async () => {
    await send(plan());
    await expect(host.approvals.approve(onlyId(), PLANNER)).rejects.toMatchObject({ code: 'GOVERNANCE_NOT_A_PERSON' });
  });

  it('what the gates deny anyway is not asked about', async () => {
    expect(await send({ ...plan(), capabilities_requested: ['fs.fly'] })).toBe('HSK-4001');
    expect(await send({ ...plan(), params: { unknown: 1 } })).toBe('PARAMS_INVALID');
    expect(openIds()).toEqual([]);
  });

  it('an engine replaced after the approval is another one', async () => {
    const operation = plan();
    await send(operation);
    await host.approvals.approve(onlyId(), ADA, { scope: 'operation' });
    await host.close();
    const handle = writeProbe(home, '/* another */');
    const governance = { ...DEFAULT_GOVERNANCE, approvals: [RULE] };
    host = await openHost({ home, engines: [handle], policy: { ...DEFAULT_POLICY, governance }, caller: PLANNER });
    expect(await send(operation)).toBe('APPROVAL_REQUIRED');
  });

  it('an approval written into the database is none', async () => {
    const operation = plan();
    await send(operation);
    const id = onlyId();
    const forged = JSON.stringify({ userId: ADA.id, verdict: 'approve', scope: 'once', rationale: '', at: 0 });
    await host.recorder.append([], (db) => {
      db.prepare('INSERT INTO governance_answers (decision_id, answer) VALUES (?, ?)').run(id, forged);
      db.exec("UPDATE governance_decisions SET state = 'approved'");
    });
    expect(await send(operation)).toBe('APPROVAL_REQUIRED');
  });

  it('a use that somebody takes out of the database is a use all the same', async () => {
    const operation = plan();
    expect(await send(operation)).toBe('APPROVAL_REQUIRED');
    const used = onlyId();
    await host.approvals.approve(used, ADA);
    expect(await send(operation)).toBe('succeeded');
    const forget = (more = '') =>
      host.recorder.append([], (db) =>
        db.exec(`DELETE FROM governance_uses; UPDATE governance_decisions SET spent = 0; ${more}`),
      );
    await forget();
    expect(await send(plan())).toBe('APPROVAL_REQUIRED');
    await host.approvals.reject(onlyId(), ADA);
    // Also for the operation that has used it, when its result is taken away as well.
    await forget(
      "DELETE FROM operation_results; DELETE FROM operations; DELETE FROM governance_decisions WHERE state = 'ended'",
    );
    expect(await send(operation)).toBe('APPROVAL_REQUIRED');
    expect(host.approvals.show(used).uses).toEqual([operation.op_id]);
  });

  it('rows that say nothing of sense are nothing, and nobody falls over them', async () => {
    const operation = plan();
    await send(operation);
    for (const subject of ['{', 'null', '[]', '{"decisionId":1}']) {
      await host.recorder.append(
        [],
        (db) => db.prepare('UPDATE governance_decisions SET subject = ?').run(subject) && undefined,
      );
      expect(host.approvals.list({ all: true })).toEqual([]);
      expect(await send(operation)).toBe('APPROVAL_REQUIRED');
    }
  });

  it('shows secrets to nobody', async () => {
    const token = `gh${'p_'}${'a1B2c3D4e5F6'.repeat(3)}`;
    await send(plan(token));
    expect(JSON.stringify(host.approvals.show(onlyId()))).not.toContain(token);
  });

  it('a caller that changes its object while it is looked at changes nothing', async () => {
    await send(plan());
    await host.approvals.approve(onlyId(), ADA);
    const operation = plan();
    const sent = host.execute(operation);
    operation.params['text'] = 'changed';
    const result = await sent;
    expect(outcome(result)).toBe('succeeded');
    expect(await send(operation)).toBe('OPERATION_ID_REUSED');
  });
});

describe('[§12] requests that wait at the same time', () => {
  it('are bounded for each caller: one more is denied as such, and asked of nobody', async () => {
    await reopen({ maxPending: 2 });
    const first = plan('first');
    expect(await send(first)).toBe('APPROVAL_REQUIRED');
    expect(await send(plan('second'))).toBe('APPROVAL_REQUIRED');
    const third = plan('third');
    expect((await host.explain(third)).approval).toMatchObject({ state: 'too_many' });
    const denied = await host.execute(third);
    expect(denied).toMatchObject({ status: 'denied', errors: [{ code: 'APPROVAL_LIMIT', retryable: true }] });
    expect(openIds()).toHaveLength(2);
    // What is in the inbox is found as before, and others are not in the way of each other.
    expect(await send({ ...first, op_id: randomUUID() })).toBe('APPROVAL_REQUIRED');
    expect(outcome(await host.execute(plan('other'), { caller: ADA }))).toBe('APPROVAL_REQUIRED');
    await host.approvals.reject(openIds().at(-1) ?? '', ADA);
    expect(await send(third)).toBe('APPROVAL_REQUIRED');
    expect(openIds()).toHaveLength(3);
  });

  it('are bounded also when they all come at once', async () => {
    await reopen({ maxPending: 2 });
    const sent = await Promise.all(['a', 'b', 'c', 'd', 'e'].map((text) => send(plan(text))));
    expect(openIds()).toHaveLength(2);
    expect(sent.toSorted()).toEqual([...Array(3).fill('APPROVAL_LIMIT'), ...Array(2).fill('APPROVAL_REQUIRED')]);
  });
});

describe('[§12] automation levels', () => {
  it('LOCKED asks nobody: it is recorded and halts, whatever was approved before', async () => {
    const operation = plan();
    await send(operation);
    await host.approvals.approve(onlyId(), ADA, { scope: 'operation' });
    await reopen({ automationLevel: 'LOCKED' });
    const denied = await host.execute(operation);
    expect(outcome(denied)).toBe('GOVERNANCE_LOCKED');
    // However often it is tried meanwhile: what was approved is still found afterwards.
    for (let again = 0; again < 60; again += 1) await host.execute({ ...operation, op_id: randomUUID() });
    expect(openIds()).toEqual([]);
    const [created] = host.recorder.list({ type: 'gov_decision_created', order: 'newest', limit: 1 });
    expect(created?.event).toMatchObject({ automation_level: 'LOCKED', decision: 'defer' });
    await reopen();
    expect(await send(operation)).toBe('succeeded');
  });

  it('a run may be stricter than policy, never looser, and no run has a level nobody knows', async () => {
    const CapabilityUse = { FULL_HUMAN: 'human', HYBRID: 'human', AUTONOMOUS: 'auto' } as const;
    await reopen({ automationLevel: 'AUTONOMOUS', table: { ...DEFAULT_GOVERNANCE.table, CapabilityUse } });
    const inRun = async (automationLevel: string) => {
      const { definition } = await host.openRun({ automationLevel, budget: { max_operations: 9 } });
      return plan('a', { run_id: definition.run_id });
    };
    const locked = await inRun('LOCKED');
    expect(await send(locked)).toBe('GOVERNANCE_LOCKED');
    expect(openIds()).toEqual([]);
    const watched = await inRun('SUPERVISED');
    expect((await host.explain(watched)).approval).toMatchObject({ state: 'would_ask', automation_level: 'HYBRID' });
    expect(await send(watched)).toBe('APPROVAL_REQUIRED');
    await host.approvals.approve(onlyId(), ADA, { scope: 'operation' });
    expect(await send(watched)).toBe('succeeded');
    // What was approved elsewhere does not reach into a locked run either.
    expect(await send({ ...locked, op_id: randomUUID() })).toBe('GOVERNANCE_LOCKED');
    await expect(host.openRun({ automationLevel: 'WHATEVER' })).rejects.toMatchObject({
      code: 'GOVERNANCE_LEVEL_UNKNOWN',
    });

    await reopen({ automationLevel: 'FULL_HUMAN', table: { ...DEFAULT_GOVERNANCE.table, CapabilityUse } });
    const run = await host.openRun({ automationLevel: 'AUTONOMOUS' });
    expect(run.definition.automation_level).toBe('FULL_HUMAN');
  });

  it('AUTONOMOUS signs where the table lets it, with both documents as artifacts', async () => {
    const table = {
      ...DEFAULT_GOVERNANCE.table,
      CapabilityUse: { FULL_HUMAN: 'human', HYBRID: 'human', AUTONOMOUS: 'auto' } as const,
    };
    await reopen({ automationLevel: 'AUTONOMOUS', table });
    expect(await send(plan())).toBe('succeeded');
    const [approval] = host.approvals.list({ all: true });
    const types = host.recorder.list({ op: approval?.approval_id ?? '' }).map(({ event }) => event.type);
    expect(types).toEqual(['gov_decision_created', 'gov_auto_signature_created', 'gov_decision_applied']);
    const [created] = host.recorder.list({ type: 'gov_decision_created' });
    if (created?.event.type !== 'gov_decision_created') throw new Error('no decision');
    const sha256 = created.event.evidence_refs?.find((ref) => ref.startsWith('sha256:'))?.slice('sha256:'.length) ?? '';
    expect(JSON.parse(new TextDecoder().decode(await host.artifacts.get(sha256)))).toMatchObject({
      schema_version: 'hsk.gov_decision@0.4',
      decision: 'approve',
    });
  });
});
