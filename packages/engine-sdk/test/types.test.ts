import { defineEngine, defineOperation, type EngineContext, type EngineToken, Type } from '@mex/engine-sdk';
import { revealEngine } from '@mex/engine-sdk/bundle';
import { describe, expect, expectTypeOf, it } from 'vitest';

const greet = {
  title: 'Greet',
  description: 'Greets.',
  outputs: [
    { name: 'greeting.txt', kind: 'file', mime: 'text/plain' },
    { name: 'raw.json', kind: 'tool_output', mime: 'application/json', evidence: true },
  ],
  capabilities: ['fs.write:artifacts'],
} as const;

describe('defineOperation types `run` from the declaration', () => {
  it('params, names of outputs, error codes', () => {
    const operation = defineOperation({
      title: 'Greet',
      description: 'Greets.',
      params: Type.Object({
        name: Type.String(),
        times: Type.Optional(Type.Integer()),
        tone: Type.Union([Type.Literal('warm'), Type.Literal('cold')]),
        words: Type.Map(Type.String()),
      }),
      outputs: [
        { name: 'greeting.txt', kind: 'file', mime: 'text/plain' },
        { name: 'raw.json', kind: 'tool_output', mime: 'application/json', evidence: true },
      ],
      capabilities: ['fs.write:artifacts'],
      errors: ['GREET_NOBODY', 'GREET_ODD'],
      async run(context, params, fail) {
        expectTypeOf<Parameters<(typeof context)['write']>[0]>().toEqualTypeOf<'greeting.txt' | 'raw.json'>();
        expectTypeOf(fail).parameter(0).toEqualTypeOf<'GREET_NOBODY' | 'GREET_ODD'>();
        expectTypeOf(params.times).toEqualTypeOf<number | undefined>();
        expectTypeOf(params.tone).toEqualTypeOf<'warm' | 'cold'>();
        expectTypeOf(params.words).toEqualTypeOf<Record<string, string>>();
        // @ts-expect-error no such output
        const stray = () => context.write('other.txt', '');
        // @ts-expect-error no such code
        const undeclared = () => fail('GREET_OTHER', '');
        // @ts-expect-error no such member
        return { stray, undeclared, unknown: params.unknown, length: params.name.length };
      },
    });
    expectTypeOf<Awaited<ReturnType<typeof operation.run>>['length']>().toEqualTypeOf<number>();
    expect(operation.params.additionalProperties).toBe(false);
  });

  it('an operation without outputs writes none; a helper that takes any context takes every context', () => {
    const helper = (context: EngineContext): string => context.opId;
    defineOperation({
      title: 'Nothing',
      description: 'Nothing.',
      params: Type.Object({}),
      outputs: [],
      capabilities: [],
      run(context, _params, fail) {
        expectTypeOf<Parameters<(typeof context)['write']>[0]>().toEqualTypeOf<never>();
        expectTypeOf(fail).parameter(0).toEqualTypeOf<never>();
        return { id: helper(context) };
      },
    });
  });

  it('a token knows its operations, and stands for any engine', () => {
    const token = defineEngine({
      id: 'engine.test.types',
      version: '1.0.0',
      title: 'Types',
      description: 'Types.',
      determinism: 'D3',
      operations: { 'greet.one': defineOperation({ ...greet, params: Type.Object({}), run: () => ({ done: true }) }) },
    });
    expectTypeOf(token).toExtend<EngineToken>();
    expectTypeOf<typeof token>().not.toEqualTypeOf<EngineToken>();
    expect(Object.keys(token)).toEqual(['engineId']);
  });
});

describe('fail', () => {
  it('makes the EngineError of a declared code, retryable where it says so', async () => {
    const token = defineEngine({
      id: 'engine.test.fail',
      version: '1.0.0',
      title: 'Fail',
      description: 'Fails.',
      determinism: 'D3',
      operations: {
        'fail.now': defineOperation({
          ...greet,
          params: Type.Object({}),
          errors: ['FAIL_NOW'],
          run(_context, _params, fail) {
            throw fail('FAIL_NOW', 'as asked', { retryable: true });
          },
        }),
      },
    });
    const operation = revealEngine(token).operations['fail.now'];
    expect(() => operation?.run({} as EngineContext, {})).toThrow(
      expect.objectContaining({ name: 'EngineError', code: 'FAIL_NOW', message: 'as asked', retryable: true }),
    );
  });
});
