import { type Static, Type } from '@sinclair/typebox';
import { BOUNDS } from '../bounds.ts';
import { CLOSED, Count, Message, Sha256, ShortId, Timestamp, Uuid } from './primitives.ts';

export const Severity = Type.Union([
  Type.Literal('fatal'),
  Type.Literal('error'),
  Type.Literal('warning'),
  Type.Literal('info'),
  Type.Literal('hint'),
]);
export type Severity = Static<typeof Severity>;

const Position = Type.Object({ line: Count, column: Type.Optional(Count) }, CLOSED);

/** Where a problem is. Lines and columns are 1-based. */
export const ProblemLocation = Type.Object(
  {
    path: Type.Optional(Type.String({ maxLength: BOUNDS.maxPathChars })),
    uri: Type.Optional(Type.String({ maxLength: BOUNDS.maxPathChars })),
    entity_id: Type.Optional(ShortId),
    wsid: Type.Optional(ShortId),
    range: Type.Optional(Type.Object({ start: Position, end: Type.Optional(Position) }, CLOSED)),
  },
  CLOSED,
);
export type ProblemLocation = Static<typeof ProblemLocation>;

const content = {
  title: Message,
  message: Message,
  severity: Severity,
  /** Part of MEX or engine id that speaks, e.g. `gates`, `engine.supply_chain.sbom`. */
  source: ShortId,
  /** Where it shows: `operation`, `registry`, `log`, `store`, `scan` … */
  surface: ShortId,
  tool: Type.Optional(ShortId),
  code: ShortId,
  tags: Type.Optional(Type.Array(ShortId, { maxItems: BOUNDS.maxTags })),
  locations: Type.Array(ProblemLocation, { maxItems: BOUNDS.maxLocations }),
  job_id: Type.Optional(ShortId),
  capability_id: Type.Optional(ShortId),
  policy_decision_id: Type.Optional(ShortId),
  evidence_refs: Type.Optional(Type.Array(Type.String({ maxLength: 256 }), { maxItems: 256 })),
  link_confidence: Type.Union([
    Type.Literal('direct'),
    Type.Literal('inferred'),
    Type.Literal('ambiguous'),
    Type.Literal('unlinked'),
  ]),
};

/** What a reporter says; the recorder adds identity, fingerprint, status and counts. */
export const ProblemReport = Type.Object(content, { ...CLOSED, $id: 'mex:problem-report' });
export type ProblemReport = Static<typeof ProblemReport>;

export const ProblemStatus = Type.Union([
  Type.Literal('open'),
  Type.Literal('acknowledged'),
  Type.Literal('muted'),
  Type.Literal('resolved'),
]);
export type ProblemStatus = Static<typeof ProblemStatus>;

/** A Diagnostic as an operator sees it, grouped by fingerprint (CONTRACT §11). */
export const Problem = Type.Object(
  {
    id: Uuid,
    fingerprint: Sha256,
    ...content,
    status: ProblemStatus,
    /** First time seen. */
    timestamp: Timestamp,
    last_seen: Timestamp,
    count: Type.Integer({ minimum: 1 }),
  },
  { ...CLOSED, $id: 'mex:problem' },
);
export type Problem = Static<typeof Problem>;
