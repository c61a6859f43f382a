import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PlannedOperation } from '@mex/envelope';
import { DEFAULT_GOVERNANCE, type Host, openHost, type Policy } from '@mex/host';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HOST_CAPABILITY, PROBE, PROBE_POLICY, writeProbe } from './probe-engine.ts';

const ADA = { id: 'os:ada', kind: 'human' } as const;
const GOVERNANCE = {
  ...DEFAULT_GOVERNANCE,
  approvals: [
    { when: { operation: 'other.run' }, gateType: 'CapabilityUse', approvals: 1, approvers: [], reason: 'Not this.' },
    { when: { engine: PROBE }, gateType: 'CapabilityUse', approvals: 1, approvers: [], reason: 'Probing.' },
  ],
};

let home: string;
let host: Host;
const reopen = async (over: Partial<Policy> = {}): Promise<void> => {
  await host?.close();
  host = await openHost({ home, engines: [writeProbe(home)], caller: ADA, policy: { ...PROBE_POLICY, ...over } });
};
beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'mex-explain-'));
  await reopen();
});
afterEach(async () => {
  await host.close();
  rmSync(home, { recursive: true, force: true });
});
const plan = (over: Partial<PlannedOperation> = {}): PlannedOperation => ({
  ...host.plan({ engineId: PROBE, operation: 'probe.run', capabilities: ['fs.read:inputs'] }),
  ...over,
});
const size = (): number => host.recorder.list({ limit: 1_000 }).length;

describe('[§16] what would happen to an operation', () => {
  it('that may run: every gate passes, the tier is there, and nothing is recorded', async () => {
    const operation = plan();
    const before = size();
    const explained = await host.explain(operation);
    expect(explained).toMatchObject({
      verdict: 'allowed',
      op_id: operation.op_id,
      engine_version: '1.0.0',
      caller: ADA,
      profile: { id: 'Analyst' },
      capabilities: [{ capability_id: 'fs.read:inputs', allowed: true, why: 'profile Analyst includes it' }],
      tier: { asked: 'thread', state: 'available' },
      approval: null,
    });
    expect(explained.gates.every(({ outcome }) => outcome === 'pass')).toBe(true);
    expect(size()).toBe(before);
    expect((await host.execute(operation)).status).toBe('succeeded');
    expect((await host.explain(operation)).verdict).toBe('answered');
    expect(await host.explain({ ...operation, budget: { file_writes: 1 } })).toMatchObject({
      verdict: 'denied',
      reason: { code: 'OPERATION_ID_REUSED' },
    });
  });

  it('says of each capability what decides it, not only of the first that is denied', async () => {
    const asked = plan({ capabilities_requested: ['fs.fly', HOST_CAPABILITY, 'gpu.compute'] });
    const explained = await host.explain(asked);
    expect(explained.reason).toMatchObject({ code: 'HSK-4001', gate: 'G-CAP' });
    expect(explained.capabilities.map(({ code }) => code)).toEqual([
      'HSK-4001',
      'CAPABILITY_NEEDS_CONSENT',
      'CAPABILITY_NOT_DECLARED',
    ]);
    expect(explained.tier).toEqual({ asked: 'thread', state: 'not_tried' });
    expect(explained.gates.find(({ gate }) => gate === 'G-DET')).toEqual({ gate: 'G-DET', outcome: 'not_asked' });
    const consent = await host.consents.allow({ actorId: ADA.id, capabilityId: HOST_CAPABILITY }, ADA);
    const named = plan({
      capabilities_requested: [HOST_CAPABILITY],
      context: { consent_refs: [consent.consent_id] },
    });
    expect((await host.explain(named)).capabilities).toMatchObject([
      { allowed: true, consent_id: consent.consent_id, valid_until: consent.valid_until },
    ]);
  });

  it('shows the budget after ceilings, and who set them', async () => {
    await reopen({ ceilings: { file_writes: 3 } });
    const explained = await host.explain(plan({ budget: { file_writes: 5 } }));
    expect(explained.reason?.code).toBe('BUDGET_OVER_CEILING');
    expect(explained.budget.find(({ field }) => field === 'file_writes')).toEqual({
      field: 'file_writes',
      value: 5,
      from: 'operation',
      ceiling: 3,
      ceiling_from: 'policy',
      over: true,
    });
  });

  it('that would wait for a person: which rule, and in what state; asking changes nothing', async () => {
    await reopen({ governance: GOVERNANCE });
    const operation = plan();
    const before = size();
    const explained = await host.explain(operation);
    expect(explained).toMatchObject({
      verdict: 'held',
      // Nobody was asked: there is no id that a person could look up.
      reason: { code: 'APPROVAL_REQUIRED', gate: 'G-APPROVAL', remedy: expect.stringContaining('mex approvals list') },
      approval: { rule: 1, reason: 'Probing.', state: 'would_ask', automation_level: 'FULL_HUMAN' },
    });
    expect([size(), host.approvals.list()]).toEqual([before, []]);
    await host.execute(operation);
    const id = host.approvals.list()[0]?.approval_id ?? '';
    expect((await host.explain(operation)).approval).toMatchObject({ state: 'pending', approval_id: id });
    await host.approvals.approve(id, ADA);
    expect(await host.explain(operation)).toMatchObject({ verdict: 'allowed', approval: { state: 'approved' } });
    expect(host.approvals.show(id).uses).toEqual([]);
    expect((await host.execute(operation)).status).toBe('succeeded');
    await reopen({ governance: { ...GOVERNANCE, automationLevel: 'LOCKED' } });
    expect(await host.explain(plan())).toMatchObject({ verdict: 'denied', approval: { state: 'locked' } });
  });

  it('that asks for a tier which is not there', async () => {
    await reopen({ tiers: { engines: {}, trusted: 'wasm', untrusted: 'wasm' } });
    expect(await host.explain(plan())).toMatchObject({
      verdict: 'denied',
      reason: { code: 'SANDBOX_TIER_UNAVAILABLE' },
      tier: { asked: 'wasm', state: 'unavailable' },
    });
  });

  it('says the same as execution, whatever is sent', async () => {
    await reopen({ governance: GOVERNANCE, ceilings: { file_writes: 3 } });
    const sent: Partial<PlannedOperation>[] = [
      {},
      { engine_id: 'engine.none.such' },
      { operation: 'probe.none' },
      { params: { unknown: 1 } },
      { capabilities_requested: [HOST_CAPABILITY] },
      { budget: { file_writes: 9 } },
      { determinism: 'D1' },
      { context: { actor: { kind: 'human', id: 'os:eve' } } },
      { context: { capability_profile_id: 'Root' } },
    ];
    for (const over of sent) {
      const operation = plan(over);
      const { reason } = await host.explain(operation);
      const { errors } = await host.execute(operation);
      expect([reason?.code, reason?.gate]).toEqual([errors[0]?.code, errors[0]?.gate]);
    }
    await expect(host.explain({ nothing: true })).rejects.toMatchObject({ kind: 'validation' });
  });
});
