import type { FlightEvent } from '@mex/envelope';
import { dim, green, type Piece, red } from './output/style.ts';

/** One line of `mex log`: time, position, what, about which operation, and the one fact that matters most. */
export function eventRow(seq: number, event: FlightEvent): Piece[] {
  const about = event.activity_span_id === undefined ? '' : event.activity_span_id.slice(0, 8);
  return [dim(event.timestamp), dim(String(seq)), eventName(event), dim(about), ...detail(event)];
}

/** The subject of a system event, the type of any other. */
export function eventName(event: FlightEvent): string {
  return event.type === 'system' ? event.subject : event.type;
}

function outcome(good: boolean, text: string): Piece {
  return good ? green(text) : red(text);
}

function detail(event: FlightEvent): Piece[] {
  switch (event.type) {
    case 'system':
      return systemDetail(event);
    case 'capability_check':
      return [outcome(event.decision_outcome === 'allow', event.decision_outcome), event.capability_id];
    case 'tool_call':
      return [outcome(event.ok, event.ok ? 'ok' : (event.error ?? 'failed')), `${event.tool_id} ${event.tool_version}`];
    case 'diagnostic':
      return [
        event.severity === 'error' || event.severity === 'fatal' ? red(event.severity) : event.severity,
        event.source,
      ];
    case 'workflow_recovery':
      return [event.to_state, event.reason];
    case 'gov_decision_created':
    case 'gov_decision_applied':
    case 'gov_auto_signature_created':
    case 'gov_human_intervention_requested':
    case 'gov_human_intervention_received':
      return govDetail(event);
    case 'cloud_escalation_requested':
    case 'cloud_escalation_approved':
    case 'cloud_escalation_denied':
    case 'cloud_escalation_executed':
      return cloudDetail(event);
    default:
      return ['', event.event_id];
  }
}

type GovEvent = Extract<FlightEvent, { type: `gov_${string}` }>;
type CloudEvent = Extract<FlightEvent, { type: `cloud_${string}` }>;

/** Who decides what, in words; the case itself is shown by `mex approvals show`. */
function govDetail({ type, decision, actor, user_id, gate_type, automation_level, ...event }: GovEvent): Piece[] {
  const verdict = decision === undefined ? '' : outcome(decision === 'approve', decision);
  const refs = event.evidence_refs ?? [];
  switch (type) {
    case 'gov_decision_created':
      return [verdict, `${gate_type} at ${automation_level}, for ${actor.id}: ${event.rationale ?? ''}`];
    case 'gov_human_intervention_requested':
      return ['ask', `a person decides ${gate_type} for ${actor.id}`];
    case 'gov_human_intervention_received': {
      const scope = decision === 'approve' ? (refAfter(refs, 'scope:') ?? '') : '';
      const words = event.rationale === undefined ? '' : `: ${event.rationale}`;
      return [verdict, `${user_id ?? actor.id} answers ${gate_type} ${scope}`.trimEnd() + words];
    }
    case 'gov_auto_signature_created':
      return [verdict, `${gate_type} signs itself at ${automation_level}`];
    case 'gov_decision_applied':
      return ['use', `${gate_type} by ${refAfter(refs, 'used-by:') ?? actor.id}`];
  }
}

function refAfter(refs: readonly string[], prefix: string): string | undefined {
  return refs.find((ref) => ref.startsWith(prefix))?.slice(prefix.length);
}

function cloudDetail({ type, requested_model_id, reason, outcome: ended = '', ...event }: CloudEvent): Piece[] {
  switch (type) {
    case 'cloud_escalation_requested':
      return ['ask', `${event.actor.id} wants ${requested_model_id}: ${reason}`];
    case 'cloud_escalation_approved':
      return [green('approve'), `one payload for ${requested_model_id}, receipt ${event.consent_receipt_id ?? ''}`];
    case 'cloud_escalation_denied':
      return [red('deny'), `${requested_model_id}: ${ended}`];
    case 'cloud_escalation_executed':
      return [outcome(ended === 'succeeded', ended), `sent to ${requested_model_id}`];
  }
}

function systemDetail(event: Extract<FlightEvent, { type: 'system' }>): Piece[] {
  switch (event.subject) {
    case 'operation.checked': {
      const { gates, grant, engine_id, operation } = event.body;
      const denied = gates.find((one) => one.outcome === 'deny');
      if (denied !== undefined) return [red('deny'), `${engine_id} ${operation}: ${denied.gate} ${denied.code ?? ''}`];
      const sandbox = grant === undefined ? 'nothing granted' : `${grant.tier} sandbox`;
      return [outcome(grant !== undefined, 'pass'), `${engine_id} ${operation}: ${gates.length} gates, ${sandbox}`];
    }
    case 'engine.run': {
      const { status, error_codes, artifact_refs, cached_from } = event.body;
      const made = cached_from === undefined ? '' : `, served from the cache: made by ${cached_from}`;
      const words = error_codes.join(', ') || `${artifact_refs.length} artifacts`;
      return [outcome(status === 'succeeded', status), words + made];
    }
    case 'cache.refused':
      return [red('refuse'), `the kept result of ${event.body.cached_op_id}: ${event.body.code}`];
    case 'operation.replayed': {
      const { verdict, compared, reason } = event.body;
      const good = verdict === 'equal' || verdict === 'evidence_checked';
      return [outcome(good, verdict), `${compared}${reason === undefined ? '' : `, ${reason}`}`];
    }
    case 'run.state_changed': {
      const { from, to, reason } = event.body;
      return [to, `${event.actor.id} turned it from ${from} to ${to}${reason === '' ? '' : `: ${reason}`}`];
    }
    case 'problem.status_changed':
      return [event.body.to, event.body.diagnostic_id];
    case 'consent.granted': {
      const { actor_id, capability_id, valid_until } = event.body;
      return [green('allow'), `${event.actor.id} lets ${actor_id} use ${capability_id} until ${valid_until}`];
    }
    case 'consent.revoked':
      return [red('revoke'), `${event.actor.id} takes consent ${event.body.consent_id} back`];
    default:
      return ['', factsOf(event.body)];
  }
}

/** The short facts of a body whose kind has no words of its own. */
function factsOf(body: object): string {
  const facts = Object.entries(body).flatMap(([name, value]) =>
    typeof value === 'object' ? [] : [`${name} ${String(value).slice(0, 40)}`],
  );
  return facts.slice(0, 3).join(', ');
}
