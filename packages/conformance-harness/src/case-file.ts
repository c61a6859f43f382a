import { createChecker } from '@mex/envelope';
import { type Static, Type } from '@sinclair/typebox';

const CLOSED = { additionalProperties: false } as const;
const CaseId = Type.String({ pattern: '^[A-Z]+-\\d{3}$' });
const Text = Type.String({ minLength: 1, maxLength: 1_000 });

/**
 * What an engine must have, by its manifest, for a case to apply to it: never by what it does. `package`: it was handed in
 * as a package. `several-tiers`: more than one tier is tested.
 */
const Need = Type.Union(
  (
    [
      'bound-vectors',
      'bundle-inputs',
      'calls',
      'capabilities',
      'consent',
      'frozen',
      'inputs',
      'live',
      'network',
      'outputs',
      'package',
      'params',
      'programs',
      'scopes',
      'secrets',
      'several-tiers',
    ] as const
  ).map((need) => Type.Literal(need)),
);
export type Need = Static<typeof Need>;

/** One case, `cases/<area>/<name>/case.json`: data. What it does is the code of its probe. */
export const ConformanceCase = Type.Object(
  {
    schema_version: Type.Literal('mex.conformance_case@1.0'),
    id: CaseId,
    /** Place in the contract that it proves. */
    clause: Text,
    title: Text,
    applies: Type.Object({ needs: Type.Array(Need, { uniqueItems: true }) }, CLOSED),
    /** Cases that must have passed, for this one to say anything. */
    builds_on: Type.Array(CaseId, { uniqueItems: true }),
    /** Name of a function in `src/probes`. */
    probe: Type.String({ pattern: '^[a-z]+(-[a-z]+)*$' }),
    with: Type.Record(Type.String(), Type.Unknown()),
    expect: Type.Record(Type.String(), Type.Unknown()),
    /** What an author does about it, where a finding says nothing of its own. */
    remedy: Text,
  },
  { ...CLOSED, $id: 'mex:conformance-case' },
);
export type ConformanceCase = Static<typeof ConformanceCase>;

/** Which cases there are in which version of the harness: none goes or changes its meaning unnoticed. */
export const RequirementSet = Type.Object(
  {
    schema_version: Type.Literal('mex.conformance_requirements@1.0'),
    harness_version: Type.String({ pattern: '^\\d+\\.\\d+\\.\\d+$' }),
    contract_version: Text,
    /** In the order in which they are run. */
    cases: Type.Array(Type.Object({ id: CaseId, since: Text }, CLOSED), { minItems: 1, maxItems: 4_096 }),
  },
  { ...CLOSED, $id: 'mex:conformance-requirements' },
);
export type RequirementSet = Static<typeof RequirementSet>;

/** Cases that an engine may fail for now. One that passes must leave the file: a stale entry fails. */
export const ExpectedFailures = Type.Object(
  {
    schema_version: Type.Literal('mex.conformance_expected_failures@1.0'),
    entries: Type.Array(
      Type.Object({ case: CaseId, engine_id: Text, reason: Text, until: Type.Optional(Text) }, CLOSED),
    ),
  },
  { ...CLOSED, $id: 'mex:conformance-expected-failures' },
);
export type ExpectedFailures = Static<typeof ExpectedFailures>;

export const caseChecker = createChecker(ConformanceCase);
export const requirementChecker = createChecker(RequirementSet);
export const expectedFailureChecker = createChecker(ExpectedFailures);
