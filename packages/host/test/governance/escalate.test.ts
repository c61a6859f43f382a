import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canonicalBytes, type FlightEvent, parseStrictJson } from '@mex/envelope';
import { sha256Hex } from '@mex/envelope/digest';
import {
  DEFAULT_GOVERNANCE,
  DEFAULT_POLICY,
  type Escalation,
  type GovernancePolicy,
  type Host,
  openHost,
  type Policy,
} from '@mex/host';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const ADA = { id: 'os:ada', kind: 'human' } as const;
const PLANNER = { id: 'app:planner', kind: 'agent' } as const;
const TOKEN = `gh${'p_'}${'a1B2c3D4e5F6'.repeat(3)}`;

let home: string;
let host: Host;
let server: Server;
let bodies: Buffer[];
let answer: { status: number; body: string };
let port: number;

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'mex-cloud-'));
  bodies = [];
  answer = { status: 200, body: 'forty-two' };
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      bodies.push(Buffer.concat(chunks));
      response.writeHead(answer.status).end(answer.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no address');
  port = address.port;
  host = await open();
});
afterEach(async () => {
  await host.close();
  server.close();
  rmSync(home, { recursive: true, force: true });
});

const net = (): string => `net.http:localhost:${port}`;
function open(governance: Partial<GovernancePolicy> = {}, over: Partial<Policy> = {}): Promise<Host> {
  const models = { 'model-1': { url: `http://localhost:${port}/v1`, headers: { 'x-test': 'yes' } } };
  const cloud = { models, maxBytes: 10_000, approvals: 1, approvers: [] };
  return openHost({
    home,
    caller: PLANNER,
    policy: {
      ...DEFAULT_POLICY,
      profiles: { Analyst: ['fs.read:inputs', 'fs.write:artifacts', net()] },
      privateHosts: [`localhost:${port}`],
      governance: { ...DEFAULT_GOVERNANCE, cloud, ...governance },
      ...over,
    },
  });
}
async function reopen(...args: Parameters<typeof open>): Promise<void> {
  await host.close();
  host = await open(...args);
}
const consent = () => host.consents.allow({ actorId: PLANNER.id, capabilityId: net() }, ADA);
const ask = (fields: Record<string, string> = { question: 'What is it?' }) =>
  host.escalate({ reason: 'The local model does not know.', modelId: 'model-1', fields });
async function held(): Promise<{ requestId: string; approvalId: string; first: Escalation }> {
  await consent();
  const first = await ask();
  if (first.outcome !== 'held' || first.approval_id === undefined) throw new Error(JSON.stringify(first));
  return { requestId: first.request_id, approvalId: first.approval_id, first };
}
const story = (requestId: string): string[] =>
  host.recorder
    .list({ op: requestId, limit: 1_000 })
    .map(({ event }) => event)
    .filter(({ type }) => type.startsWith('cloud_'))
    .map((event: FlightEvent) => `${event.type.slice(17)}:${'outcome' in event ? event.outcome : ''}`);

describe('[§12] [§9] what leaves for a model elsewhere', () => {
  it('waits for a person, who sees exactly what would leave; then it leaves through the broker, with a receipt', async () => {
    const { requestId, approvalId, first } = await held();
    expect(bodies).toEqual([]);
    expect(host.approvals.show(approvalId)).toMatchObject({
      gate_type: 'CloudEscalation',
      held: { operation: { inputs: [{ sha256: first.plan?.payload_sha256 }], params: { model_id: 'model-1' } } },
    });
    await reopen();
    await host.approvals.approve(approvalId, ADA, { reason: 'nothing private in it' });
    const sent = await host.escalate({ requestId });
    expect([sent.outcome, sent.code]).toEqual(['sent', undefined]);
    expect(sent.receipt).toMatchObject({
      approved: true,
      user_id: ADA.id,
      notes: 'nothing private in it',
      payload_sha256: first.plan?.payload_sha256,
      projection_plan_id: first.plan?.projection_plan_id,
    });
    expect(bodies.map((body) => sha256Hex(body))).toEqual([first.plan?.payload_sha256]);
    if (sent.response === undefined) throw new Error('no response');
    expect(Buffer.from(await host.artifacts.get(sent.response)).toString()).toBe('forty-two');
    expect(story(requestId)).toEqual(['requested:', 'approved:approved', 'executed:succeeded']);
    const http = host.recorder.list({ op: requestId, type: 'system', subject: 'broker.http' });
    expect(http).toHaveLength(1);
    expect(await host.recorder.verify()).toMatchObject({ ok: true });
  });

  it('leaves once, and is told once, however often it is asked for', async () => {
    const { requestId, approvalId } = await held();
    await host.approvals.approve(approvalId, ADA);
    const sent = await Promise.all([host.escalate({ requestId }), host.escalate({ requestId })]);
    expect(sent.map(({ outcome, receipt }) => [outcome, receipt?.user_id])).toEqual([
      ['sent', ADA.id],
      ['sent', ADA.id],
    ]);
    await reopen();
    expect((await host.escalate({ requestId })).outcome).toBe('sent');
    expect(bodies).toHaveLength(1);
    expect(story(requestId).filter((line) => line.startsWith('executed'))).toHaveLength(1);
    // The approval was for one request; the same payload again is asked about again.
    expect((await ask()).outcome).toBe('held');
  });

  it('[§14 E] has its secrets masked before its digest is taken', async () => {
    await consent();
    const first = await ask({ question: `why does ${TOKEN} not work?` });
    expect(first.plan?.redactions_applied).toEqual([expect.stringMatching(/:question$/)]);
    await host.approvals.approve(first.approval_id ?? '', ADA);
    await host.escalate({ requestId: first.request_id });
    expect(bodies).toHaveLength(1);
    expect(bodies.toString()).not.toContain(TOKEN);
    expect(JSON.stringify(first)).not.toContain(TOKEN);
  });

  it('that the model refuses has failed, and says so', async () => {
    const { requestId, approvalId } = await held();
    answer = { status: 503, body: 'busy' };
    await host.approvals.approve(approvalId, ADA);
    expect(await host.escalate({ requestId })).toMatchObject({ outcome: 'failed', code: 'CLOUD_REFUSED' });
    expect(story(requestId).at(-1)).toBe('executed:CLOUD_REFUSED');
  });
});

