import { describe, expect, it } from 'vitest';
import { exitOfError, exitOfResult } from '../src/exit-codes.ts';

describe('[§16] exit codes', () => {
  it.each([
    ['validation', 'X', 2],
    ['policy', 'POLICY_INVALID', 2],
    ['policy', 'POLICY_PATH_ESCAPE', 3],
    ['capability', 'HSK-4001', 3],
    ['validation', 'OPERATION_ID_REUSED', 3],
    ['tool', 'X', 4],
    ['sandbox', 'X', 4],
    ['internal', 'X', 4],
    ['canceled', 'X', 5],
    ['integrity', 'ARTIFACT_CORRUPT', 6],
    ['integrity', 'ARTIFACT_NOT_FOUND', 2],
  ] as const)('an error of kind %s (%s) is %d', (kind, code, exit) => {
    expect(exitOfError({ kind, code })).toBe(exit);
  });

  it.each([
    ['succeeded', [], 0],
    ['denied', ['policy'], 3],
    ['failed', ['tool'], 4],
    ['failed', ['tool', 'integrity'], 6],
    ['cancelled', ['canceled'], 5],
    ['timed_out', ['budget'], 5],
  ] as const)('a result that %s with %j is %d', (status, kinds, exit) => {
    const errors = kinds.map((kind) => ({ code: 'X', kind, message: '', retryable: false }));
    expect(exitOfResult({ status, errors })).toBe(exit);
  });
});
