import { randomUUID } from 'node:crypto';
import type { ArtifactStore } from '@mex/artifacts';
import {
  canonicalBytes,
  type EngineResult,
  type FlightEvent,
  findCapability,
  MexError,
  type PlannedOperation,
} from '@mex/envelope';
import type { FlightRecorder } from '@mex/flight-recorder';
import { type DecisionView, draftReceipt } from '@mex/governance';
import type { Caller } from '@mex/runtime';
import type { GovernancePolicy } from '../governance-policy.ts';
import { CLOUD_ENGINE, CLOUD_RESPONSE, CLOUD_SEND } from './cloud-engine.ts';
import { cloudError } from './cloud-errors.ts';
import { type CloudStory, cleanReason, cloudEvent } from './cloud-events.ts';
import { followsPlan, type PreparedSend } from './cloud-gate.ts';
import { type CloudModel, type CloudPolicy, destinationCapability, secretsOf } from './cloud-policy.ts';
import type { Escalation, EscalationReference, EscalationRequest } from './escalation.ts';
import { project } from './projection.ts';
import { findEscalation, keepEscalation, keepPayload, type StoredEscalation } from './stored-escalation.ts';

export interface EscalatePowers {
  readonly policy: GovernancePolicy;
  readonly recorder: FlightRecorder;
  readonly artifacts: ArtifactStore;
  /** What the gate may know; shared with it. */
  readonly prepared: Map<string, PreparedSend>;
  /** Sends under way, by caller and request: asked for twice at once, one is made. */
  readonly flights: Map<string, Promise<Escalation>>;
  /** Governed execution, with the consents of the caller named. */
  readonly execute: (operation: PlannedOperation, caller: Caller) => Promise<EngineResult>;
  /** The approval that an operation waits for, or has. */
  readonly approvalOf: (operation: PlannedOperation, caller: Caller) => Promise<string | undefined>;
  readonly now: () => number;
}

/**
 * Sends a payload to a model elsewhere, once a person has consented to exactly that payload (CONTRACT §12). The first call
 * plans it and puts it up for decision; the call with its request id, after the decision, sends it through the broker.
 * Denials are answers; they are recorded, too.
 */
export async function escalate(
  request: EscalationRequest | EscalationReference,
  caller: Caller,
  powers: EscalatePowers,
): Promise<Escalation> {
  if ('requestId' in request) {
    const stored = await findEscalation(powers.artifacts, request.requestId);
    return send(stored, caller, powers);
  }
  const { reason, modelId, jobId, runId } = request;
  const story: CloudStory = {
    requestId: randomUUID(),
    reason,
    modelId: /^\S{1,256}$/.test(modelId) ? modelId : 'invalid',
    caller,
    ...(jobId === undefined ? {} : { jobId }),
    ...(runId === undefined ? {} : { runId }),
  };
  let stored: StoredEscalation;
  try {
    stored = await plan(request, story, powers);
  } catch (error) {
    if (!(error instanceof MexError)) throw error;
    return deny(story, error, powers, [cloudEvent('cloud_escalation_requested', story, powers.now())]);
  }
  const planned = { ...story, planId: stored.plan.projection_plan_id };
  await powers.recorder.append([cloudEvent('cloud_escalation_requested', planned, powers.now())]);
  return send(stored, caller, powers);
}

/** @throws MexError with what policy or the payload has against it */
async function plan(request: EscalationRequest, story: CloudStory, powers: EscalatePowers): Promise<StoredEscalation> {
  const { cloud, model } = allow(request.modelId, powers.policy);
  const { requestId } = story;
  const maxBytes = Math.min(request.maxBytes ?? cloud.maxBytes, cloud.maxBytes);
  const target = { modelId: request.modelId, url: model.url, maxBytes, planId: randomUUID(), now: powers.now() };
  const projection = await project(request, target, powers.artifacts);
  const payload = await keepPayload(powers.artifacts, projection.payload, requestId);
  const operation: PlannedOperation = {
    schema_version: 'poe-1.0',
    op_id: requestId,
    engine_id: CLOUD_ENGINE,
    operation: CLOUD_SEND,
    inputs: [payload],
    params: {
      url: model.url,
      headers: { 'content-type': 'application/json', ...model.headers },
      model_id: request.modelId,
      projection_plan_id: projection.plan.projection_plan_id,
      reason: cleanReason(request.reason),
    },
    capabilities_requested: capabilitiesOf(model),
    budget: {},
    determinism: 'D0',
    evidence_policy: { min_items: 1 },
    output_spec: {},
    context: {
      ...(request.jobId === undefined ? {} : { job_id: request.jobId }),
      ...(request.runId === undefined ? {} : { run_id: request.runId }),
    },
  };
  const stored = { operation, plan: projection.plan };
  await keepEscalation(powers.artifacts, stored);
  return stored;
}

