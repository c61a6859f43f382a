import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EngineResult, PlannedOperation } from '@mex/envelope';
import { sha256Hex } from '@mex/envelope/digest';
import { DEFAULT_GOVERNANCE, DEFAULT_POLICY, type Host, openHost, type Policy } from '@mex/host';
import type { ChangeSet } from '@mex/runs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PROBE, writeProbe } from '../governance/probe-engine.ts';

const ADA = { id: 'os:ada', kind: 'human' } as const;
const PLANNER = { id: 'app:planner', kind: 'agent' } as const;
const OTHER = { id: 'app:other', kind: 'agent' } as const;
const WHOLE = {
  max_runtime_s: 600,
  max_operations: 5,
  max_llm_calls: 3,
  max_llm_tokens: 100,
  max_file_writes: 50,
  max_patch_attempts: 5,
};

let directory: string;
let workspace: string;
let host: Host;

const open = (over: Partial<Policy> = {}): Promise<Host> => {
  const home = join(directory, 'home');
  mkdirSync(home, { recursive: true });
  return openHost({ home, engines: [writeProbe(home)], policy: { ...DEFAULT_POLICY, ...over }, caller: PLANNER });
};

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'mex-host-runs-'));
  workspace = join(directory, 'workspace');
  mkdirSync(workspace);
  writeFileSync(join(workspace, 'a.txt'), 'one\n');
  host = await open();
});
afterEach(async () => {
  await host.close();
  rmSync(directory, { recursive: true, force: true });
});

const plan = (run_id: string, text = 'a'): PlannedOperation =>
  host.plan({
    engineId: PROBE,
    operation: 'probe.run',
    params: { text },
    capabilities: ['fs.read:inputs'],
    context: { run_id },
  });
const outcome = ({ status, errors }: EngineResult): string => errors[0]?.code ?? status;
const send = async (run_id: string, caller = PLANNER): Promise<string> =>
  outcome(await host.execute(plan(run_id), { caller }));
const openRun = async (more: Parameters<Host['openRun']>[0] = {}): Promise<string> =>
  (await host.openRun({ workspace, ...more })).definition.run_id;
const rewrite = async (text: string, path = 'a.txt'): Promise<ChangeSet> => ({
  schema_version: 'mex.change_set@1.0',
  entries: [
    {
      path,
      before_sha256: sha256Hex(readFileSync(join(workspace, path))),
      after: await host.artifacts.put(Buffer.from(text), { kind: 'file', mime: 'text/plain', created_by: {} }),
    },
  ],
});
const code = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'done',
    (error: { code?: string }) => String(error.code),
  );
const approveOnly = async (): Promise<string> => {
  const [first, ...rest] = host.approvals.list();
  if (first === undefined || rest.length > 0) throw new Error(`${rest.length + 1} requests`);
  await host.approvals.approve(first.approval_id, ADA);
  return first.approval_id;
};

describe('[§9] runs', () => {
  it('an envelope may name a run of its own only, and only an open one', async () => {
    const run = await openRun();
    expect(await send(run)).toBe('succeeded');
    expect(await send(run, OTHER as never)).toBe('RUN_FOREIGN');
    expect(await send('00000000-0000-4000-8000-000000000000')).toBe('RUN_NOT_FOUND');
    await host.runs.pause(run, ADA, 'lunch');
    expect(await send(run)).toBe('RUN_NOT_OPEN');
    await host.runs.resume(run, ADA);
    expect(await send(run)).toBe('succeeded');
    await host.runs.cancel(run, ADA);
    expect(await send(run)).toBe('RUN_NOT_OPEN');
    expect(await code(host.runs.resume(run, ADA))).toBe('RUN_NOT_OPEN');
    expect(host.runs.show(run)).toMatchObject({ state: 'cancelled', usage: { operations: 2 } });
  });

  it('[§14 F] its operations share one budget, also when they come at once', async () => {
    const run = await openRun({ budget: { ...WHOLE, max_operations: 3 } });
    const outcomes = await Promise.all(Array.from({ length: 6 }, () => send(run)));
    expect(outcomes.toSorted()).toEqual([
      ...Array<string>(3).fill('QUOTA_EXCEEDED'),
      ...Array<string>(3).fill('succeeded'),
    ]);
    expect(host.runs.show(run).usage.operations).toBe(3);
  });

  it('calls of models are charged, recorded as FR-EVT-006, and end it when they are used up', async () => {
    const run = await openRun({ budget: WHOLE });
    const charge = {
      model_id: 'm-1',
      tokens: { input: 40, output: 20 },
      prompt_sha256: sha256Hex('p'),
      response_sha256: sha256Hex('r'),
    };
    await host.runs.charge(run, charge);
    expect(await send(run)).toBe('succeeded');
    await host.runs.charge(run, charge);
    expect(await send(run)).toBe('QUOTA_EXCEEDED');
    expect(host.runs.show(run).usage).toMatchObject({ llm_calls: 2, llm_tokens: 120 });
    expect(host.recorder.list({ run, type: 'llm_inference' })).toHaveLength(2);
  });

  it('survives a restart; a row that was altered counts for nothing', async () => {
    const run = await openRun({ budget: { max_operations: 1 } });
    expect(await send(run)).toBe('succeeded');
    await host.close();
    host = await open();
    expect(await send(run)).toBe('QUOTA_EXCEEDED');
    await host.recorder.append([], (db) =>
      db.exec(`UPDATE runs SET definition = replace(definition, '"max_operations":1', '"max_operations":9')`),
    );
    expect(await send(run)).toBe('RUN_TAMPERED');
    expect(host.runs.list()).toEqual([]);
  });

  it('where policy requires a budget, a run without a whole one is not opened, and no operation runs outside one', async () => {
    await host.close();
    host = await open({ requireRunBudget: true });
    expect(await code(host.openRun({ budget: { max_operations: 1 } }))).toBe('POLICY_BUDGET_MISSING');
    expect(outcome(await host.execute({ ...plan('x'), context: {} }))).toBe('POLICY_BUDGET_MISSING');
    expect(await send(await openRun({ budget: WHOLE }))).toBe('succeeded');
  });
});

