import type { EngineResult, FlightEvent, IsolationTier, ProblemReport } from '@mex/envelope';
import { clipText, splitCapability } from '@mex/envelope';
import { digestJson } from '@mex/envelope/digest';
import { newEventId } from '@mex/flight-recorder';
import { checkCapability, type GateDenial, type GateOutcome, type PreFacts, type SecretLeak } from '@mex/gates';
import { redact, stripControl } from '@mex/guard';
import { isCertified } from '@mex/registry';
import { remedyFor } from './breach-remedies.ts';
import type { Refusal } from './broker/broker.ts';
import type { HttpRecord } from './broker/net-http/http-record.ts';
import type { Grant } from './grant.ts';
import { type Caller, type Planned, stamp } from './planned.ts';
import type { TierProof } from './sandbox/proof/proof.ts';
import type { ReportedProblem } from './sandbox/protocol.ts';

/** Digest of what the gates decided on: each part by its own digest or value (CONTRACT §14 K). */
function factsDigest(facts: PreFacts): string {
  return digestJson({
    budget: facts.budget,
    certificate: certificateOf(facts) ?? null,
    circuit: facts.circuit,
    consents: facts.consents.map((consent) => consent.consentId),
    inputs: facts.inputs.map((input) => input.state),
    manifest: facts.engine.found ? facts.engine.manifestSha256 : null,
    policy: facts.policy.sha256,
    profile: facts.policy.profileId,
    quota_exceeded: facts.quota.exceeded,
  });
}

/** The certificate that is in force for the engine, if there is one (CONTRACT §10). */
function certificateOf({ engine, now }: PreFacts): string | undefined {
  return engine.found && isCertified(engine.certificate, now) ? engine.certificate.sha256 : undefined;
}

/** One event per capability asked for, allow or deny (CONTRACT §7). The broker's later refusals add to them. */
export function capabilityEvents(planned: Planned, facts: PreFacts, now: number): FlightEvent[] {
  return planned.operation.capabilities_requested.map((id) =>
    capabilityEvent(planned, id, checkCapability(planned.operation, facts, id) === undefined ? 'allow' : 'deny', now),
  );
}

export function capabilityEvent(planned: Planned, id: string, outcome: 'allow' | 'deny', now: number): FlightEvent {
  return {
    ...stamp(planned.base, now),
    type: 'capability_check',
    capability_id: id,
    actor_id: planned.caller?.id ?? 'unknown',
    job_id: planned.base.job_id ?? planned.operation.op_id,
    decision_outcome: outcome,
  };
}

function verdicts(outcomes: readonly GateOutcome[]): GateOutcome[] {
  return outcomes.map((outcome) =>
    outcome.reason === undefined ? outcome : { ...outcome, reason: clipText(outcome.reason, 1_000) },
  );
}

/** What was asked, what the pre-gates said, and what was granted: one event, written before anything runs. */
export function checkedEvent(
  planned: Planned,
  facts: PreFacts,
  outcomes: readonly GateOutcome[],
  grant: Grant | undefined,
  now: number,
): FlightEvent {
  const { operation } = planned;
  const certificate = certificateOf(facts);
  return {
    ...stamp(planned.base, now),
    type: 'system',
    subject: 'operation.checked',
    body: {
      op_id: operation.op_id,
      engine_id: operation.engine_id,
      operation: operation.operation,
      operation_sha256: planned.sha256,
      gates: verdicts(outcomes),
      facts_sha256: factsDigest(facts),
      certified: certificate !== undefined,
      ...(certificate === undefined ? {} : { certificate_sha256: certificate }),
      ...(operation.context?.actor === undefined ? {} : { claimed_actor: operation.context.actor }),
      ...(grant === undefined ? {} : { grant: describeGrant(grant) }),
    },
  };
}

function describeGrant(grant: Grant) {
  const { sha256, tier, manifest, budget } = grant;
  return { grant_sha256: sha256, tier, bundle_sha256: manifest.bundle.sha256, budget };
}

export function refusalEvents(planned: Planned, refusals: readonly Refusal[], now: number): FlightEvent[] {
  return refusals.flatMap((refusal): FlightEvent[] => {
    const denied: FlightEvent = {
      ...stamp(planned.base, now),
      type: 'system',
      subject: 'broker.denied',
      body: { op_id: planned.operation.op_id, call: refusal.call, code: refusal.code },
    };
    if (refusal.capabilityId === undefined) return [denied];
    return [capabilityEvent(planned, recordableCapability(refusal.capabilityId), 'deny', now), denied];
  });
}

/** One event for each place a handed secret was found in. */
export function leakedEvents(planned: Planned, leaks: readonly SecretLeak[], now: number): FlightEvent[] {
  return leaks.slice(0, 64).map((leak) => ({
    ...stamp(planned.base, now),
    type: 'system',
    subject: 'broker.denied',
    body: {
      op_id: planned.operation.op_id,
      // One word, as the event has it.
      call: clipText(`leak:${leak.where.replaceAll(/\s+/gu, '-')}`, 120),
      code: 'SECURITY_SECRET_LEAKED',
    },
  }));
}