function capabilitiesOf(model: CloudModel): string[] {
  const own = ['fs.read:inputs', 'fs.write:artifacts', destinationCapability(model.url)];
  const all = [...own, ...secretsOf(model).map((id) => `secrets.use:${id}`)];
  return all.filter((id) => findCapability(id) !== undefined);
}

/** LOCKED is for the gate to say, which records the decision, too. @throws MexError `CLOUD_DISABLED`, `CLOUD_MODEL_UNKNOWN` */
function allow(modelId: string, { cloud }: GovernancePolicy): { cloud: CloudPolicy; model: CloudModel } {
  if (cloud === undefined) {
    const remedy = 'An operator enables it with governance.cloud of policy.json.';
    throw cloudError('CLOUD_DISABLED', 'Policy sends nothing to models elsewhere.', remedy);
  }
  const model = Object.hasOwn(cloud.models, modelId) ? cloud.models[modelId] : undefined;
  if (model !== undefined) return { cloud, model };
  const known = Object.keys(cloud.models).slice(0, 20).join(', ') || 'none';
  throw cloudError('CLOUD_MODEL_UNKNOWN', 'Policy knows no model of that id.', `It knows: ${known}`);
}

async function send(stored: StoredEscalation, caller: Caller, powers: EscalatePowers): Promise<Escalation> {
  const key = `${stored.operation.op_id} ${caller.id}`;
  const flight = powers.flights.get(key) ?? sendOnce(stored, caller, powers);
  powers.flights.set(key, flight);
  try {
    return await flight;
  } finally {
    powers.flights.delete(key);
  }
}

/** Policy is asked again: what it says now counts, not what it said when the escalation was planned. */
async function sendOnce(stored: StoredEscalation, caller: Caller, powers: EscalatePowers): Promise<Escalation> {
  const { operation, plan: projected } = stored;
  const story = storyOf(stored, caller);
  const { requestId } = story;
  try {
    const { model } = allow(projected.requested_model_id, powers.policy);
    verifyUnchanged(stored, model);
  } catch (error) {
    if (!(error instanceof MexError)) throw error;
    return deny(story, error, powers);
  }
  const prepared: PreparedSend = { plan: projected };
  powers.prepared.set(requestId, prepared);
  let result: EngineResult;
  try {
    result = await powers.execute(operation, caller);
  } finally {
    if (powers.prepared.get(requestId) === prepared) powers.prepared.delete(requestId);
  }
  const [payload] = operation.inputs;
  const approvalId = await powers.approvalOf(operation, caller);
  const about = {
    request_id: requestId,
    plan: projected,
    ...(payload !== undefined && 'sha256' in payload ? { payload } : {}),
    ...(approvalId === undefined ? {} : { approval_id: approvalId }),
    result,
  };
  return conclude(story, about, prepared, powers);
}

/** The plan, its payload and its destination are still those that were put up for decision. */
function verifyUnchanged({ operation, plan: projected }: StoredEscalation, model: CloudModel): void {
  if (
    operation.engine_id === CLOUD_ENGINE &&
    followsPlan(operation, projected) &&
    model.url === projected.destination
  ) {
    return;
  }
  throw cloudError(
    'CLOUD_PAYLOAD_CHANGED',
    'What would be sent, or where to, is not what was put up for decision.',
    'Begin the escalation again.',
  );
}

