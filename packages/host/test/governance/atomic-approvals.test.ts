import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EngineResult, FlightEventType, PlannedOperation } from '@mex/envelope';
import type { Gate } from '@mex/gates';
import { DEFAULT_GOVERNANCE, DEFAULT_POLICY, type GovernancePolicy, type Host, openHost, type Policy } from '@mex/host';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HOST_CAPABILITY, PROBE, PROBE_POLICY, writeProbe } from './probe-engine.ts';

const ADA = { id: 'os:ada', kind: 'human' } as const;
const PLANNER = { id: 'app:planner', kind: 'agent' } as const;
const AUTO: Partial<GovernancePolicy> = {
  automationLevel: 'AUTONOMOUS',
  table: { ...DEFAULT_GOVERNANCE.table, CapabilityUse: { FULL_HUMAN: 'human', HYBRID: 'human', AUTONOMOUS: 'auto' } },
};

let home: string;
let host: Host;
const open = (
  governance: Partial<GovernancePolicy> = {},
  policy: Partial<Policy> = {},
  gates: Gate[] = [],
): Promise<Host> =>
  openHost({
    home,
    engines: [writeProbe(home)],
    caller: PLANNER,
    gates,
    policy: {
      ...DEFAULT_POLICY,
      ...policy,
      governance: {
        ...DEFAULT_GOVERNANCE,
        approvals: [
          { when: { engine: PROBE }, gateType: 'CapabilityUse', approvals: 1, approvers: [], reason: 'Probing.' },
        ],
        ...governance,
      },
    },
  });
const reopen = async (...args: Parameters<typeof open>): Promise<void> => {
  await host.close();
  host = await open(...args);
};
beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'mex-atomic-'));
  host = await open();
});
afterEach(async () => {
  await host.close();
  rmSync(home, { recursive: true, force: true });
});

const plan = (): PlannedOperation =>
  host.plan({ engineId: PROBE, operation: 'probe.run', params: {}, capabilities: ['fs.read:inputs'] });
const outcome = ({ status, errors }: EngineResult): string => errors[0]?.code ?? status;
const send = async (operation: object): Promise<string> => outcome(await host.execute(operation));
const approved = async (operation: object): Promise<string> => {
  await host.execute(operation);
  const id = host.approvals.list()[0]?.approval_id ?? '';
  await host.approvals.approve(id, ADA);
  return id;
};
const count = (type: FlightEventType): number => host.recorder.list({ type, limit: 1_000 }).length;

describe('[§12] an approval and the grant it is spent on are one transaction', () => {
  it('is not spent when the tier denies after all gates', async () => {
    const operation = plan();
    const id = await approved(operation);
    await reopen({}, { tiers: { engines: {}, trusted: 'wasm', untrusted: 'wasm' } });
    expect(await send({ ...operation, op_id: crypto.randomUUID() })).toBe('SANDBOX_TIER_UNAVAILABLE');
    expect(host.approvals.show(id)).toMatchObject({ state: 'approved', uses: [] });
    await reopen();
    expect(await send(operation)).toBe('succeeded');
    expect(host.approvals.show(id).uses).toEqual([operation.op_id]);
  });

  it('stands in the log beside the grant, and nothing is between them', async () => {
    const operation = plan();
    await approved(operation);
    await send(operation);
    const [applied] = host.recorder.list({ type: 'gov_decision_applied' });
    const checked = host.recorder.list({ op: operation.op_id, subject: 'operation.checked' }).at(-1);
    expect(checked?.seq).toBe((applied?.seq ?? 0) + 1);
  });

  it('taken back between the gates and the grant, lets nothing run', async () => {
    const operation = plan();
    const id = await approved(operation);
    let takenBack: Promise<unknown> | undefined;
    // An added gate is asked before the grant is recorded: the rejection is appended first.
    const gate: Gate = {
      id: 'G-TEST',
      pre: () => {
        takenBack ??= host.approvals.reject(id, ADA);
        return undefined;
      },
    };
    await reopen({}, {}, [gate]);
    const result = await host.execute(operation);
    await takenBack;
    expect(outcome(result)).toBe('APPROVAL_REQUIRED');
    expect(host.approvals.show(id)).toMatchObject({ state: 'rejected', uses: [] });
    expect(count('tool_call')).toBeGreaterThan(0);
    expect(host.recorder.list({ subject: 'engine.run' }).at(-1)?.event).toMatchObject({ body: { status: 'denied' } });
  });

  it('two that want the same one: one runs, the other is asked about', async () => {
    const first = plan();
    await approved(first);
    const second = plan();
    const sent = await Promise.all([first, second].map((operation) => host.execute(operation)));
    expect(sent.map(outcome).toSorted()).toEqual(['APPROVAL_REQUIRED', 'succeeded']);
    const [waiting, ...rest] = host.approvals.list();
    expect(rest).toEqual([]);
    const held = sent.find(({ status }) => status === 'denied');
    expect(held?.errors[0]?.message).toContain(waiting?.approval_id);
    expect(count('gov_decision_applied')).toBe(1);
    expect(await host.recorder.verify()).toMatchObject({ ok: true });
  });

  it('nothing signs itself for what is denied', async () => {
    await reopen(AUTO, { tiers: { engines: {}, trusted: 'wasm', untrusted: 'wasm' } });
    expect(await send(plan())).toBe('SANDBOX_TIER_UNAVAILABLE');
    expect([count('gov_decision_created'), count('gov_auto_signature_created')]).toEqual([0, 0]);
    await reopen(AUTO);
    expect(await send(plan())).toBe('succeeded');
    expect([count('gov_decision_created'), count('gov_decision_applied')]).toEqual([1, 1]);
  });
});

describe('[§7] a consent that comes later', () => {
  it('does not need another op_id', async () => {
    await host.close();
    host = await openHost({ home, engines: [writeProbe(home)], caller: PLANNER, policy: PROBE_POLICY });
    const operation = host.plan({ engineId: PROBE, operation: 'probe.run', capabilities: [HOST_CAPABILITY] });
    expect(await send(operation)).toBe('CAPABILITY_NEEDS_CONSENT');
    const consent = await host.consents.allow({ actorId: PLANNER.id, capabilityId: HOST_CAPABILITY }, ADA);
    expect(await send({ ...operation, context: { consent_refs: [consent.consent_id] } })).toBe('succeeded');
  });
});
