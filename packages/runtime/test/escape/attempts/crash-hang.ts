import type { Attempt, AttemptFile } from '../attempt.ts';

const budget = { wall_time_ms: 150 };

/** Each of these never ends by itself. */
const endless: Readonly<Record<string, string>> = {
  'an endless loop': `for (;;);`,
  'an endless loop that catches everything': `for (;;) { try { for (;;) JSON.parse('{'); } catch {} }`,
  'an endless loop after the first await': `await null; for (;;);`,
  'an endless loop in a timer': `await new Promise((r) => setTimeout(() => { for (;;); }, 1));`,
  'an endless loop in a getter of the summary': `return { toString() { for (;;); }, toJSON() { for (;;); } };`,
  'an endless chain of microtasks': `const f = () => Promise.resolve().then(f); await f();`,
  'an endless chain of queueMicrotask': `const f = () => queueMicrotask(f); f(); await new Promise(() => {});`,
  'an endless chain of nextTick': `const f = () => process.nextTick(f); f(); await new Promise(() => {});`,
  'microtasks that double': `const f = () => { Promise.resolve().then(f); Promise.resolve().then(f); }; f(); await new Promise(() => {});`,
  'a promise that never settles': `await new Promise(() => {});`,
  'a thenable that never settles': `return { then() {} };`,
  'a thenable that resolves with itself again': `const t2 = { then(resolve) { resolve({ then: t2.then }); } }; return t2;`,
  'an asynchronous iterator without end': `for await (const x of (async function* () { for (;;) yield 1; })());`,
  'Array.fromAsync without end': `await Array.fromAsync((async function* () { for (;;) yield 1; })(), () => 0);`,
  'a generator whose return() loops': `for (const x of (function* () { try { yield 1; } finally { for (;;); } })()) break;`,
  'a disposer that loops': `{ using x = { [Symbol.dispose]() { for (;;); } }; }`,
  'a class static block that loops': `class A { static { for (;;); } }`,
  'a sort that never agrees': `for (;;) Array.from({ length: 1e4 }, (_, i) => i).sort(() => (Math.random() < 2 ? 1 : -1));`,
  'a regular expression that backtracks': `/^(a+)+$/.test('a'.repeat(40) + 'b');`,
  'a regular expression with a back reference': `/^(.*)*\\1*(.*)*x$/.test('ab'.repeat(30));`,
  'a replace callback without end': `'aaa'.replace(/a/g, () => { for (;;); });`,
  'a proxy trap that loops': `new Proxy({}, { get() { for (;;); } }).x;`,
  'a primitive conversion that loops': `+{ [Symbol.toPrimitive]() { for (;;); } };`,
  'an endless reviver': `JSON.parse('[1]', () => { for (;;); });`,
  'an endless eval': `eval('for (;;);');`,
  'timers without end': `await new Promise(() => { const f = () => setTimeout(f, 0); f(); });`,
  'immediates without end': `await new Promise(() => { const f = () => setImmediate(f); f(); });`,
  'an interval without end': `await new Promise(() => { setInterval(() => {}, 0); });`,
  'a hundred thousand timers at work': `await new Promise(() => { for (let i = 0; i < 9000; i++) setInterval(() => {}, 1); });`,
  'calls of the broker without end': `for (;;) await context.inputs[0].bytes();`,
  'calls after calls that nobody waits for': `const f = () => context.inputs[0].bytes().then(f); f(); return {};`,
  'a log line whose text never ends': `context.log({ toString() { for (;;); } });`,
  'a problem whose title never ends': `context.problem({ code: 'X', severity: 'error', get title() { for (;;); }, message: '' });`,
  'a problem with endless locations': `context.problem({ code: 'X', severity: 'error', title: '', message: '', locations: new Proxy([], { get: (a, k) => (k === 'length' ? Infinity : undefined) }) });`,
  'an output name that never ends': `await context.write({ toString() { for (;;); } }, 'x');`,
  'an error whose message never ends': `throw { get message() { for (;;); } };`,
  'an iterator of the numbers': `[...(function* () { for (let i = 0; ; i = (i + 1) % 9) if (i > 9) yield i; })()];`,
  'a date parsed for ever': `for (;;) Date.parse('x'.repeat(90) + ' Jan 1 2000');`,
  'a collator at work for ever': `for (;;) 'a'.repeat(1e4).localeCompare('b'.repeat(1e4));`,
  'a segmenter at work for ever': `for (;;) [...new Intl.Segmenter('th').segment('ก'.repeat(1e3))];`,
  'numbers of a million digits': `let n = 3n; for (;;) n = (n * n) & ((1n << 4000000n) - 1n);`,
  'a number printed': `for (;;) String((1n << 400000n) - 1n);`,
  'text normalised for ever': `for (;;) 'a\\u0301'.repeat(1e5).normalize('NFC');`,
  'text in a circle': `let s = 'ab'; for (;;) s = s.split('').reverse().join('').slice(0, 1e6) + 'x'.repeat(10);`,
};

const attempts = Object.entries(endless).map(([name, body]): Attempt => ({ name, body, bare: true, budget }));

export default { class: 'host crash and hang', attempts } satisfies AttemptFile;
