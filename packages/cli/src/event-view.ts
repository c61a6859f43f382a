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
    default:
      return ['', event.event_id];
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
      const { status, error_codes, artifact_refs } = event.body;
      return [outcome(status === 'succeeded', status), error_codes.join(', ') || `${artifact_refs.length} artifacts`];
    }
    case 'problem.status_changed':
      return [event.body.to, event.body.diagnostic_id];
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