export function killedEvent(planned: Planned, code: string, now: number): FlightEvent {
  return {
    ...stamp(planned.base, now),
    type: 'system',
    subject: 'worker.killed',
    body: { op_id: planned.operation.op_id, reason: code },
  };
}

/** A tier was tried on this machine. */
export function provenEvent(proof: TierProof, now: number): FlightEvent {
  const escaped = proof.attempts.filter((attempt) => !attempt.stopped).map((attempt) => clipText(attempt.name, 120));
  return {
    event_id: newEventId(now),
    timestamp: new Date(now).toISOString(),
    actor: { kind: 'system', id: 'mex' },
    type: 'system',
    subject: 'sandbox.proven',
    body: { tier: proof.tier, held: proof.held, stopped: proof.attempts.length - escaped.length, escaped },
  };
}

/** Longest scope that an event holds. */
const MAX_SCOPE_CHARS = 200;

/** A host name may be longer than the scope of an event: then the axis is named alone, and the origin says the rest. */
function recordableCapability(id: string): string {
  const { axis, scope } = splitCapability(id);
  return scope === undefined || scope.length <= MAX_SCOPE_CHARS ? id : axis;
}

/** Requests an engine had made for it (CONTRACT §11: references, no payloads). */
export function httpEvents(planned: Planned, requests: readonly HttpRecord[], now: number): FlightEvent[] {
  return requests.map((request) => ({
    ...stamp(planned.base, now),
    type: 'system',
    subject: 'broker.http',
    body: {
      op_id: planned.operation.op_id,
      method: clipText(request.method, 16),
      origin: clipText(request.origin, 290),
      path: clipText(request.path, 500),
      capability_id: recordableCapability(request.capabilityId),
      hop: request.hop,
      ...(request.status === undefined ? {} : { status: request.status }),
      ...(request.code === undefined ? {} : { code: request.code }),
      bytes_sent: request.bytesSent,
      bytes_received: request.bytesReceived,
      duration_ms: Math.round(request.ms),
    },
  }));
}

/** What proves an entry of the result cache: the key it may be served under, and the digest of its Problems. */
export interface CacheMark {
  readonly key_sha256: string;
  readonly problems_sha256: string;
}

/** The last two events of every operation: what the engine did (system) and the call as a whole (FR-EVT-007). */
export function endEvents(
  planned: Planned,
  result: EngineResult,
  resultSha256: string,
  outcomes: readonly GateOutcome[],
  now: number,
  mark?: CacheMark,
): FlightEvent[] {
  const { operation } = planned;
  const { cached_from } = result.provenance;
  const version = result.provenance.engine_version;
  const tier: IsolationTier = result.provenance.environment.isolation_tier;
  const codes = result.errors.map((error) => error.code);
  return [
    {
      ...stamp(planned.base, now),
      type: 'system',
      subject: 'engine.run',
      body: {
        op_id: operation.op_id,
        engine_id: operation.engine_id,
        ...(version === undefined ? {} : { engine_version: version }),
        operation: operation.operation,
        status: result.status,
        tier,
        gates: verdicts(outcomes),
        artifact_refs: result.outputs.slice(0, 1_000).map((output) => output.artifact_id),
        evidence_refs: result.evidence.slice(0, 1_000).map((output) => output.artifact_id),
        result_sha256: resultSha256,
        usage: result.usage,
        error_codes: codes,
        ...(cached_from === undefined ? {} : { cached_from }),
        ...(mark === undefined ? {} : { cache: { ...mark } }),
      },
    },
    {
      ...stamp(planned.base, now),
      type: 'tool_call',
      tool_call_id: operation.op_id,
      tool_id: operation.engine_id,
      tool_version: version ?? 'unresolved',
      transport: 'mex',
      side_effect: result.outputs.length > 0 && cached_from === undefined ? 'write' : 'none',
      idempotency: 'keyed',
      idempotency_key: operation.op_id,
      ok: result.status === 'succeeded',
      args_hash: planned.sha256,
      result_hash: resultSha256,
      error: codes[0] ?? null,
      timing: { started_at: result.started_at, duration_ms: Math.max(0, now - planned.startedAt) },
      resources_touched: result.provenance.inputs.slice(0, 1_000),
      capability_ids: result.provenance.capabilities_granted.map((granted) => granted.capability_id),
    },
  ];
}

/** Every denial is a Problem (CONTRACT §1). */
export function denialProblem(planned: Planned, denial: GateDenial): ProblemReport {
  return {
    title: `${denial.gate} denied ${planned.operation.operation}: ${denial.code}`,
    message: clipText(`${denial.reason} ${denial.remedy}`, 2_000),
    severity: denial.severity,
    source: 'gates',
    surface: 'operation',
    tool: planned.operation.engine_id,
    code: denial.code,
    locations: [],
    evidence_refs: [planned.operation.op_id],
    link_confidence: 'direct',
  };
}

/** One after the other, whoever wrote them. */
function sentences(message: string, remedy: string | undefined): string {
  const first = /[.!?:]$/u.test(message.trim()) ? message.trim() : `${message.trim()}.`;
  return remedy === undefined ? first : `${first} ${remedy}`;
}

