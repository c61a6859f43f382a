import type { Static, TSchema } from '@sinclair/typebox';
import { TypeCompiler } from '@sinclair/typebox/compiler';
import { Errors } from '@sinclair/typebox/errors';
import { MexError } from './errors.ts';
import { issueAt, readPointer, type SchemaIssue } from './issue.ts';

/** A compiled schema. None of its functions runs code of the value that it cannot survive: see `wrapChecker`. */
export interface Checker<T> {
  /** Whether `value` has the schema's shape. */
  readonly check: (value: unknown) => value is T;
  /** What is wrong, at most `limit` (default 5) issues; empty when the value fits. */
  readonly issues: (value: unknown, limit?: number) => SchemaIssue[];
  /** @throws MexError `ENVELOPE_INVALID` naming `what` and the first issues. */
  readonly parse: (value: unknown, what: string) => T;
}

const UNREADABLE = issueAt([], 'The value threw an error while it was read');

/**
 * A checker of a check, asked for at each use, and of what explains a refusal. A value that throws when it is looked at (an accessor, a proxy) does not fit; a value
 * that answers differently the second time is not noticed, so such values belong behind `parseStrictJson`.
 */
export function wrapChecker<T>(
  getCheck: () => (value: unknown) => boolean,
  explain: (value: unknown) => Iterable<SchemaIssue>,
): Checker<T> {
  const check = (value: unknown): value is T => {
    const isFitting = getCheck();
    try {
      return isFitting(value);
    } catch {
      // Whatever the value threw is its own affair: it does not have the shape.
      return false;
    }
  };
  const issues = (value: unknown, limit = 5): SchemaIssue[] => {
    if (check(value)) return [];
    const found: SchemaIssue[] = [];
    try {
      for (const issue of explain(value)) {
        if (found.length >= limit) break;
        found.push(issue);
      }
    } catch {
      // Said by the issue that stands in for all.
    }
    return found.length === 0 ? [UNREADABLE] : found;
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
  return { check, issues, parse };
}

/** A checker of a TypeBox schema, compiled at the first check. */
export function createChecker<S extends TSchema>(schema: S): Checker<Static<S>> {
  let compiled: ((value: unknown) => boolean) | undefined;
  return wrapChecker(
    () => {
      if (compiled !== undefined) return compiled;
      const type = TypeCompiler.Compile(schema);
      compiled = (value) => type.Check(value);
      return compiled;
    },
    (value) => explainWithTypeBox(schema, value),
  );
}

function* explainWithTypeBox(schema: TSchema, value: unknown): Iterable<SchemaIssue> {
  for (const { path, message } of Errors(schema, [], value)) yield issueAt(readPointer(path), message);
}
