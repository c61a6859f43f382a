import { describe, expect, it } from 'vitest';
import { codeOf, resultOf, runScript } from './run.ts';

const SHORT = { max_steps: 5_000_000 };

describe('[§9] what a script cannot reach', () => {
  it('nothing of the host has a name', async () => {
    const names =
      'process require module WebAssembly fetch host std os Deno Bun setTimeout print load __mex_register__ performance crypto navigator SharedArrayBuffer Worker';
    const script = `return '${names}'.split(' ').filter((name) => name in globalThis || typeof eval('typeof ' + name + ' === "undefined" ? undefined : ' + name) !== 'undefined')`;
    expect(await resultOf(script)).toEqual([]);
  });

  it.each([
    ['the constructor of a function', 'return (() => {}).constructor("return typeof process + typeof WebAssembly")()'],
    [
      'the constructor of an async function',
      'return await (async () => {}).constructor("return typeof process + typeof WebAssembly")()',
    ],
    [
      'the constructor of a generator',
      'return (function* () {}).constructor("yield typeof process + typeof WebAssembly")().next().value',
    ],
    [
      'the constructor of what it is handed',
      'return console.log.constructor("return typeof process + typeof WebAssembly")()',
    ],
    [
      'the constructor of a host function',
      'return files.write.constructor.constructor("return typeof process + typeof WebAssembly")()',
    ],
    ['indirect eval', 'return (0, eval)("typeof process + typeof WebAssembly")'],
    [
      'a getter of an error',
      'try { files.write("..", "x") } catch (e) { return e.constructor.constructor("return typeof process + typeof WebAssembly")() }',
    ],
  ])('%s leads to the interpreter’s own world', async (_what, script) => {
    expect(await resultOf(script)).toBe('undefinedundefined');
  });

  it('no module can be imported', async () => {
    expect(await resultOf('return import("node:fs").then(() => "in", () => "out")')).toBe('out');
    expect(await codeOf('import x from "fs"; return x')).toBe('SANDBOX_SCRIPT_FAILED');
  });

  it('the stack of an error shows nothing of the host', async () => {
    const stack = await resultOf('try { files.write("..", "x") } catch (e) { return e.stack }');
    expect(stack).not.toMatch(/file:|\/(?:work|home|root|usr|tmp)\/|node_modules|engine\.bundle|\.ts/);
  });

  it('polluted prototypes stay inside, and do not change what the host is told', async () => {
    const script = `Object.prototype.polluted = 1; Array.prototype.push = () => { throw 1 }; Array.prototype.toJSON = () => 'lie';
      String.prototype.slice = () => 'lie'; JSON.stringify = () => '{"a":1,"a":2}'; Promise.prototype.then = () => 'lie';
      Object.defineProperty(Object.prototype, 'then', { get() { throw 2 } });
      Math.random = () => 4; return { one: 1 };`;
    const run = await runScript(script);
    expect(run.status === 'succeeded' ? run.outputs['result.json']?.json() : run.error?.code).toEqual(
      'SANDBOX_SCRIPT_FAILED',
    );
    expect(Reflect.has(Object.prototype, 'polluted')).toBe(false);
    expect([].push).toBeTypeOf('function');
  });

  it('a text that is no JSON, from a changed world, is not a result', async () => {
    expect(await codeOf('return { toJSON() { return { __proto__: null, ["__proto__"]: 1 } } }')).toBe(
      'SANDBOX_RESULT_INVALID',
    );
    expect(await codeOf(`let b = []; for (let i = 0; i < 60; i++) b = [b]; return b`)).toBe('SANDBOX_RESULT_INVALID');
  });
});

