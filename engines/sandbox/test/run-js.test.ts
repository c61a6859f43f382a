import { loadVectors, testOperation, verifyVector } from '@mex/engine-sdk/testing';
import { describe, expect, it } from 'vitest';
import engine from '../src/engine.ts';
import { codeOf, resultOf, runScript } from './run.ts';

describe('sandbox.run_js', () => {
  it('gives args and inputs in, and result, console and files out', async () => {
    const inputs = [
      { content: '{"a":[1]}', name: 'data.json' },
      { files: { 'a/b.txt': 'hi', 'c.bin': new Uint8Array([0, 255]) }, name: 'tree' },
    ];
    const script = `
      console.log('rows', inputs.length, { n: 1 });
      console.warn('careful');
      files.write('out/a.txt', inputs[1].text() + args.suffix);
      files.write('b.bin', new Uint16Array([1, 2]));
      const later = await new Promise((resolve) => Promise.resolve(41).then((n) => resolve(n + 1)));
      return { later, data: inputs[0].json(), names: inputs.map((i) => [i.name, i.path, i.size]), bytes: [...inputs[2].bytes()] };`;
    const run = await runScript(script, { args: { suffix: '!' } }, inputs);
    expect(run.summary).toMatchObject({
      result: {
        later: 42,
        data: { a: [1] },
        names: [
          ['data.json', '', 9],
          ['tree', 'a/b.txt', 2],
          ['tree', 'c.bin', 2],
        ],
        bytes: [0, 255],
      },
      console_lines: 2,
      files: ['b.bin', 'out/a.txt'],
    });
    expect(run.outputs['console.txt']?.text()).toBe('rows 3 {"n":1}\n[warn] careful\n');
    const tar = run.outputs['files.tar']?.bytes ?? new Uint8Array();
    const text = new TextDecoder('latin1').decode(tar);
    expect([text.slice(0, 5), text.slice(257, 262), Array.from(tar.subarray(512, 516))]).toEqual([
      'b.bin',
      'ustar',
      [1, 0, 2, 0],
    ]);
    expect(text.slice(2 * 512, 2 * 512 + 9)).toBe('out/a.txt');
    expect(text.slice(3 * 512, 3 * 512 + 3)).toBe('hi!');
  });

  it('the script may be the first input', async () => {
    const inputs = [
      { content: 'return inputs.map((i) => i.name)', name: 'script.js' },
      { content: 'x', name: 'x' },
    ];
    const run = await testOperation(engine, 'sandbox.run_js', { params: {}, inputs });
    expect(run.summary).toMatchObject({ result: ['x'] });
  });

  it('[§6] time stands still, chance follows the seed, and nothing of a run is there in the next', async () => {
    const script = `globalThis.left = (globalThis.left ?? 0) + 1; Math.random.x = 1;
      return [Date.now(), new Date().toISOString(), new Date(2020, 1, 1).getTime(), Date.UTC(2000), typeof Date(), new Date() instanceof Date, Math.random(), Math.random(), left];`;
    const first = await resultOf(script, { seed: 7 });
    expect(Array.isArray(first) && first.slice(0, 6)).toEqual([
      946_684_800_000,
      '2000-01-01T00:00:00.000Z',
      1_580_515_200_000,
      946_684_800_000,
      'string',
      true,
    ]);
    expect(await resultOf(script, { seed: 7 })).toEqual(first);
    expect(await resultOf(script, { seed: 8 })).not.toEqual(first);
    expect(await resultOf('return new Date().toISOString()', { now: '2024-02-29T01:02:03Z' })).toBe(
      '2024-02-29T01:02:03.000Z',
    );
  });

  it('[§6] steps are counted, not timed: the same script takes the same', async () => {
    const script = 'let n = 0; for (let i = 0; i < 300000; i++) n += i; return n;';
    const [first, second] = [await runScript(script), await runScript(script)];
    expect(first.summary).toEqual(second.summary);
    expect(first.summary?.['steps']).toBeGreaterThan(300_000);
  });

  it.each([
    ['no script', undefined, 'SANDBOX_NO_SCRIPT'],
    ['a syntax error', 'return (', 'SANDBOX_SCRIPT_FAILED'],
    ['a promise that nothing settles', 'return new Promise(() => {})', 'SANDBOX_SCRIPT_FAILED'],
    ['a thrown nothing', 'throw undefined', 'SANDBOX_SCRIPT_FAILED'],
    ['a function as a result', 'return () => 1', 'SANDBOX_SCRIPT_FAILED'],
    ['a BigInt as a result', 'return 1n', 'SANDBOX_SCRIPT_FAILED'],
    ['half a character in the result', 'return "\\ud800"', 'SANDBOX_RESULT_INVALID'],
  ] as const)('[§15] %s ends with its code', async (_what, script, code) => {
    const all = script === undefined ? {} : { script };
    expect((await testOperation(engine, 'sandbox.run_js', { params: all })).error?.code).toBe(code);
  });

  it('[§3] a result of any size is an artifact; the summary has small ones only', async () => {
    const run = await runScript('return "x".repeat(100000)');
    expect(run.summary).toMatchObject({ result_bytes: 100_002 });
    expect(run.summary).not.toHaveProperty('result');
    expect(run.outputs['result.json']?.bytes.length).toBe(100_003);
  });

  it('[§14] secrets and control characters in words for a person are taken out', async () => {
    const token = `gh${'p_'}${'aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC2dF4hJ6'}`;
    const run = await runScript(`console.log('\\u001b[31m${token}'); return 1`);
    expect(run.outputs['console.txt']?.text()).toBe('***REDACTED***\n');
    const failed = await runScript(`throw new Error('${token}')`);
    expect(failed.error?.message).not.toContain(token);
  });

  it('too much input is refused before it is read', async () => {
    const inputs = [{ content: new Uint8Array(33 * 1024 * 1024), name: 'x' }];
    expect((await runScript('return 1', {}, inputs)).error?.code).toBe('SANDBOX_INPUT_TOO_LARGE');
  });
});

describe('[§15] vectors', () => {
  it.each(loadVectors(new URL('../conformance/', import.meta.url)))('$name: $title', async (vector) => {
    await verifyVector(engine, vector);
  });
});

it('[§9] the module that the manifest names is the one in the package', async () => {
  // Nothing else runs in the sandbox, so a package that changed would be an engine that never starts.
  expect(await codeOf('return 1')).toBeUndefined();
});
