import { type Actor, canonicalJson, type PlannedOperation, parseOperation, utf8Length } from '@mex/envelope';
import { sha256Hex } from '@mex/envelope/digest';
import { newEventId } from '@mex/flight-recorder';

/** Who sends an operation, as the host application authenticated it. */
export interface Caller {
  readonly id: string;
  readonly kind: 'human' | 'agent' | 'system';
}

/** An operation on its way: parsed once, private to the runtime, digested. */
export interface Planned {
  readonly operation: PlannedOperation;
  /** RFC 8785 text of the operation; what `sha256` is over. */
  readonly text: string;
  readonly sha256: string;
  readonly paramsBytes: number;
  readonly caller: Caller | undefined;
  /** Base members of its events. */
  readonly base: EventBase;
  readonly startedAt: number;
}

/** What every event of one operation carries. `activity_span_id` is the op_id, `session_span_id` the run. */
export interface EventBase {
  readonly actor: Actor;
  readonly job_id?: string;
  readonly trace_id?: string;
  readonly model_id?: string;
  readonly wsids?: string[];
  readonly activity_span_id: string;
  readonly session_span_id?: string;
}

/**
 * Parses and digests. The runtime works on its own copy: a caller that keeps changing its object changes nothing.
 * @throws MexError when it is no PlannedOperation.
 */
export function readPlanned(input: string | Uint8Array | object, caller: Caller | undefined, now: number): Planned {
  const fromText = typeof input === 'string' || input instanceof Uint8Array;
  const given = fromText ? input : canonicalJson(input);
  const operation = parseOperation(given);
  const text = typeof given === 'string' && !fromText ? given : canonicalJson(operation);
  return {
    operation,
    text,
    sha256: sha256Hex(text),
    paramsBytes: utf8Length(canonicalJson(operation.params)),
    caller,
    base: eventBase(operation, caller),
    startedAt: now,
  };
}

function eventBase(operation: PlannedOperation, caller: Caller | undefined): EventBase {
  const context = operation.context ?? {};
  const actor: Actor = context.actor ?? { kind: caller?.kind ?? 'system', id: caller?.id ?? 'unknown' };
  return {
    actor,
    activity_span_id: operation.op_id,
    ...(context.job_id === undefined ? {} : { job_id: context.job_id }),
    ...(context.trace_id === undefined ? {} : { trace_id: context.trace_id }),
    ...(actor.model_id === undefined ? {} : { model_id: actor.model_id }),
    ...(context.wsids === undefined ? {} : { wsids: context.wsids }),
    ...(context.run_id === undefined ? {} : { session_span_id: context.run_id }),
  };
}

/** `event_id`, `timestamp` and the operation's base members. */
export function stamp(base: EventBase, now: number): EventBase & { event_id: string; timestamp: string } {
  return { event_id: newEventId(now), timestamp: new Date(now).toISOString(), ...base };
}
