import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256Hex } from '@mex/envelope/digest';
import {
  type ApprovalRule,
  DEFAULT_GOVERNANCE,
  DEFAULT_POLICY,
  type GovernancePolicy,
  type Host,
  openHost,
} from '@mex/host';
import type { ChangeSet } from '@mex/runs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const ADA = { id: 'os:ada', kind: 'human' } as const;
const BOB = { id: 'os:bob', kind: 'human' } as const;
const PLANNER = { id: 'app:planner', kind: 'agent' } as const;
const OVERRIDE: ApprovalRule = {
  when: { operation: 'change_set.apply' },
  gateType: 'ChangeBudgetOverride',
  approvals: 1,
  approvers: ['os:ada'],
  reason: 'It is over its change budget.',
};

let directory: string;
let workspace: string;
let host: Host;

const reopen = async (governance: Partial<GovernancePolicy>): Promise<void> => {
  await host?.close();
  const policy = { ...DEFAULT_POLICY, governance: { ...DEFAULT_GOVERNANCE, ...governance } };
  host = await openHost({ home: join(directory, 'home'), policy, caller: PLANNER });
};

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'mex-host-change-'));
  workspace = join(directory, 'workspace');
  mkdirSync(workspace);
  for (const name of ['a', 'b']) writeFileSync(join(workspace, name), 'one\n');
});
afterEach(async () => {
  await host.close();
  rmSync(directory, { recursive: true, force: true });
});

/** Rewrites both files; one of them is more than the budget of the run. */
const tooMuch = async (text = 'two\n'): Promise<ChangeSet> => {
  const after = await host.artifacts.put(Buffer.from(text), { kind: 'file', mime: 'text/plain', created_by: {} });
  const before_sha256 = sha256Hex('one\n');
  return { schema_version: 'mex.change_set@1.0', entries: ['a', 'b'].map((path) => ({ path, before_sha256, after })) };
};
const openRun = async (): Promise<string> =>
  (await host.openRun({ workspace, changeBudget: { max_files_changed: 1 } })).definition.run_id;
const code = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'done',
    (error: { code?: string }) => String(error.code),
  );
const waiting = () => new Map(host.approvals.list().map((one) => [one.gate_type, one.approval_id]));
const eventsOf = (type: NonNullable<NonNullable<Parameters<Host['recorder']['list']>[0]>['type']>) =>
  host.recorder.list({ type }).map(({ event }) => event);