async function conclude(
  story: CloudStory,
  about: Omit<Escalation, 'outcome'> & { readonly result: EngineResult },
  { receipt }: PreparedSend,
  powers: EscalatePowers,
): Promise<Escalation> {
  const { result } = about;
  const [error] = result.errors;
  const why = error === undefined ? {} : { code: error.code, message: error.message, ...remedyOf(error) };
  if (result.status === 'denied') {
    if (error?.code === 'APPROVAL_REQUIRED') return { ...about, ...why, outcome: 'held' };
    await powers.recorder.append([cloudEvent('cloud_escalation_denied', story, powers.now(), error?.code ?? 'denied')]);
    return { ...about, ...why, outcome: 'denied' };
  }
  const sent = receipt === undefined ? story : { ...story, receiptId: receipt.consent_receipt_id };
  if (!wasTold(story.requestId, powers.recorder)) {
    const outcome = error?.code ?? result.status;
    await powers.recorder.append([cloudEvent('cloud_escalation_executed', sent, powers.now(), outcome)]);
  }
  const response = result.outputs.find(({ name }) => name === CLOUD_RESPONSE);
  return {
    ...about,
    ...why,
    ...(receipt === undefined ? {} : { receipt }),
    ...(response === undefined ? {} : { response }),
    outcome: result.status === 'succeeded' ? 'sent' : 'failed',
  };
}

function remedyOf({ remedy }: { readonly remedy?: string }): { remedy?: string } {
  return remedy === undefined ? {} : { remedy };
}

/** A send that is asked for again answers with its recorded result, and is told once; also after a crash in between. */
function wasTold(requestId: string, recorder: FlightRecorder): boolean {
  return recorder.list({ op: requestId, type: 'cloud_escalation_executed', limit: 1 }).length > 0;
}

async function deny(
  story: CloudStory,
  { code, message, remedy }: MexError,
  { recorder, now }: EscalatePowers,
  before: readonly FlightEvent[] = [],
): Promise<Escalation> {
  await recorder.append([...before, cloudEvent('cloud_escalation_denied', story, now(), code)]);
  const { requestId: request_id } = story;
  return { request_id, outcome: 'denied', code, message, ...(remedy === undefined ? {} : { remedy }) };
}

function storyOf({ operation, plan: projected }: StoredEscalation, caller: Caller): CloudStory {
  const { run_id, job_id } = operation.context ?? {};
  const { reason } = operation.params;
  return {
    requestId: operation.op_id,
    reason: typeof reason === 'string' ? reason : '',
    modelId: projected.requested_model_id,
    caller,
    planId: projected.projection_plan_id,
    ...(job_id === undefined ? {} : { jobId: job_id }),
    ...(run_id === undefined ? {} : { runId: run_id }),
  };
}

/**
 * What is recorded with the grant of a send: the receipt, made from the person's approval for the payload that is about to
 * leave, and FR-EVT-CLOUD-002.
 * @throws MexError `GOVERNANCE_GATE_FORBIDDEN`, `GOVERNANCE_BINDING_MISMATCH`: nothing is granted
 */
export async function receiptEvents(
  operation: PlannedOperation,
  caller: Caller,
  view: DecisionView,
  { prepared, artifacts, now }: Pick<EscalatePowers, 'prepared' | 'artifacts' | 'now'>,
): Promise<FlightEvent[]> {
  if (operation.engine_id !== CLOUD_ENGINE) return [];
  const sending = prepared.get(operation.op_id);
  const [payload] = operation.inputs;
  if (sending === undefined || payload === undefined || !('sha256' in payload)) {
    throw cloudError('CLOUD_NOT_PROJECTED', 'There is no plan for this payload.', 'Escalate through host.escalate.');
  }
  const request = { receiptId: randomUUID(), plan: sending.plan, payloadSha256: payload.sha256, surface: 'approvals' };
  const receipt = draftReceipt(view, request);
  await artifacts.put(canonicalBytes(receipt), {
    kind: 'report',
    mime: 'application/json',
    layer: 'evidence',
    name: 'consent-receipt.json',
    created_by: { op_id: operation.op_id },
    exportable: false,
    pinned: true,
  });
  sending.receipt = receipt;
  const story = storyOf({ operation, plan: sending.plan }, caller);
  const approved = { ...story, receiptId: receipt.consent_receipt_id };
  return [cloudEvent('cloud_escalation_approved', approved, now(), 'approved')];
}