describe('[§9] what a script cannot exhaust', () => {
  it.each([
    ['an endless loop', 'for (;;);'],
    ['an endless loop that catches everything', 'for (;;) { try { for (;;); } catch {} finally { continue; } }'],
    ['a regular expression that backtracks', 'return /^(a+)+$/.test("a".repeat(40) + "b")'],
    ['a getter of the result', 'return { get x() { for (;;); } }'],
    ['a proxy of the result', 'return new Proxy({}, { ownKeys() { for (;;); } })'],
    ['toJSON of the result', 'return { toJSON() { for (;;); } }'],
    ['the message of an error', 'throw { get message() { for (;;); } }'],
    ['toString of what is logged', 'console.log({ toJSON() { for (;;); } }); return 1'],
    ['a name of a file', 'files.write({ toString() { for (;;); } }, "x")'],
    [
      'jobs without end',
      'let n = 0; const tick = () => { n++; Promise.resolve().then(tick) }; tick(); return new Promise(() => {})',
    ],
    ['a sort that never agrees', 'for (;;) [3, 1, 2].sort(() => { for (;;); })'],
  ])('%s: SANDBOX_STEPS', async (_what, script) => {
    expect(await codeOf(script, SHORT)).toBe('SANDBOX_STEPS');
  });

  it.each([
    ['arrays', 'const a = []; for (;;) a.push(new Uint8Array(1 << 20).fill(1))'],
    ['objects', 'const a = []; for (;;) a.push({ a: [a.length] })'],
    ['a chain of promises', 'const f = () => Promise.resolve().then(f); return f()'],
    ['texts', 'const a = []; for (;;) a.push("x".repeat(65536) + a.length)'],
    ['a map', 'const m = new Map(); for (let i = 0; ; i++) m.set(i, { i })'],
  ])('memory in %s: SANDBOX_MEMORY', async (_what, script) => {
    expect(await codeOf(script, { memory_bytes: 32 * 1024 * 1024 })).toBe('SANDBOX_MEMORY');
  });

  it.each([
    ['one huge text', 'let s = "x"; for (;;) s += s'],
    ['one huge buffer', 'return new ArrayBuffer(2 ** 40)'],
    ['an array of a length', 'return new Array(2 ** 32 - 1).fill(1).length'],
    ['a huge number', 'return String(2n ** 100000000n)'],
    ['recursion', 'const f = () => f() + 1; return f()'],
    ['recursion through natives', 'const o = { toString() { return "" + this } }; return "" + o'],
    ['nested JSON', 'return JSON.parse("[".repeat(100000) + "]".repeat(100000))'],
    ['a nested value as JSON', 'let b = []; for (let i = 0; i < 100000; i++) b = [b]; return JSON.stringify(b)'],
    ['a nested expression', 'return eval("(".repeat(100000) + "1" + ")".repeat(100000))'],
  ])('%s fails, and is over', async (_what, script) => {
    expect(['SANDBOX_SCRIPT_FAILED', 'SANDBOX_MEMORY', 'SANDBOX_STEPS']).toContain(await codeOf(script, SHORT));
  });

  it('a script that caught the end of its memory goes on, in its memory', async () => {
    const script = 'try { const a = []; for (;;) a.push(new Uint8Array(1 << 20)) } catch (e) { return e.message }';
    expect(await resultOf(script)).toBe('out of memory');
  });

  it('a flood of lines is cut, and counted', async () => {
    const run = await runScript('for (let i = 0; i < 5000; i++) console.log("x".repeat(5000)); return 1');
    expect(run.summary).toMatchObject({ console_lines: 1_000, console_lines_dropped: 4_000 });
    expect(run.outputs['console.txt']?.bytes.length).toBeLessThan(2_100_000);
  });

  it.each([
    ['files', 'for (let i = 0; i < 100; i++) { try { files.write("f" + i, "x") } catch {} } return 1'],
    [
      'bytes of files',
      'for (let i = 0; i < 9; i++) { try { files.write("f" + i, new Uint8Array(2 << 20)) } catch {} } return 1',
    ],
    ['bytes of result', 'return "x".repeat(17 << 20)'],
  ])('too many %s: SANDBOX_OUTPUT_LIMIT, whatever it catches', async (_what, script) => {
    expect(await codeOf(script, { memory_bytes: 256 * 1024 * 1024 })).toBe('SANDBOX_OUTPUT_LIMIT');
  });

  it.each(['../x', '/x', 'a/../b', '', 'a//b', '.x', 'x\u0000', 'ä', 'C:\\x', 'x'.repeat(81)])(
    '[§5] no file is called %j',
    async (name) => {
      expect(await codeOf(`files.write(${JSON.stringify(name)}, 'x')`)).toBe('SANDBOX_SCRIPT_FAILED');
    },
  );

  it.each([
    ['a detached buffer', 'const b = new Uint8Array(8); b.buffer.transfer?.(); files.write("a", b); return 1'],
    [
      'a view that shrinks',
      'const b = new ArrayBuffer(8, { maxByteLength: 16 }); const v = new Uint8Array(b); b.resize?.(1); files.write("a", v); return 1',
    ],
    [
      'a length that lies',
      'const v = new Uint8Array(4); Object.defineProperty(v, "length", { value: 2 ** 31 }); files.write("a", v); return 1',
    ],
    [
      'a constructor that lies',
      'Uint8Array.prototype.set = function () {}; files.write("a", new Uint8Array([1])); return 1',
    ],
    ['a proxy of a buffer', 'files.write("a", new Proxy(new Uint8Array(4), {})); return 1'],
  ])('typed arrays: %s costs the script alone', async (_what, script) => {
    const run = await runScript(script, SHORT);
    expect(['succeeded', 'failed']).toContain(run.status);
    expect(run.error?.code ?? 'SANDBOX_SCRIPT_FAILED').toMatch(/^SANDBOX_(?:SCRIPT_FAILED|MEMORY|OUTPUT_LIMIT)$/);
    // The next one finds a world of its own.
    expect(await resultOf('return new Uint8Array([1]).length')).toBe(1);
  });
});
