import type { Attempt, AttemptFile } from '../attempt.ts';

const survives = 'an unprotected worker survives it, too';

/** Ways to end the process, the worker, or the next operation with it. */
const attempts: readonly Attempt[] = [
  { name: 'process.exit', body: `process.exit(1);` },
  { name: 'process.abort', body: `process.abort();`, noControl: 'Node refuses it in a worker' },
  { name: 'process.reallyExit', body: `process.reallyExit(1);` },
  { name: 'process.kill', body: `process.kill(process.pid, 'SIGKILL'); await new Promise((r) => setTimeout(r, 50));` },
  { name: 'exit by import', body: `(await import('node:process')).exit(1);` },
  {
    name: 'exit by process.emit',
    body: `process.emit('uncaughtException', new Error('x'));`,
    noControl: survives,
  },
  {
    name: 'a rejection that nobody handles',
    body: `void Promise.reject(new Error('PRINTED')); await new Promise((r) => setTimeout(r, 20));`,
  },
  {
    name: 'a rejection that nobody handles, and the operation is over',
    body: `void Promise.reject(new Error('PRINTED')); return 'x';`,
  },
  {
    name: 'a rejection some microtasks after the end',
    body: `void (async () => { for (let i = 0; i < 50; i++) await null; throw new Error('PRINTED'); })(); return 'x';`,
  },
  {
    name: 'a thousand rejections after the end',
    body: `for (let i = 0; i < 1000; i++) void Promise.resolve().then(() => Promise.reject(i)); return 'x';`,
  },
  {
    name: 'a rejection by a call of the broker that comes too late',
    body: `void (async () => { for (let i = 0; i < 200; i++) await null; await context.write('out.txt', 'late'); })(); return 'x';`,
    noControl: survives,
  },
  {
    name: 'a rejection in a timer that is over',
    body: `setTimeout(() => { throw new Error('PRINTED'); }, 5); return 'x';`,
    probe: `await new Promise((r) => setTimeout(r, 60)); return 'well';`,
    clean: 'well',
  },
  {
    name: 'an exception in a timer',
    body: `setTimeout(() => { throw new Error('PRINTED'); }, 0); await new Promise((r) => setTimeout(r, 50));`,
  },
  {
    name: 'an exception in a microtask',
    body: `queueMicrotask(() => { throw new Error('PRINTED'); }); await new Promise((r) => setTimeout(r, 20));`,
  },
  {
    name: 'null thrown in a timer',
    body: `setTimeout(() => { throw null; }, 0); await new Promise((r) => setTimeout(r, 50));`,
  },
  {
    name: 'an error whose stack is a trap, nobody handling it',
    body: `const e = new Error('x'); Object.defineProperty(e, 'stack', { get() { throw new Error('PRINTED'); } }); void Promise.reject(e); await new Promise((r) => setTimeout(r, 20));`,
  },
  {
    name: 'an error that inspects itself, nobody handling it',
    body: `const e = { [Symbol.for('nodejs.util.inspect.custom')]() { for (;;); }, get stack() { for (;;); } }; void Promise.reject(e); await new Promise((r) => setTimeout(r, 20));`,
    budget: { wall_time_ms: 300 },
  },
  { name: 'endless recursion', body: `const f = () => f() + 1; f();`, noControl: survives },
  {
    name: 'endless recursion that catches itself',
    body: `let n = 0; const f = () => { try { f(); } catch { if (n++ < 1e4) f(); } }; f();`,
    budget: { wall_time_ms: 400 },
    noControl: survives,
  },
  {
    name: 'endless recursion through a proxy',
    body: `const p = new Proxy({}, { get: (_, k, r) => r[k] }); p.x;`,
    noControl: survives,
  },
  {
    name: 'a chain of a hundred thousand proxies',
    body: `let p = {}; for (let i = 0; i < 1e5; i++) p = new Proxy(p, {}); p.x;`,
    noControl: survives,
  },
  {
    name: 'a chain of a hundred thousand prototypes',
    body: `let p = {}; for (let i = 0; i < 1e5; i++) p = Object.create(p); p.x; return String(p instanceof Map);`,
    noControl: survives,
  },
  {
    name: 'arrays nested a million deep',
    body: `let a = []; for (let i = 0; i < 1e6; i++) a = [a]; return String(a).length + JSON.stringify(a).length;`,
    noControl: survives,
  },
  {
    name: 'a summary nested a hundred thousand deep',
    body: `let a = {}; for (let i = 0; i < 1e5; i++) a = { a }; return a;`,
    bare: true,
    noControl: survives,
  },
  {
    name: 'a text of JSON nested a million deep',
    body: `JSON.parse('['.repeat(1e6) + ']'.repeat(1e6));`,
    noControl: survives,
  },
  {
    name: 'source nested a million deep',
    body: `eval('('.repeat(1e6) + ')'.repeat(1e6));`,
    noControl: survives,
  },
  {
    name: 'a sum of two hundred thousand terms in source',
    body: `return eval('1' + '+1'.repeat(2e5));`,
    noControl: survives,
  },
  {
    name: 'a regular expression nested a hundred thousand deep',
    body: `new RegExp('('.repeat(1e5) + ')'.repeat(1e5)).test('');`,
    noControl: survives,
  },
  {
    name: 'a regular expression of counted groups',
    body: `new RegExp('((((a{1,500}){1,500}){1,500}){1,500})').test('a'.repeat(50));`,
    noControl: survives,
    budget: { wall_time_ms: 400 },
  },
  {
    name: 'classes that inherit ten thousand deep',
    body: `let C = class {}; for (let i = 0; i < 1e4; i++) C = class extends C {}; new C();`,
    noControl: survives,
  },
  {
    name: 'a promise chain of a million links',
    body: `let p = Promise.resolve(); for (let i = 0; i < 3e5; i++) p = Promise.resolve(p).then(() => {}); await p;`,
    noControl: survives,
    budget: { wall_time_ms: 800 },
  },
  {
    name: 'a clone nested a hundred thousand deep',
    body: `let a = []; for (let i = 0; i < 1e5; i++) a = [a]; structuredClone(a);`,
    noControl: survives,
  },
  {
    name: 'a stack of ten million frames',
    body: `Error.stackTraceLimit = 1e9; const f = (n) => (n === 0 ? new Error('x').stack : f(n - 1)); return f(5000).length > 1e5 ? 'x' : 'y';`,
    noControl: survives,
  },
  { name: 'null thrown', body: `throw null;`, noControl: survives },
  { name: 'undefined thrown', body: `throw undefined;`, noControl: survives },
  { name: 'a symbol thrown', body: `throw Symbol('x');`, noControl: survives },
  {
    name: 'a proxy thrown that throws',
    body: `throw new Proxy({}, { get() { throw 1; }, getPrototypeOf() { throw 2; }, has() { throw 3; }, ownKeys() { throw 4; } });`,
    noControl: survives,
  },
  {
    name: 'a revoked proxy thrown',
    body: `const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); throw proxy;`,
    noControl: survives,
  },
  {
    name: 'a revoked proxy returned',
    body: `const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); return proxy;`,
    bare: true,
    noControl: survives,
  },
  { name: 'a text of a hundred megabytes thrown', body: `throw 'x'.repeat(1e8);`, noControl: survives },
  {
    name: 'an error with huge fields thrown',
    body: `throw Object.assign(new Error('x'.repeat(5e7)), { code: 'y'.repeat(5e7), name: 'z'.repeat(1e7) });`,
    noControl: survives,
  },
  {
    name: 'an error that is a thenable',
    body: `throw { then(r) { r(1); }, message: 'x' };`,
    noControl: survives,
  },
  {
    name: 'a summary of a thousand times a thousand names',
    body: `const o = {}; for (let i = 0; i < 1e5; i++) o['k' + i] = i; return o;`,
    bare: true,
    noControl: survives,
  },
  {
    name: 'a summary of three megabytes',
    body: `return { a: 'x'.repeat(3e6) };`,
    bare: true,
    noControl: survives,
  },
  {
    name: 'a summary with names that mean something',
    body: `return JSON.parse('{"__proto__":{"evil":1},"constructor":{"prototype":{"evil":1}},"toJSON":1,"then":2,"hasOwnProperty":3,"length":4}');`,
    bare: true,
    noControl: survives,
  },
  {
    name: 'a summary of lone surrogates and control characters',
    body: `return { a: '\\ud800', ['\\udc00']: '\\u0000\\u001b[2J\\u202e', b: '\\ufeff\\uffff' };`,
    bare: true,
    noControl: survives,
  },
  {
    name: 'a summary of numbers that are none',
    body: `return { a: NaN, b: Infinity, c: -0, d: 1e308, e: 2 ** 53 + 2, f: 5e-324 };`,
    bare: true,
    noControl: survives,
  },
  { name: 'a summary with a big integer', body: `return { a: 1n };`, bare: true, noControl: survives },
  {
    name: 'a summary with raw JSON',
    body: `return { a: JSON.rawJSON('1e9999'), b: JSON.rawJSON('"\\\\ud800"'), c: JSON.rawJSON('123456789012345678901234567890') };`,
    bare: true,
    noControl: survives,
  },
  {
    name: 'a summary with a toJSON that changes its mind',
    body: `let n = 0; return { toJSON: () => (n++ ? 1 : { a: { toJSON: () => 'x'.repeat(1e6) } }) };`,
    bare: true,
    noControl: survives,
  },
  { name: 'a circle returned', body: `const a = {}; a.a = a; return a;`, bare: true, noControl: survives },
  {
    name: 'a million problems',
    body: `for (let i = 0; i < 2e5; i++) context.problem({ code: 'A-B', severity: 'error', title: 'x'.repeat(500), message: 'y'.repeat(4000) });`,
    noControl: survives,
  },
  {
    name: 'problems of every shape',
    body: `for (const p of [null, 1, 'x', [], () => {}, { code: 1 }, { code: 'a' }, { code: 'A'.repeat(1e6), severity: 'error', title: '', message: '' }, { code: 'A', severity: 'fatal', title: '', message: '' }, { code: 'A', severity: 'info', title: '\\ud800', message: '\\u001b]0;x\\u0007' }, { code: 'A', severity: 'info', title: 'x', message: 'y', locations: Array.from({ length: 1e5 }, () => ({ path: 'p'.repeat(5000), line: -1, column: 1e99 })) }]) { try { context.problem(p); } catch {} }`,
    noControl: survives,
  },
  {
    name: 'a flood of log lines',
    body: `for (let i = 0; i < 3e5; i++) context.log('x'.repeat(100));`,
    noControl: survives,
  },
  { name: 'a log line of a hundred megabytes', body: `context.log('x'.repeat(1e8));`, noControl: survives },
  {
    name: 'a flood of console lines',
    body: `for (let i = 0; i < 1e5; i++) console.log('PRINTED '.repeat(20));`,
  },
  {
    name: 'log lines of control sequences',
    body: `for (let i = 0; i < 1000; i++) { context.log('\\u001b['.repeat(900)); context.log('\\u001b]'.repeat(900)); context.log('\\u0090\\u009d'.repeat(900)); }`,
    noControl: survives,
  },
  { name: 'a flood of timers', body: `for (;;) setTimeout(() => {}, 1e6);`, budget: { wall_time_ms: 400 } },
  { name: 'timers that never end', body: `setInterval(() => {}, 0);`, noControl: survives },
  {
    name: 'an output whose name is a megabyte',
    body: `await context.write('n'.repeat(1e6), 'x');`,
    noControl: survives,
  },
  {
    name: 'a path of a megabyte',
    body: `await context.inputs[0].read('p'.repeat(1e6));`,
    noControl: survives,
  },
  {
    name: 'ten thousand calls of the broker at once',
    body: `await Promise.allSettled(Array.from({ length: 10000 }, () => context.inputs[0].bytes()));`,
    noControl: survives,
  },
  {
    name: 'ten thousand writes at once',
    body: `await Promise.allSettled(Array.from({ length: 10000 }, (_, i) => context.write('o' + i, 'x'.repeat(1000))));`,
    noControl: survives,
  },
];

export default { class: 'host crash and hang', attempts } satisfies AttemptFile;
