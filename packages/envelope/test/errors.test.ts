import { CHECKERS, MexError, toErrorData } from '@mex/envelope';
import { describe, expect, it } from 'vitest';

const error = new MexError({ code: 'ENGINE_UNKNOWN', kind: 'validation', message: 'No engine.', remedy: 'Look.' });

describe('MexError', () => {
  it('is an Error with code, kind, remedy and cause; it is not worth retrying unless it says so', () => {
    const cause = new Error('why');
    const full = new MexError({ code: 'X', kind: 'tool', message: 'm', retryable: true, cause });
    expect(full).toBeInstanceOf(Error);
    expect(full).toMatchObject({
      name: 'MexError',
      code: 'X',
      kind: 'tool',
      retryable: true,
      cause,
      remedy: undefined,
    });
    expect(error).toMatchObject({ retryable: false, remedy: 'Look.' });
    expect('cause' in error).toBe(false);
  });

  it('crosses threads and wires as plain data, without stack and cause', () => {
    const data = toErrorData(new MexError({ code: 'X', kind: 'tool', message: 'm', cause: new Error('secret') }));
    expect(data).toEqual({ code: 'X', kind: 'tool', message: 'm', retryable: false });
    expect(structuredClone(data)).toEqual(data);
    expect(JSON.stringify(toErrorData(error))).toBe(
      '{"code":"ENGINE_UNKNOWN","kind":"validation","message":"No engine.","retryable":false,"remedy":"Look."}',
    );
  });

  it('has no half characters in its message, which ends up in records', () => {
    expect(new MexError({ code: 'X', kind: 'tool', message: '😀'.slice(0, 1) }).message).toBe('\ufffd');
  });

  it('[§4] its data is what an EngineResult carries', () => {
    const refused = CHECKERS.engineResult.issues({ errors: [toErrorData(error)] }, 100).map((issue) => issue.path);
    expect(refused.filter((path) => path.startsWith('/errors'))).toEqual([]);
  });
});

describe('toErrorData of anything else', () => {
  const hostile = new Proxy(
    {},
    {
      get() {
        throw new Error('secret');
      },
      getPrototypeOf() {
        throw new Error('secret');
      },
    },
  );

  it.each([
    ['an Error', new Error('the token is hunter2')],
    ['a text', 'hunter2'],
    ['undefined', undefined],
    ['null', null],
    [
      'something that only looks like a MexError',
      { code: 'OK', kind: 'tool', message: 'hunter2', toData: () => 'hunter2' },
    ],
    ['a proxy that throws', hostile],
  ])('%s is INTERNAL, its text withheld', (_what, thrown) => {
    const data = toErrorData(thrown);
    expect(data).toMatchObject({ code: 'INTERNAL', kind: 'internal', retryable: false });
    expect(JSON.stringify(data)).not.toContain('hunter2');
  });
});
