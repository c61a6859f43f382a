/** One attempt to end or hang the host from inside. Each gets a worker of its own. */
export interface CrashAttack {
  readonly name: string;
  readonly body: string;
  /** What may happen to the sandbox; the host lives in any case. */
  readonly ends: 'replies' | 'dies' | 'hangs' | 'replies or dies';
  readonly maxArrayBufferBytes?: number;
}

const MIB = 1024 * 1024;

export const CRASH: readonly CrashAttack[] = [
  { name: 'process.exit', body: `process.exit(1);`, ends: 'replies' },
  { name: 'process.abort', body: `process.abort();`, ends: 'replies' },
  { name: 'process.reallyExit', body: `process.reallyExit(1);`, ends: 'replies' },
  { name: 'process.kill', body: `process.kill(process.pid, 'SIGKILL');`, ends: 'replies' },
  { name: 'exit by import', body: `(await import('node:process')).exit(1);`, ends: 'replies' },
  { name: 'an endless loop', body: `for (;;);`, ends: 'hangs' },
  {
    name: 'an endless chain of microtasks',
    body: `const f = () => Promise.resolve().then(f); await f();`,
    ends: 'hangs',
  },
  {
    name: 'a regular expression that backtracks for ever',
    body: `/^(a+)+$/.test('a'.repeat(40) + 'b');`,
    ends: 'hangs',
  },
  { name: 'endless recursion', body: `const f = () => f() + 1; f();`, ends: 'replies' },
  {
    name: 'endless recursion through a proxy',
    body: `const p = new Proxy({}, { get: (_, k, r) => r[k] }); p.x;`,
    ends: 'replies',
  },
  {
    name: 'a rejection that nobody handles',
    body: `void Promise.reject(new Error('PRINTED')); await new Promise((r) => setTimeout(r, 20));`,
    ends: 'dies',
  },
  {
    name: 'an exception in a timer',
    body: `setTimeout(() => { throw new Error('PRINTED'); }, 0); await new Promise((r) => setTimeout(r, 50));`,
    ends: 'dies',
  },
  {
    name: 'null thrown in a timer',
    body: `setTimeout(() => { throw null; }, 0); await new Promise((r) => setTimeout(r, 50));`,
    ends: 'dies',
  },
  { name: 'null thrown', body: `throw null;`, ends: 'replies' },
  {
    name: 'a proxy thrown that throws',
    body: `throw new Proxy({}, { get() { throw 1; }, getPrototypeOf() { throw 2; } });`,
    ends: 'replies or dies',
  },
  {
    name: 'an error whose stack is a trap, nobody handling it',
    body: `const e = new Error('x'); Object.defineProperty(e, 'stack', { get() { throw new Error('PRINTED'); } }); void Promise.reject(e); await new Promise((r) => setTimeout(r, 20));`,
    ends: 'dies',
  },
  {
    name: 'a heap filled with objects',
    body: `const a = []; for (;;) a.push({ x: a.length });`,
    ends: 'dies',
  },
  {
    name: 'an array buffer over the limit',
    body: `new ArrayBuffer(${64 * MIB});`,
    ends: 'replies',
    maxArrayBufferBytes: 16 * MIB,
  },
  {
    name: 'many array buffers',
    body: `const a = []; for (;;) a.push(new Uint8Array(${MIB}));`,
    ends: 'replies',
    maxArrayBufferBytes: 16 * MIB,
  },
  {
    name: 'a resizable array buffer',
    body: `const b = new ArrayBuffer(1, { maxByteLength: ${256 * MIB} }); for (let n = 1; ; n *= 2) b.resize(n);`,
    ends: 'replies',
    maxArrayBufferBytes: 16 * MIB,
  },
  {
    name: 'array buffers by transfer',
    body: `let b = new ArrayBuffer(1); for (let n = 1; ; n *= 2) b = b.transfer(n);`,
    ends: 'replies',
    maxArrayBufferBytes: 16 * MIB,
  },
  {
    name: 'array buffers by toSorted',
    body: `const a = [new Uint8Array(${MIB})]; for (;;) a.push(a[0].toSorted());`,
    ends: 'replies',
    maxArrayBufferBytes: 16 * MIB,
  },
  {
    name: 'array buffers by slice',
    body: `const a = [new Uint8Array(${MIB}).buffer]; for (;;) a.push(a[0].slice(0));`,
    ends: 'replies',
    maxArrayBufferBytes: 16 * MIB,
  },
  {
    name: 'array buffers by structuredClone',
    body: `const a = [new Uint8Array(${MIB})]; for (;;) a.push(structuredClone(a[0]));`,
    ends: 'replies',
    maxArrayBufferBytes: 16 * MIB,
  },
  {
    name: 'array buffers by TextEncoder',
    body: `const a = []; for (;;) a.push(new TextEncoder().encode('x'.repeat(${MIB})));`,
    ends: 'replies',
    maxArrayBufferBytes: 16 * MIB,
  },
  {
    name: 'array buffers by an array-like that lies',
    body: `const a = []; for (;;) a.push(new Uint8Array({ get length() { return ${MIB}; } }));`,
    ends: 'replies',
    maxArrayBufferBytes: 16 * MIB,
  },
  {
    name: 'array buffers by a subclass',
    body: `class Mine extends Float64Array {} const a = []; for (;;) a.push(new Mine(${MIB / 8}));`,
    ends: 'replies',
    maxArrayBufferBytes: 16 * MIB,
  },
  {
    name: 'array buffers by the original constructor of an instance',
    body: `const C = new Uint8Array(0).toReversed().constructor; const a = []; for (;;) a.push(new C(${MIB}));`,
    ends: 'replies',
    maxArrayBufferBytes: 16 * MIB,
  },
  { name: 'a flood of timers', body: `for (;;) setTimeout(() => {}, 1e6);`, ends: 'replies' },
  {
    name: 'a flood of console lines',
    body: `for (let i = 0; i < 1e6; i++) console.log('x'.repeat(100));`,
    ends: 'replies',
  },
  { name: 'timers that never end', body: `setInterval(() => {}, 0);`, ends: 'replies' },
];