describe('[§12] the change budget', () => {
  it('is a denial as long as policy names nobody who may allow more', async () => {
    await reopen({ automationLevel: 'AUTONOMOUS' });
    expect(await code(host.runs.apply(await openRun(), await tooMuch(), PLANNER))).toBe(
      'POLICY_CHANGE_BUDGET_EXCEEDED',
    );
    expect(host.approvals.list()).toEqual([]);
  });

  it('a change set counts among the requests that may wait', async () => {
    await reopen({ maxPending: 1 });
    const { definition } = await host.openRun({ workspace });
    expect(await code(host.runs.apply(definition.run_id, await tooMuch(), PLANNER))).toBe('APPROVAL_REQUIRED');
    expect(await code(host.runs.apply(definition.run_id, await tooMuch('three\n'), PLANNER))).toBe('APPROVAL_LIMIT');
    expect(host.approvals.list()).toHaveLength(1);
  });

  it('a change set in a run that is stricter than policy is decided at the level of the run', async () => {
    const ScopeChange = { FULL_HUMAN: 'human', HYBRID: 'human', AUTONOMOUS: 'auto' } as const;
    await reopen({ automationLevel: 'AUTONOMOUS', table: { ...DEFAULT_GOVERNANCE.table, ScopeChange } });
    const runAt = async (automationLevel: string) =>
      (await host.openRun({ workspace, automationLevel })).definition.run_id;
    const set = await tooMuch();
    expect(await code(host.runs.apply(await runAt('LOCKED'), set, PLANNER))).toBe('GOVERNANCE_LOCKED');
    expect(host.approvals.list()).toEqual([]);
    expect(await code(host.runs.apply(await runAt('HYBRID'), set, PLANNER))).toBe('APPROVAL_REQUIRED');
    expect(await code(host.runs.apply(await runAt('AUTONOMOUS'), set, PLANNER))).toBe('done');
  });

  it('with a rule for ChangeBudgetOverride both are asked: whether so much, and whether this', async () => {
    await reopen({ approvals: [OVERRIDE] });
    const run = await openRun();
    const set = await tooMuch();
    const refused = host.runs.apply(run, set, PLANNER);
    await expect(refused).rejects.toMatchObject({
      code: 'APPROVAL_REQUIRED',
      message: expect.stringContaining('both'),
    });
    expect([...waiting().keys()].toSorted()).toEqual(['ChangeBudgetOverride', 'ScopeChange']);
    const override = waiting().get('ChangeBudgetOverride') ?? '';
    expect(host.approvals.show(override).held).toMatchObject({
      over_budget: expect.stringContaining('2 files'),
      change_budget: { max_files_changed: 1 },
    });
    expect(await code(host.approvals.approve(override, BOB))).toBe('GOVERNANCE_NOT_AN_APPROVER');
    await host.approvals.approve(waiting().get('ScopeChange') ?? '', BOB);
    expect(await code(host.runs.apply(run, set, PLANNER))).toBe('APPROVAL_REQUIRED');
    await host.approvals.approve(override, ADA);
    expect(await code(host.runs.apply(run, await tooMuch('three\n'), PLANNER))).toBe('APPROVAL_REQUIRED');
    expect(readFileSync(join(workspace, 'a'), 'utf8')).toBe('one\n');
    expect(await host.runs.apply(run, set, PLANNER)).toMatchObject({
      files: 2,
      warnings: ['POLICY_CHANGE_BUDGET_EXCEEDED'],
    });
    expect(
      eventsOf('gov_decision_applied')
        .map((event) => String(Reflect.get(event, 'gate_type')))
        .toSorted(),
    ).toEqual(['ChangeBudgetOverride', 'ScopeChange']);
    await host.runs.rollback(run, PLANNER);
    expect(await code(host.runs.apply(run, set, PLANNER))).toBe('APPROVAL_REQUIRED');
  });

  it('an override that signs itself does not take the place of the person who lets the change be applied', async () => {
    const auto = { FULL_HUMAN: 'human', HYBRID: 'auto', AUTONOMOUS: 'auto' } as const;
    const table = { ...DEFAULT_GOVERNANCE.table, ChangeBudgetOverride: auto };
    await reopen({ approvals: [OVERRIDE], automationLevel: 'HYBRID', table });
    expect(await code(host.runs.apply(await openRun(), await tooMuch(), PLANNER))).toBe('APPROVAL_REQUIRED');
    expect([...waiting().keys()]).toEqual(['ScopeChange']);
  });

  it('a rejected override is no', async () => {
    await reopen({ approvals: [OVERRIDE] });
    const run = await openRun();
    const set = await tooMuch();
    await code(host.runs.apply(run, set, PLANNER));
    await host.approvals.reject(waiting().get('ChangeBudgetOverride') ?? '', ADA);
    expect(await code(host.runs.apply(run, set, PLANNER))).toBe('APPROVAL_REJECTED');
  });
});

it('[§12] LOCKED asks nobody about a change set, and what it decided is in the log under the id it names', async () => {
  await reopen({ automationLevel: 'LOCKED' });
  const { definition } = await host.openRun({ workspace });
  const refused = await host.runs.apply(definition.run_id, await tooMuch(), PLANNER).catch((error: unknown) => error);
  expect(refused).toMatchObject({ code: 'GOVERNANCE_LOCKED' });
  const [created] = eventsOf('gov_decision_created');
  expect(created).toMatchObject({ gate_type: 'ScopeChange', decision: 'defer', automation_level: 'LOCKED' });
  expect(String(Reflect.get(Object(refused), 'message'))).toContain(
    String(Reflect.get(Object(created), 'decision_id')),
  );
  expect(eventsOf('gov_human_intervention_requested')).toEqual([]);
  expect(host.approvals.list()).toEqual([]);
});

it('[§12] whoever approves is told of what is not shown, file by file and in all', async () => {
  await reopen({});
  const after = await host.artifacts.put(Buffer.from('x\n'.repeat(80)), {
    kind: 'file',
    mime: 'text/plain',
    created_by: {},
  });
  const entries = Array.from({ length: 600 }, (_, at) => ({ path: `new/${1_000 + at}`, before_sha256: null, after }));
  const { definition } = await host.openRun({ workspace, changeBudget: { max_files_changed: 1_000 } });
  const set: ChangeSet = { schema_version: 'mex.change_set@1.0', entries };
  expect(await code(host.runs.apply(definition.run_id, set, PLANNER))).toBe('APPROVAL_REQUIRED');
  const held = host.approvals.show(waiting().get('ScopeChange') ?? '').held;
  expect(held).toMatchObject({ paths: 601, paths_not_shown: 101 });
  const changes = Object.values(Object(held).changes as { diff: string[]; lines: number }[]);
  expect(changes).toHaveLength(500);
  for (const { diff, lines } of changes) {
    if (lines === 0) continue;
    expect(diff.length === 1 ? diff[0] : diff.at(-1)).toMatch(/not shown|more lines with \+/);
  }
});
