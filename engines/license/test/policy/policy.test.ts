import { describe, expect, it } from 'vitest';
import { parseExpression } from '../../src/expression/parse.ts';
import { judge, preparePolicy } from '../../src/policy/policy.ts';
import { codesOf, directory, document, run } from '../engine-run.ts';

const verdict = (expression: string, source: { allow?: string[]; deny?: string[] }): string =>
  judge(parseExpression(expression).expression, preparePolicy(source, undefined));

describe('verdicts', () => {
  it.each([
    ['MIT OR GPL-3.0-only', 'allowed'],
    ['MIT AND GPL-3.0-only', 'denied'],
    ['MIT AND ISC', 'not-allowed'],
    ['(MIT OR GPL-3.0-only) AND (GPL-3.0-only OR Apache-2.0)', 'allowed'],
    ['GPL-3.0-or-later', 'denied'],
    ['GPL-2.0-or-later', 'denied'],
    ['GPL-2.0-only WITH Classpath-exception-2.0', 'allowed'],
    ['GPL-2.0-only', 'not-allowed'],
    ['GPL-3.0-only WITH GCC-exception-3.1', 'denied'],
  ])('%s is %s', (expression, expected) => {
    expect(
      verdict(expression, {
        allow: ['MIT', 'Apache-2.0', 'GPL-2.0-only WITH Classpath-exception-2.0'],
        deny: ['GPL-3.0-only'],
      }),
    ).toBe(expected);
  });

  it('without allow everything but deny passes', () => {
    expect(verdict('ISC', { deny: ['GPL-3.0-only'] })).toBe('allowed');
    expect(verdict('ISC', {})).toBe('allowed');
  });
});

const entry = (name: string, more: object = {}): object => ({
  package: name,
  reason: 'looked at',
  author: 'ops',
  expires: '2027-01-31',
  ...more,
});
const TODAY = { timestamp: '2026-11-21T00:00:00Z' };
const files = directory({
  'node_modules/a/package.json': '{"name":"a","version":"1.0.0"}',
  'node_modules/g/package.json': '{"name":"g","version":"1.0.0","license":"GPL-3.0-only"}',
});

describe('exceptions', () => {
  it('one with a license takes the place of UNKNOWN, one without accepts a package as it is', async () => {
    const result = await run([files], {
      allow: ['MIT'],
      exceptions: [entry('a', { license: 'Zlib OR MIT' }), entry('g@1.0.0')],
      ...TODAY,
    });
    expect(codesOf(result)).toEqual(['LICENSE_EXCEPTION_USED', 'LICENSE_EXCEPTION_USED']);
  });

  it('one whose license is not allowed accepts nothing', async () => {
    const result = await run([files], {
      allow: ['MIT'],
      deny: ['GPL-3.0-only'],
      exceptions: [entry('a', { license: 'GPL-3.0-only' })],
      ...TODAY,
    });
    expect(codesOf(result, 'npm:a@1.0.0')).toEqual(['LICENSE_DENIED']);
  });

  it('[§13] an expired one counts as absent and is a warning', async () => {
    const result = await run([files], {
      exceptions: [entry('a', { expires: '2026-11-20' }), entry('g', { expires: '2026-11-21' })],
      ...TODAY,
    });
    expect(codesOf(result)).toEqual(['LICENSE_EXCEPTION_EXPIRED', 'LICENSE_UNKNOWN']);
  });

  it('one for a family of names settles what is UNKNOWN, and overrules nothing that was found', async () => {
    const family = directory({
      'node_modules/@a/x/package.json': '{"name":"@a/x","version":"1.0.0"}',
      'node_modules/@a/y/package.json': '{"name":"@a/y","version":"1.0.0","license":"GPL-3.0-only"}',
      'node_modules/@ab/z/package.json': '{"name":"@ab/z","version":"1.0.0"}',
    });
    const result = await run([family], {
      allow: ['MIT'],
      exceptions: [entry('@a/*', { license: 'MIT' })],
      ...TODAY,
    });
    expect(codesOf(result, 'npm:@a/x@1.0.0')).toEqual(['LICENSE_EXCEPTION_USED']);
    expect(codesOf(result, 'npm:@a/y@1.0.0')).toEqual(['LICENSE_NOT_ALLOWED']);
    expect(codesOf(result, 'npm:@ab/z@1.0.0')).toEqual(['LICENSE_UNKNOWN']);
  });

  it('one for another version does not count', async () => {
    const result = await run([files], { exceptions: [entry('a@2.0.0')], ...TODAY });
    expect(codesOf(result, 'npm:a@1.0.0')).toEqual(['LICENSE_UNKNOWN']);
  });
});

describe('[§14 E] a policy that cannot be used ends the operation', () => {
  it.each([
    ['an unknown license', { allow: ['MIT', 'Foo-1.0'] }],
    ['a compound', { deny: ['MIT OR ISC'] }],
    ['an empty allow', { allow: [] }],
    ['an exception without a date to compare with', { exceptions: [entry('a')] }],
    ['an exception without a reason', { exceptions: [entry('a', { reason: ' ' })], ...TODAY }],
    ['an exception with a wrong date', { exceptions: [entry('a', { expires: '31.1.2027' })], ...TODAY }],
    ['an exception for everything', { exceptions: [entry('*', { license: 'MIT' })], ...TODAY }],
    ['an exception for a part of names', { exceptions: [entry('@a/*-x', { license: 'MIT' })], ...TODAY }],
    ['an exception for many without a license', { exceptions: [entry('@a/*')], ...TODAY }],
    ['an exception with an unknown license', { exceptions: [entry('a', { license: 'Foo' })], ...TODAY }],
  ])('%s', async (_what, params) => {
    await expect(run([files], params)).rejects.toMatchObject({ code: 'LICENSE_POLICY_INVALID' });
  });

  it.each([
    ['an unknown field', { allow: ['MIT'], allows: ['ISC'] }],
    ['a field of the wrong kind', { allow: 'MIT' }],
    ['an exception that is a text', { exceptions: ['a'] }],
    ['an exception without author', { exceptions: [{ package: 'a', reason: 'r', expires: '2027-01-31' }] }],
  ])('a document with %s', async (_what, fields) => {
    const policy = document('policy.json', { schema_version: 'mex.license_policy@1.0', ...fields });
    await expect(run([files, policy], TODAY)).rejects.toMatchObject({ code: 'LICENSE_POLICY_INVALID' });
  });

  it('a document that is right is used', async () => {
    const policy = document('policy.json', {
      schema_version: 'mex.license_policy@1.0',
      allow: ['MIT'],
      exceptions: [entry('a')],
    });
    expect(codesOf(await run([files, policy], TODAY))).toEqual(['LICENSE_EXCEPTION_USED', 'LICENSE_NOT_ALLOWED']);
  });
});
