import { type TProperties, Type } from '@sinclair/typebox';
import { BOUNDS } from '../bounds.ts';
import { Actor } from './operation.ts';
import { CLOSED, ShortId, Timestamp, Uuid } from './primitives.ts';
/** Members every event may carry (CONTRACT §11). An operation's events share `activity_span_id` = op_id; a run's, `session_span_id` = run_id. */
export const eventBase = {
  event_id: Uuid,
  timestamp: Timestamp,
  actor: Actor,
  job_id: Type.Optional(ShortId),
  trace_id: Type.Optional(ShortId),
  model_id: Type.Optional(ShortId),
  wsids: Type.Optional(Type.Array(ShortId, { maxItems: 64 })),
  activity_span_id: Type.Optional(ShortId),
  session_span_id: Type.Optional(ShortId),
  capability_id: Type.Optional(ShortId),
  policy_decision_id: Type.Optional(ShortId),
};

/** An event of one type, with the members of its own beside those of every event. */
export const event = <T extends string, P extends TProperties>(type: T, body: P) =>
  Type.Object({ ...eventBase, type: Type.Literal(type), ...body }, CLOSED);

/** A path as events have it. */
export const Path = Type.String({ maxLength: BOUNDS.maxPathChars });
export const Ref = Type.String({ maxLength: 256 });
export const Refs = Type.Array(Ref, { maxItems: 1_000 });
export const Nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) =>
  Type.Union([schema, Type.Null()]);
