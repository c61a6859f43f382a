import { createChecker } from '@mex/envelope';
import { type Static, Type } from '@sinclair/typebox';

/*
 * The report of one certification: what was run, and what came out. Machine-readable, and the source of every other
 * form. Its canonical JSON is what a certificate names by digest.
 */

const CLOSED = { additionalProperties: false } as const;
const Sha256 = Type.String({ pattern: '^[0-9a-f]{64}$' });
const Timestamp = Type.String({ pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$' });
const Short = Type.String({ minLength: 1, maxLength: 256 });
const Text = Type.String({ maxLength: 2_000 });
const Seed = Type.String({ pattern: '^[0-9a-f]{32}$' });
const Count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const TierName = Type.Union([Type.Literal('thread'), Type.Literal('process')]);

/** One thing that is wrong: what happened, where, and what to do next. */
const Finding = Type.Object(
  {
    what: Text,
    where: Type.Object(
      {
        tier: Type.Optional(TierName),
        operation: Type.Optional(Short),
        vector: Type.Optional(Short),
        /** A call of the engine, a member of the manifest, a file. */
        at: Type.Optional(Text),
      },
      CLOSED,
    ),
    remedy: Text,
  },
  CLOSED,
);
export type Finding = Static<typeof Finding>;

/**
 * `not_applicable`: nothing of this engine can be judged by it, as its manifest, or a measurement, says. `skipped`: a case
 * it builds on failed, or was not asked for. `expected_failure`: it failed, and is listed as one that may.
 */
const CaseStatus = Type.Union([
  Type.Literal('passed'),
  Type.Literal('failed'),
  Type.Literal('expected_failure'),
  Type.Literal('skipped'),
  Type.Literal('not_applicable'),
]);
export type CaseStatus = Static<typeof CaseStatus>;

const CaseResult = Type.Object(
  {
    id: Type.String({ pattern: '^[A-Z]+-\\d{3}$' }),
    area: Short,
    clause: Short,
    title: Text,
    status: CaseStatus,
    /** Why it was skipped or does not apply; absent otherwise. */
    reason: Type.Optional(Text),
    /** How many things were compared; 0 only where nothing was run. */
    checks: Count,
    /** At most 32 of what is wrong. */
    findings: Type.Array(Finding, { maxItems: 32 }),
    /** How many more findings there were. */
    more_findings: Count,
    /** Of all tiers together, in ms. */
    duration_ms: Count,
  },
  CLOSED,
);
export type CaseResult = Static<typeof CaseResult>;

const TierResult = Type.Object(
  {
    name: TierName,
    state: Type.Union([Type.Literal('tested'), Type.Literal('unavailable'), Type.Literal('not_asked')]),
    reason: Type.Optional(Text),
  },
  CLOSED,
);

/** `mex.conformance_report@1.0` (CONTRACT §15). */
export const ConformanceReport = Type.Object(
  {
    schema_version: Type.Literal('mex.conformance_report@1.0'),
    /** `passed` only when nothing failed or was skipped, in every tier that was asked for. */
    verdict: Type.Union([Type.Literal('passed'), Type.Literal('failed')]),
    /** Whether every case of the requirement set was asked for. Without it there is no certificate. */
    complete: Type.Boolean(),
    engine: Type.Object(
      { engine_id: Short, engine_version: Short, bundle_sha256: Sha256, manifest_sha256: Sha256 },
      CLOSED,
    ),
    contract_version: Short,
    harness: Type.Object({ version: Short, requirements_sha256: Sha256 }, CLOSED),
    vectors: Type.Object({ sha256: Sha256, count: Count, golden: Count, reject: Count }, CLOSED),
    tiers: Type.Array(TierResult, { minItems: 1, maxItems: 2 }),
    environment: Type.Object({ runtime: Short, runtime_version: Short, os: Short, arch: Short }, CLOSED),
    started_at: Timestamp,
    ended_at: Timestamp,
    duration_ms: Count,
    /** Operations that were run. */
    operations: Count,
    /** What was drawn by chance is drawn again with it. */
    seed: Seed,
    counts: Type.Object(
      { passed: Count, failed: Count, expected_failure: Count, skipped: Count, not_applicable: Count },
      CLOSED,
    ),
    cases: Type.Array(CaseResult, { maxItems: 4_096 }),
  },
  { ...CLOSED, $id: 'mex:conformance-report' },
);
export type ConformanceReport = Static<typeof ConformanceReport>;

/** Checks a report that was read from somewhere: `reportChecker.parse(value, 'The report')`. */
export const reportChecker = createChecker(ConformanceReport);
