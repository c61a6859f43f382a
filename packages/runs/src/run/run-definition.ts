import { createChecker, MexError, parseStrictJson } from '@mex/envelope';
import { digestJson } from '@mex/envelope/digest';
import { type Static, Type } from '@sinclair/typebox';
import { ChangeRefusal } from '../errors.ts';

const CLOSED = { additionalProperties: false } as const;
const Count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });

/** What all operations of a run may spend together (CONTRACT §9). Absent: not limited. */
export const RunBudget = Type.Object(
  {
    /** Seconds since the run was opened. */
    max_runtime_s: Type.Optional(Count),
    max_operations: Type.Optional(Count),
    max_llm_calls: Type.Optional(Count),
    /** Input and output together. */
    max_llm_tokens: Type.Optional(Count),
    /** Of engines, and files that change sets change. */
    max_file_writes: Type.Optional(Count),
    /** Change sets that are tried, refused ones included. */
    max_patch_attempts: Type.Optional(Count),
  },
  CLOSED,
);
export type RunBudget = Static<typeof RunBudget>;

export const RUN_BUDGET_FIELDS = [
  'max_runtime_s',
  'max_operations',
  'max_llm_calls',
  'max_llm_tokens',
  'max_file_writes',
  'max_patch_attempts',
] as const satisfies readonly (keyof RunBudget)[];
export type RunBudgetField = (typeof RUN_BUDGET_FIELDS)[number];

const RunDefinition = Type.Object(
  {
    schema_version: Type.Literal('mex.run@1.0'),
    run_id: Type.String({ pattern: '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' }),
    actor: Type.Object(
      {
        kind: Type.Union([Type.Literal('human'), Type.Literal('agent'), Type.Literal('system')]),
        id: Type.String({ pattern: '^[^\\s\\u0000-\\u001f\\u007f]{1,256}$' }),
      },
      CLOSED,
    ),
    automation_level: Type.String({ pattern: '^[A-Z_]{1,32}$' }),
    /** Absolute path; null: it changes none. */
    workspace: Type.Union([Type.String({ maxLength: 4_096 }), Type.Null()]),
    budget: RunBudget,
    change_budget: Type.Object({ max_files_changed: Count, max_lines_per_file: Count }, CLOSED),
    opened_at: Type.String({ maxLength: 32 }),
  },
  CLOSED,
);
/** What a run is. Nothing in it ever changes; its digest is in the log. */
export type RunDefinition = Static<typeof RunDefinition>;

const checker = createChecker(RunDefinition);

/** @throws MexError `RUN_INVALID` */
export function verifyDefinition(value: unknown): RunDefinition {
  try {
    return checker.parse(value, 'A run');
  } catch (error) {
    throw new ChangeRefusal(
      'RUN_INVALID',
      error instanceof MexError ? error.message : 'A run cannot be read.',
      [],
      error,
    );
  }
}

export function definitionDigest(definition: RunDefinition): string {
  return digestJson(definition);
}

/** Stored bytes are a door. @throws MexError `RUN_TAMPERED` */
export function parseDefinition(text: string): RunDefinition {
  try {
    return checker.parse(parseStrictJson(text), 'A stored run');
  } catch (error) {
    throw new ChangeRefusal('RUN_TAMPERED', 'A stored run cannot be read.', [], error);
  }
}
