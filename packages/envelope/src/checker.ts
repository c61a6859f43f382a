import type { Static, TSchema } from '@sinclair/typebox';
import { TypeCompiler } from '@sinclair/typebox/compiler';
import { Value } from '@sinclair/typebox/value';
import { MexError } from './errors.ts';

/** One thing wrong with a value: where (JSON Pointer) and what was expected. */
export interface SchemaIssue {
  readonly path: string;
  readonly message: string;
}

/** A compiled schema. Compilation happens at the first check. */
export interface Checker<T> {
  readonly schema: TSchema;
  /** Whether `value` has the schema's shape. */
  readonly check: (value: unknown) => value is T;
  /** What is wrong, at most `limit` (default 5) issues; empty when the value fits. */
  readonly issues: (value: unknown, limit?: number) => SchemaIssue[];
  /** @throws MexError `ENVELOPE_INVALID` naming `what` and the first issues. */
  readonly parse: (value: unknown, what: string) => T;
}

/** Wraps a TypeBox schema. The returned checker does not throw on hostile values. */
export function createChecker<S extends TSchema>(schema: S): Checker<Static<S>> {
  type T = Static<S>;
  let compiled: ((value: unknown) => boolean) | undefined;
  const check = (value: unknown): value is T => {
    if (compiled === undefined) {
      const type = TypeCompiler.Compile(schema);
      compiled = (candidate) => type.Check(candidate);
    }
    return compiled(value);
  };
  const issues = (value: unknown, limit = 5): SchemaIssue[] => {
    if (check(value)) return [];
    const found: SchemaIssue[] = [];
    for (const error of Value.Errors(schema, value)) {
      found.push({ path: error.path === '' ? '/' : error.path, message: error.message });
      if (found.length >= limit) break;
    }
    return found;
  };
  const parse = (value: unknown, what: string): T => {
    if (check(value)) return value;
    const text = issues(value, 3).map((issue) => `${issue.path}: ${issue.message}`);
    throw new MexError({
      code: 'ENVELOPE_INVALID',
      kind: 'validation',
      message: `${what} does not have the required shape: ${text.join('; ').slice(0, 1_000)}`,
      remedy: 'Compare it with the published JSON Schema of this document.',
    });
  };
  return { schema, check, issues, parse };
}
