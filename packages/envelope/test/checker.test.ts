import {
  CHECKERS,
  compileParamsSchema,
  createChecker,
  flightEventIssues,
  isFlightEvent,
  parseOperation,
} from '@mex/envelope';
import { Type } from '@sinclair/typebox';
import { describe, expect, it } from 'vitest';
import { refusalOf } from './json/refusal-of.ts';

const shape = Type.Object(
  { name: Type.String({ maxLength: 5 }), list: Type.Optional(Type.Array(Type.Integer())) },
  { additionalProperties: false },
);

function cyclic(): object {
  const value: { name: string; list: unknown[] } = { name: 'a', list: [] };
  value.list.push(value);
  return value;
}

const boom = (): never => {
  throw new Error('boom');
};
const HOSTILE: readonly (readonly [string, () => unknown])[] = [
  [
    'a getter that throws',
    () => ({
      get name() {
        return boom();
      },
    }),
  ],
  [
    'a proxy whose every trap throws',
    () => new Proxy({}, { get: boom, has: boom, ownKeys: boom, getPrototypeOf: boom, getOwnPropertyDescriptor: boom }),
  ],
  [
    'a revoked proxy',
    () => {
      const { proxy, revoke } = Proxy.revocable({}, {});
      revoke();
      return proxy;
    },
  ],
  ['a proxy of an array whose length throws', () => ({ name: 'a', list: new Proxy([1], { get: boom }) })],
  ['a cycle', cyclic],
  ['an object without prototype that throws', () => Object.create(null, { name: { enumerable: true, get: boom } })],
  ['a throwing toString', () => ({ name: { toString: boom, [Symbol.toPrimitive]: boom } })],
  ['a bigint', () => ({ name: 1n })],
  ['a symbol', () => ({ name: Symbol('x') })],
];

const checkers = [
  ['a TypeBox schema', createChecker(shape)],
  ['a params schema', compileParamsSchema(JSON.parse(JSON.stringify(shape)))],
  ['PlannedOperation', CHECKERS.operation],
] as const;

describe.each(checkers)('a checker of %s', (_what, checker) => {
  it.each(HOSTILE)('[§2] answers no to %s, without throwing', (_name, make) => {
    expect(checker.check(make())).toBe(false);
    expect(checker.issues(make()).length).toBeGreaterThan(0);
    expect(refusalOf(() => checker.parse(make(), 'It')).code).toBe('ENVELOPE_INVALID');
  });
});

describe('the doors for values that are not text', () => {
  it.each(HOSTILE)('[§3] parseOperation refuses %s by its code', (_name, make) => {
    expect(refusalOf(() => parseOperation(Object(make()))).code).toBe('ENVELOPE_INVALID');
  });

  it.each(HOSTILE)('[§11] %s is no event', (_name, make) => {
    expect(isFlightEvent(make())).toBe(false);
    expect(flightEventIssues(make()).length).toBeGreaterThan(0);
  });

  it('[§3] an accessor cannot show one schema version and then another', () => {
    const value = {
      get schema_version() {
        return 'poe-1.0';
      },
    };
    expect(refusalOf(() => parseOperation(value)).code).toBe('ENVELOPE_INVALID');
  });
});

describe('what a checker says', () => {
  const checker = createChecker(shape);

  it('is nothing about a value that fits', () => {
    expect(checker.issues({ name: 'abc' })).toEqual([]);
    const value = { name: 'abc' };
    expect(checker.parse(value, 'It')).toBe(value);
  });

  it('names the place and at most as many issues as asked for', () => {
    const list = Array.from({ length: 1_000 }, () => 'x');
    expect(checker.issues({ name: 'abc', list })).toHaveLength(5);
    expect(checker.issues({ name: 'abc', list }, 1)).toEqual([{ path: '/list/0', message: 'Expected integer' }]);
  });

  it('keeps hostile member names short and on one line', () => {
    const value = { name: 'a', [`${'k'.repeat(100_000)}`]: 1, 'a\nb\u202e\ud800': 1 };
    const { message } = refusalOf(() => checker.parse(value, 'It'));
    expect(message.length).toBeLessThan(1_200);
    expect(message).not.toMatch(/[\p{C}\n]/u);
    expect(message).toContain('a\\u{a}b\\u{202e}\\u{d800}');
  });

  it('a schema that does not compile is a fault of the programmer and is not hidden', () => {
    const broken = createChecker({ ...Type.String(), pattern: '(' });
    expect(() => broken.check('x')).toThrow();
  });
});