describe('[§12] nothing leaves', () => {
  const denied = async (escalation: Promise<Escalation>): Promise<string> => {
    const { outcome, code, request_id } = await escalation;
    expect([outcome, bodies]).toEqual(['denied', []]);
    expect(story(request_id)).toEqual([expect.stringMatching(/^requested/), `denied:${code}`]);
    return code ?? '';
  };

  it('by default, where policy says nothing of it', async () => {
    await reopen({}, { governance: DEFAULT_GOVERNANCE });
    expect(await denied(ask())).toBe('CLOUD_DISABLED');
    expect(host.registry.resolve('engine.mex.cloud').engine).toBeUndefined();
  });

  it('[T-GOV-004] in LOCKED: recorded as a rejection, and nobody is asked', async () => {
    await reopen({ automationLevel: 'LOCKED' });
    await consent();
    expect(await denied(ask())).toBe('GOVERNANCE_LOCKED');
    expect(host.approvals.list()).toEqual([]);
    const [decision] = host.recorder.list({ type: 'gov_decision_created' });
    expect(decision?.event).toMatchObject({ gate_type: 'CloudEscalation', decision: 'reject' });
  });

  it('[T-GOV-004] without a person, at any level and whatever a table says', async () => {
    const row = { FULL_HUMAN: 'human', HYBRID: 'auto', AUTONOMOUS: 'auto' } as const;
    const table = { ...DEFAULT_GOVERNANCE.table, CloudEscalation: row };
    await consent();
    for (const automationLevel of ['FULL_HUMAN', 'HYBRID', 'AUTONOMOUS'] as const) {
      await reopen({ automationLevel, table });
      expect((await ask({ question: automationLevel })).outcome).toBe('held');
    }
    expect([bodies, host.recorder.list({ type: 'gov_auto_signature_created' })]).toEqual([[], []]);
  });

  it('without a consent for its host, or outside the profile', async () => {
    expect(await denied(ask())).toBe('CAPABILITY_NEEDS_CONSENT');
    await reopen({}, { profiles: DEFAULT_POLICY.profiles });
    expect(await denied(ask())).toBe('CAPABILITY_NOT_IN_PROFILE');
  });

  it('to a model that policy does not know, of too many bytes, of nothing', async () => {
    await consent();
    const request = { reason: 'why', fields: { a: 'b' } };
    expect(await denied(host.escalate({ ...request, modelId: 'other' }))).toBe('CLOUD_MODEL_UNKNOWN');
    expect(await denied(host.escalate({ ...request, modelId: '__proto__' }))).toBe('CLOUD_MODEL_UNKNOWN');
    expect(await denied(ask({ question: 'x'.repeat(20_000) }))).toBe('CLOUD_PAYLOAD_TOO_LARGE');
    expect(await denied(host.escalate({ reason: 'why', modelId: 'model-1' }))).toBe('CLOUD_REQUEST_INVALID');
  });

  it('of what is not exportable, classified as high, or no text', async () => {
    const base = { kind: 'file', mime: 'text/plain', layer: 'raw', created_by: {} } as const;
    const store = (bytes: string | Uint8Array, more: object) =>
      host.artifacts.put(typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes, { ...base, ...more });
    const artifacts = [
      await store('a', { exportable: false }),
      await store('b', { exportable: true, classification: 'high' }),
      await store(Uint8Array.of(0xff, 0xfe), { exportable: true }),
      await store('nobody said that it may', {}),
    ];
    for (const artifact of artifacts) {
      const request = { reason: 'why', modelId: 'model-1', artifacts: [artifact] };
      expect(await denied(host.escalate(request))).toBe('CLOUD_NOT_EXPORTABLE');
    }
    await consent();
    const fine = await store(`it holds ${TOKEN}`, { exportable: true });
    const ok = await host.escalate({ reason: 'why', modelId: 'model-1', artifacts: [fine] });
    expect(ok.outcome).toBe('held');
    if (ok.payload === undefined) throw new Error('no payload');
    expect(Buffer.from(await host.artifacts.get(ok.payload)).toString()).not.toContain(TOKEN);
  });

  it('that a person said no to', async () => {
    const { requestId, approvalId } = await held();
    await host.approvals.reject(approvalId, ADA);
    expect(await host.escalate({ requestId })).toMatchObject({ outcome: 'denied', code: 'APPROVAL_REJECTED' });
    expect([bodies, story(requestId).at(-1)]).toEqual([[], 'denied:APPROVAL_REJECTED']);
  });

  it('that an agent said yes to, or that was approved for more than one payload', async () => {
    const { approvalId } = await held();
    await expect(host.approvals.approve(approvalId, PLANNER)).rejects.toMatchObject({
      code: 'GOVERNANCE_NOT_A_PERSON',
    });
    await expect(host.approvals.approve(approvalId, ADA, { scope: 'capability' })).rejects.toMatchObject({
      code: 'GOVERNANCE_SCOPE_INVALID',
    });
  });

  it('of another payload than the one that was consented to', async () => {
    const { requestId, approvalId, first } = await held();
    await host.approvals.approve(approvalId, ADA, { scope: 'operation' });
    const other = await host.artifacts.put(new TextEncoder().encode('{"everything":true}'), {
      kind: 'prompt_payload',
      mime: 'application/json',
      layer: 'raw',
      created_by: {},
    });
    const held1 = host.approvals.show(approvalId).held;
    const stored = parseStrictJson(canonicalBytes(Reflect.get(Object(held1), 'operation')));
    const operation = { ...Object(stored), inputs: [other] };
    // By a way around escalate: no plan, no send.
    expect((await host.execute(operation)).errors[0]?.code).toBe('CLOUD_NOT_PROJECTED');
    expect((await host.execute(Object(stored))).errors[0]?.code).toBe('CLOUD_NOT_PROJECTED');
    // A forged record of the escalation in the store, newer than the real one.
    for (const plan of [first.plan, { ...first.plan, payload_sha256: other.sha256 }]) {
      await host.artifacts.put(canonicalBytes({ operation, plan }), {
        kind: 'report',
        mime: 'application/json',
        layer: 'evidence',
        name: 'escalation.json',
        created_by: { op_id: requestId },
      });
      const refused = await host.escalate({ requestId });
      expect(['CLOUD_PAYLOAD_CHANGED', 'APPROVAL_REQUIRED']).toContain(refused.code);
    }
    expect(bodies).toEqual([]);
  });

  it('when its bytes changed in the store', async () => {
    const models = { 'model-1': { url: `http://localhost:${port}/v1`, headers: {} } };
    await reopen({ cloud: { models, maxBytes: 2_000_000, approvals: 1, approvers: [] } });
    await consent();
    // Large enough to be a file of its own.
    const first = await ask({ question: 'why? '.repeat(200_000) });
    await host.approvals.approve(first.approval_id ?? '', ADA);
    const sha256 = first.payload?.sha256 ?? '';
    const file = join(home, 'artifacts', 'objects', sha256.slice(0, 2), sha256);
    chmodSync(file, 0o600);
    writeFileSync(file, readFileSync(file, 'utf8').replaceAll('why', 'who'));
    expect(await host.escalate({ requestId: first.request_id })).toMatchObject({
      outcome: expect.stringMatching(/^(denied|failed)$/),
      code: expect.stringMatching(/^(ARTIFACT_|INPUT_INTEGRITY)/),
    });
    expect(bodies).toEqual([]);
  });

  it('when policy was changed after the consent: disabled, another destination', async () => {
    const { requestId, approvalId } = await held();
    await host.approvals.approve(approvalId, ADA);
    await reopen({}, { governance: DEFAULT_GOVERNANCE });
    expect(await host.escalate({ requestId })).toMatchObject({ outcome: 'denied', code: 'CLOUD_DISABLED' });
    const models = { 'model-1': { url: `http://localhost:${port}/elsewhere`, headers: {} } };
    await reopen({ cloud: { models, maxBytes: 10_000, approvals: 1, approvers: [] } });
    expect(await host.escalate({ requestId })).toMatchObject({ outcome: 'denied', code: 'CLOUD_PAYLOAD_CHANGED' });
    expect(bodies).toEqual([]);
  });

  it('of a request that nobody made', async () => {
    await expect(host.escalate({ requestId: crypto.randomUUID() })).rejects.toMatchObject({
      code: 'CLOUD_REQUEST_UNKNOWN',
    });
  });

  it('through an engine that somebody put in the place of ours', async () => {
    const { requestId, approvalId } = await held();
    await host.approvals.approve(approvalId, ADA);
    await host.close();
    const file = join(home, 'built-in', 'engine.mex.cloud.bundle');
    host = await open();
    writeFileSync(file, '(function(){/* another */})();');
    expect(await host.escalate({ requestId })).toMatchObject({ outcome: 'denied', code: 'BUNDLE_DIGEST_MISMATCH' });
    expect(bodies).toEqual([]);
  });
});