describe('[§12] change sets of a run', () => {
  it('wait for a person, are applied once for one approval, and [§14 L] rolled back', async () => {
    const run = await openRun({ budget: WHOLE });
    const set = await rewrite('two\n');
    expect(await code(host.runs.apply(run, set, PLANNER))).toBe('APPROVAL_REQUIRED');
    expect(await code(host.runs.apply(run, set, PLANNER))).toBe('APPROVAL_REQUIRED');
    expect(readFileSync(join(workspace, 'a.txt'), 'utf8')).toBe('one\n');
    const approval = await approveOnly();
    expect(host.approvals.show(approval)).toMatchObject({
      operation: 'change_set.apply',
      held: {
        workspace,
        changed_lines: 2,
        changes: [{ path: 'a.txt', lines: 2, diff: ['@@ line 1', '-one', '+two'] }],
      },
    });
    expect(await host.runs.apply(run, set, PLANNER)).toMatchObject({ files: 1, changedLines: 2 });
    expect(readFileSync(join(workspace, 'a.txt'), 'utf8')).toBe('two\n');
    expect(await host.runs.rollback(run, PLANNER)).toMatchObject({ files: 1 });
    expect(readFileSync(join(workspace, 'a.txt'), 'utf8')).toBe('one\n');
    // The same set fits again, but its approval is spent.
    expect(await code(host.runs.apply(run, set, PLANNER))).toBe('APPROVAL_REQUIRED');
    expect((await host.recorder.verify()).ok).toBe(true);
  });

  it('an approval is good for exactly its change set, run and actor', async () => {
    const run = await openRun({ budget: WHOLE });
    const set = await rewrite('two\n');
    await code(host.runs.apply(run, set, PLANNER));
    await approveOnly();
    expect(await code(host.runs.apply(run, await rewrite('three\n'), PLANNER))).toBe('APPROVAL_REQUIRED');
    expect(await code(host.runs.apply(await openRun(), set, PLANNER))).toBe('APPROVAL_REQUIRED');
    expect(await code(host.runs.apply(run, set, OTHER))).toBe('RUN_FOREIGN');
    expect(await code(host.runs.apply(run, set, PLANNER))).toBe('done');
  });

  it('a rejection stands; LOCKED asks nobody', async () => {
    const run = await openRun({ budget: WHOLE });
    const set = await rewrite('two\n');
    await code(host.runs.apply(run, set, PLANNER));
    await host.approvals.reject(host.approvals.list()[0]?.approval_id ?? '', ADA);
    expect(await code(host.runs.apply(run, set, PLANNER))).toBe('APPROVAL_REJECTED');
    await host.close();
    host = await open({ governance: { ...DEFAULT_GOVERNANCE, automationLevel: 'LOCKED' } });
    expect(await code(host.runs.apply(run, await rewrite('three\n'), PLANNER))).toBe('GOVERNANCE_LOCKED');
    expect(host.approvals.list()).toEqual([]);
  });

  it('attempts and file writes are part of the run budget', async () => {
    const run = await openRun({ budget: { max_patch_attempts: 2, max_file_writes: 0 } });
    expect(await code(host.runs.apply(run, await rewrite('two\n'), PLANNER))).toBe('RUN_BUDGET_EXHAUSTED');
    expect(await code(host.runs.apply(run, await rewrite('two\n'), PLANNER))).toBe('RUN_BUDGET_EXHAUSTED');
    expect(host.runs.show(run).usage.patch_attempts).toBe(2);
    expect(await code(host.runs.apply(run, await rewrite('two\n'), PLANNER))).toBe('RUN_BUDGET_EXHAUSTED');
    expect(host.runs.show(run).usage.patch_attempts).toBe(2);
  });

  it('only a person rolls back over what others have changed', async () => {
    const run = await openRun({ budget: WHOLE });
    const set = await rewrite('two\n');
    await code(host.runs.apply(run, set, PLANNER));
    await approveOnly();
    await host.runs.apply(run, set, PLANNER);
    writeFileSync(join(workspace, 'a.txt'), 'of a person\n');
    expect(await code(host.runs.rollback(run, PLANNER))).toBe('CHANGE_CONFLICT');
    expect(await code(host.runs.rollback(run, PLANNER, { force: true }))).toBe('RUN_FOREIGN');
    expect(await code(host.runs.rollback(run, OTHER))).toBe('RUN_FOREIGN');
    expect(await host.runs.rollback(run, ADA, { force: true })).toMatchObject({ overwritten: ['a.txt'] });
    expect(readFileSync(join(workspace, 'a.txt'), 'utf8')).toBe('one\n');
  });
});
