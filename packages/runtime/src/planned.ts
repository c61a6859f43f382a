import {
  type Actor,
  canonicalJson,
  createChecker,
  MexError,
  type PlannedOperation,
  parseOperation,
  utf8Length,
} from '@mex/envelope';
import { sha256Hex } from '@mex/envelope/digest';
import { newEventId } from '@mex/flight-recorder';
import { containsSecret, redact } from '@mex/guard';
import { Type } from '@sinclair/typebox';

const callerChecker = createChecker(
  Type.Object({
    id: Type.String({ pattern: '^[^\\s\\u0000-\\u001f\\u007f]{1,256}$' }),
    kind: Type.Union([Type.Literal('human'), Type.Literal('agent'), Type.Literal('system')]),
  }),
);

/** Who sends an operation, as the host application authenticated it. `id`: 1 to 256 characters without white space. */
export interface Caller {
  readonly id: string;
  readonly kind: 'human' | 'agent' | 'system';
}

/** An operation on its way: parsed once, private to the runtime, digested. */
export interface Planned {
  readonly operation: PlannedOperation;
  /** The operation as JSON with secrets masked. `sha256` is over the unmasked canonical form. */
  readonly maskedText: string;
  readonly sha256: string;
  readonly paramsBytes: number;
  readonly caller: Caller | undefined;
  /** Base members of its events. */
  readonly base: EventBase;
  readonly startedAt: number;
}

/** What every event of one operation carries. `activity_span_id` is the op_id, `session_span_id` the run. */
export interface EventBase {
  /** Who sent it, never who it says it is from (CONTRACT §2). */
  readonly actor: Actor;
  readonly job_id?: string;
  readonly trace_id?: string;
  readonly model_id?: string;
  readonly wsids?: string[];
  readonly activity_span_id: string;
  readonly session_span_id?: string;
}

/** Whom sandboxes and kept results belong to: nothing that one tenant left in them reaches another one's operations. */
export function tenantOf(caller: Caller | undefined): string {
  return caller?.id ?? 'unknown';
}

/** Sandboxes for what is looked at again. No caller has this id: theirs hold no white space. */
export function rehearsalTenant(actorId: string): string {
  return `rehearsal of ${actorId}`;
}

/** @throws MexError `CALLER_INVALID`: a fault of the application that calls. */
export function verifyCaller(caller: Caller | undefined): void {
  if (caller === undefined || callerChecker.check(caller)) return;
  throw new MexError({
    code: 'CALLER_INVALID',
    kind: 'validation',
    message: 'The caller of an operation needs an id of 1 to 256 characters without white space, and a kind.',
    remedy: 'Pass e.g. { id: "app:ci", kind: "system" }.',
  });
}

/**
 * Parses and digests. The runtime works on its own copy: a caller that keeps changing its object changes nothing.
 * @throws MexError when it is no PlannedOperation, or says a secret outside its params (`ENVELOPE_SECRET`).
 */
export function readPlanned(input: string | Uint8Array | object, caller: Caller | undefined, now: number): Planned {
  const fromText = typeof input === 'string' || input instanceof Uint8Array;
  const given = fromText ? input : canonicalJson(input);
  const operation = parseOperation(given);
  const text = typeof given === 'string' && !fromText ? given : canonicalJson(operation);
  verifyNoSecret(operation, text);
  return {
    operation,
    maskedText: redact(text),
    sha256: sha256Hex(text),
    paramsBytes: utf8Length(canonicalJson(operation.params)),
    caller,
    base: eventBase(operation, caller),
    startedAt: now,
  };
}

/** Ids go into every event as they are. Secrets are handed in by id, never in envelopes (CONTRACT §9). */
function verifyNoSecret(operation: PlannedOperation, text: string): void {
  if (!containsSecret(text) || !containsSecret(canonicalJson({ ...operation, params: {} }))) return;
  throw new MexError({
    code: 'ENVELOPE_SECRET',
    kind: 'validation',
    message: 'The operation holds something that looks like a secret outside its params.',
    remedy: 'Secrets are handed in by id (secrets.use:<id>), never in an envelope.',
  });
}

function eventBase(operation: PlannedOperation, caller: Caller | undefined): EventBase {
  const context = operation.context ?? {};
  const model = context.actor?.model_id;
  const actor: Actor = { kind: caller?.kind ?? 'system', id: caller?.id ?? 'unknown' };
  return {
    actor,
    activity_span_id: operation.op_id,
    ...(context.job_id === undefined ? {} : { job_id: context.job_id }),
    ...(context.trace_id === undefined ? {} : { trace_id: context.trace_id }),
    ...(model === undefined ? {} : { model_id: model }),
    ...(context.wsids === undefined ? {} : { wsids: context.wsids }),
    ...(context.run_id === undefined ? {} : { session_span_id: context.run_id }),
  };
}

/** `event_id`, `timestamp` and the operation's base members. */
export function stamp(base: EventBase, now: number): EventBase & { event_id: string; timestamp: string } {
  return { event_id: newEventId(now), timestamp: new Date(now).toISOString(), ...base };
}