/** A secret that came back in a result which was refused for something else: no less of a breach. */
export function leakProblem(planned: Planned, leaks: readonly SecretLeak[]): ProblemReport | undefined {
  const [leak] = leaks;
  if (leak === undefined) return undefined;
  const { operation } = planned;
  const message = `${operation.engine_id} put the secret "${leak.secretId}" into ${leak.where} (${leak.form}). Nothing of it was kept. Take the secret away from the engine (mex grants revoke), replace it where it is used, and treat the engine as hostile.`;
  return {
    title: `${operation.operation} leaked a secret: SECURITY_SECRET_LEAKED`,
    message: clipText(message, 2_000),
    severity: 'fatal',
    source: 'gates',
    surface: 'operation',
    tool: operation.engine_id,
    code: 'SECURITY_SECRET_LEAKED',
    locations: [],
    capability_id: `secrets.use:${leak.secretId}`,
    evidence_refs: [operation.op_id],
    link_confidence: 'direct',
  };
}

/** An operation that failed while or after it ran. */
export function failureProblem(
  planned: Planned,
  error: { code: string; message: string; remedy?: string },
): ProblemReport {
  return {
    title: `${planned.operation.operation} failed: ${error.code}`,
    message: clipText(sentences(error.message, error.remedy), 2_000),
    // A secret that came back is a BLOCK, also where the engine failed besides.
    severity: error.code === 'SECURITY_SECRET_LEAKED' ? 'fatal' : 'error',
    source: 'runtime',
    surface: 'operation',
    tool: planned.operation.engine_id,
    code: error.code,
    locations: [],
    evidence_refs: [planned.operation.op_id],
    link_confidence: 'direct',
  };
}

/** Calls that an engine made and that were refused: one Problem for each kind, whether the engine went on or not. */
export function breachProblems(planned: Planned, refusals: readonly Refusal[], total: number): ProblemReport[] {
  const { operation } = planned;
  const kinds = new Map<string, { readonly first: Refusal; count: number }>();
  for (const refusal of refusals) {
    const key = `${refusal.call} ${refusal.code} ${refusal.capabilityId ?? ''}`;
    const known = kinds.get(key);
    if (known === undefined) kinds.set(key, { first: refusal, count: 1 });
    else known.count += 1;
  }
  return [...kinds.values()].slice(0, 32).map(({ first: { call, code, capabilityId, detail }, count }) => {
    const remedy = remedyFor(code, capabilityId) ?? 'Report it to the author of the engine.';
    const known = count === 1 ? 'once' : `${count} times`;
    const times = total > refusals.length ? `at least ${known} (${total} calls were refused in all)` : known;
    const words = [
      `${operation.engine_id} called ${call} in ${operation.operation} and was refused ${times}.`,
      ...(capabilityId === undefined ? [] : [`It needed ${capabilityId}.`]),
      ...(detail === undefined ? [] : [redact(stripControl(detail))]),
      remedy,
    ];
    return {
      title: `${operation.operation} was refused ${capabilityId ?? call}: ${code}`,
      message: clipText(words.join(' '), 2_000),
      severity: 'warning',
      source: 'broker',
      surface: 'operation',
      tool: operation.engine_id,
      code,
      locations: [],
      ...(capabilityId === undefined ? {} : { capability_id: recordableCapability(capabilityId) }),
      evidence_refs: [operation.op_id],
      link_confidence: 'direct',
    };
  });
}

/** What an engine reported. It speaks in its own name only, and cannot say `fatal`: BLOCK is the policy's word. */
export function engineProblem(planned: Planned, reported: ReportedProblem): ProblemReport {
  return {
    title: reported.title,
    message: reported.message,
    severity: reported.severity,
    source: planned.operation.engine_id,
    surface: 'operation',
    tool: planned.operation.engine_id,
    code: reported.code,
    locations: (reported.locations ?? []).map(({ path, line, column }) =>
      line === undefined ? { path } : { path, range: { start: column === undefined ? { line } : { line, column } } },
    ),
    evidence_refs: [planned.operation.op_id],
    link_confidence: 'direct',
  };
}

/** Something that was sent and is no operation, or may not be one: refused before any gate was asked (CONTRACT §2). */
export function refusedEvent(caller: Caller | undefined, inputSha256: string, code: string, now: number): FlightEvent {
  return {
    event_id: newEventId(now),
    timestamp: new Date(now).toISOString(),
    actor: { kind: caller?.kind ?? 'system', id: caller?.id ?? 'unknown' },
    type: 'system',
    subject: 'operation.refused',
    body: { input_sha256: inputSha256, code },
  };
}

export function refusalProblem(error: { code: string; message: string; remedy?: string | undefined }): ProblemReport {
  return {
    title: `An operation was refused at the door: ${error.code}`,
    message: clipText(sentences(error.message, error.remedy), 2_000),
    severity: 'error',
    source: 'runtime',
    surface: 'operation',
    code: error.code,
    locations: [],
    link_confidence: 'unlinked',
  };
}
