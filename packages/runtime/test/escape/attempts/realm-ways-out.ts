import type { Attempt, AttemptFile } from '../attempt.ts';
import { route } from '../routes.ts';

const get = (id: string): string => route('process.getBuiltinModule', id);
const absent = 'no plain worker gives it either';

/** Authority and objects of the host, reached through the language. */
const attempts: readonly Attempt[] = [
  {
    name: 'a lock shared by all threads',
    body: `return navigator.locks.request('x', () => 'GOT a lock');`,
    noControl: 'newer Node only',
  },
  {
    name: 'native cryptography',
    body: `return 'GOT ' + (await crypto.subtle.digest('SHA-256', new Uint8Array(1))).byteLength;`,
  },
  { name: 'compression streams', body: `return 'GOT ' + typeof new CompressionStream('gzip');` },
  { name: 'high resolution time', body: `return 'GOT ' + performance.now();` },
  { name: 'process.hrtime', body: `return 'GOT ' + process.hrtime.bigint();` },
  { name: 'a timeout of an abort signal', body: `return 'GOT ' + typeof AbortSignal.timeout(1);` },
  { name: 'waiting asynchronously on memory', body: `return 'GOT ' + Atomics.waitAsync.name;` },
  {
    name: 'growable shared memory',
    body: `return 'GOT ' + new WebAssembly.Memory({ initial: 1, maximum: 2, shared: true }).buffer.constructor.name;`,
  },
  {
    name: 'shared memory by a decoder’s constructor',
    body: `return 'GOT ' + new Int32Array(1).buffer.constructor.constructor('return new SharedArrayBuffer(8)')().byteLength;`,
  },
  {
    name: 'threads’ own exports',
    body: `const wt = ${get('worker_threads')}; return 'GOT ' + wt.threadId + typeof wt.postMessageToThread;`,
  },
  {
    name: 'a message to the main thread',
    body: `const wt = ${get('worker_threads')}; await wt.postMessageToThread(0, 'x').catch((e) => e); return 'GOT it';`,
  },
  {
    name: 'memory of other buffers from the pool',
    body: `const b = Buffer.allocUnsafe(4096); return 'GOT ' + b.buffer.byteLength;`,
  },
  { name: 'the size of the pool', body: `Buffer.poolSize = 1; return 'GOT ' + Buffer.poolSize;` },
  {
    name: 'symbols of Node',
    body: `const s = Object.getOwnPropertySymbols(URL.prototype).concat(Object.getOwnPropertySymbols(AbortSignal.prototype), Object.getOwnPropertySymbols(new AbortController().signal), Object.getOwnPropertySymbols(EventTarget.prototype)).map(String).filter((x) => /nodejs|^Symbol\\(k/.test(x)); return s.length ? 'GOT ' + s[0] : '';`,
  },
  {
    name: 'internals through util.inspect',
    body: `let got = ''; const spy = { [Symbol.for('nodejs.util.inspect.custom')](d, o, inspect) { got = typeof inspect; return ''; } }; console.log(spy); return got ? 'GOT ' + got : '';`,
  },
  {
    name: 'promisify hooks',
    body: `return setTimeout[Symbol.for('nodejs.util.promisify.custom')] ? 'GOT promisify' : '';`,
  },
  { name: 'domains', body: `return 'GOT ' + typeof (await import('node:domain')).create;` },
  { name: 'async local storage', body: `return 'GOT ' + typeof new (${get('async_hooks')}.AsyncLocalStorage)().run;` },
  { name: 'an executing resource', body: `return 'GOT ' + typeof ${get('async_hooks')}.executionAsyncResource();` },
  { name: 'V8 serialisation', body: `return 'GOT ' + ${get('v8')}.serialize({}).length;` },
  {
    name: 'objects of the heap by query',
    body: `return 'GOT ' + ${get('v8')}.queryObjects(Map, { format: 'count' });`,
  },
  { name: 'the heap as a snapshot', body: `return 'GOT ' + typeof ${get('v8')}.getHeapSnapshot;` },
  { name: 'a profiler', body: `return 'GOT ' + typeof new (${get('v8')}.GCProfiler)().start;` },
  { name: 'call sites by util', body: `return 'GOT ' + ${get('util')}.getCallSites().length;` },
  { name: 'debug logs of Node', body: `return 'GOT ' + typeof ${get('util')}.debuglog('x');` },
  { name: 'details of a proxy', body: `return 'GOT ' + typeof ${get('util')}.types;` },
  {
    name: 'receivers of call sites',
    body: `let got = ''; try { Error.prepareStackTrace = (_, s) => { got = s.map((x) => typeof x.getThis?.() + typeof x.getFunction?.()).join(); return ''; }; void new Error().stack; } catch {} return got ? 'GOT ' + got : '';`,
  },
  {
    name: 'call sites by an error of another kind',
    body: `let got = ''; for (const E of [TypeError, AggregateError, SuppressedError]) { try { E.prepareStackTrace = (_, s) => ((got = 'sites'), ''); void new E('x').stack; } catch {} } return got && 'GOT ' + got;`,
    noControl: absent,
  },
  {
    name: 'call sites by a subclass',
    body: `let got = ''; class E extends Error { static prepareStackTrace(_, s) { got = 'sites'; return ''; } } void new E('x').stack; return got && 'GOT ' + got;`,
    noControl: absent,
  },
  {
    name: 'stack of a stack overflow',
    body: `let s = ''; const f = () => f(); try { f(); } catch (e) { s = e.stack; } return s;`,
    noControl: 'its frames are the engine’s alone',
  },
  {
    name: 'stack of an error of the broker',
    body: `try { await context.write('nothing', 'x'); } catch (e) { return e.stack + String(e.cause) + JSON.stringify(e); }`,
  },
  { name: 'stack of an error of a clone', body: `try { structuredClone(() => 1); } catch (e) { return e.stack; }` },
  {
    name: 'stack of an error of an address',
    body: `try { new URL('x'); } catch (e) { return e.stack + JSON.stringify(e); }`,
  },
  {
    name: 'stack of an error in a callback of the host',
    body: `try { new URLSearchParams('a=1').forEach(() => { throw new Error('x'); }); } catch (e) { return e.stack; }`,
  },
  {
    name: 'stack by captureStackTrace on a function of the host',
    body: `const o = {}; Error.captureStackTrace(o, setTimeout); return String(o.stack);`,
    noControl: 'its frames are the engine’s alone',
  },
  {
    name: 'the caller of an engine’s function',
    body: `function probe() { return probe.caller ?? arguments.callee.caller; } let c; [1].forEach(probe); setTimeout(function g() { c = g.caller; }, 0); await new Promise((r) => setTimeout(r, 5)); return c ? 'GOT ' + c : '';`,
    noControl: 'every caller outside is strict',
  },
  {
    name: 'arguments of a caller',
    body: `function a() { return a.arguments && a.caller && a.caller.arguments; } return a() ? 'GOT arguments' : '';`,
    noControl: 'every caller outside is strict',
  },
  {
    name: 'the this of a host function',
    body: `return (function () { return this; })() === globalThis && typeof globalThis.module === 'object' ? 'GOT module' : '';`,
    noControl: absent,
  },
  {
    name: 'the global object’s prototype chain',
    body: `let o = globalThis; const seen = []; while ((o = Object.getPrototypeOf(o))) seen.push(...Reflect.ownKeys(o).map(String)); return seen.some((k) => /require|process|binding/.test(k)) ? 'GOT ' + seen : '';`,
    noControl: absent,
  },
  {
    name: 'the host realm by Function of a context function',
    body: `return (await context.write.constructor('return typeof process.env.MEX_CANARY')()) === 'string' ? 'GOT the environment' : '';`,
  },
  {
    name: 'the host realm by an error of the broker',
    body: `let e; try { await context.write({}, {}); } catch (x) { e = x; } return e.constructor.constructor('return process')().env?.MEX_CANARY ?? '';`,
  },
  {
    name: 'the host realm by bytes of an input',
    body: `const b = await context.inputs[0].bytes(); return b.constructor.constructor('return process')().env.MEX_CANARY ?? '';`,
  },
  {
    name: 'the host realm by a promise of the broker',
    body: `return context.inputs[0].bytes().constructor.constructor('return process')().env.MEX_CANARY ?? '';`,
  },
  {
    name: 'the host realm by an async generator',
    body: `return (async function* () {}).constructor('yield process.env.MEX_CANARY')().next().then((r) => r.value);`,
  },
  { name: 'the module cache', body: `return 'GOT ' + Object.keys(process.getBuiltinModule('module')._cache).length;` },
  { name: 'process.mainModule', body: `return 'GOT ' + process.mainModule.filename;`, noControl: 'absent in a worker' },
  { name: 'process.domain', body: `return 'GOT ' + process.domain.members;`, noControl: 'absent without the module' },
  { name: 'process.allowedNodeEnvironmentFlags', body: `return 'GOT ' + process.allowedNodeEnvironmentFlags.size;` },
  { name: 'process.permission', body: `return 'GOT ' + process.permission.has('fs.read');`, noControl: 'needs a flag' },
  { name: 'process.finalization', body: `process.finalization.register({}, () => {}); return 'GOT finalization';` },
  { name: 'process.getActiveResourcesInfo', body: `return 'GOT ' + process.getActiveResourcesInfo().length;` },
  {
    name: 'process.constrainedMemory',
    body: `return 'GOT ' + process.constrainedMemory() + process.availableMemory();`,
  },
  { name: 'process.threadCpuUsage', body: `return 'GOT ' + process.threadCpuUsage().user;` },
  { name: 'process.config', body: `return 'GOT ' + process.config.variables.host_arch;` },
  { name: 'process.title', body: `return 'GOT ' + process.title.length;` },
  { name: 'process.chdir', body: `process.chdir('/'); return 'GOT it';`, noControl: 'Node refuses it in a worker' },
  { name: 'process.umask set', body: `process.umask(0); return 'GOT it';`, noControl: 'Node refuses it in a worker' },
  { name: 'process.setuid', body: `process.setuid(0); return 'GOT it';`, noControl: 'Node refuses it in a worker' },
  {
    name: 'process.initgroups',
    body: `process.initgroups('root', 0); return 'GOT it';`,
    noControl: 'Node refuses it in a worker',
  },
  { name: 'process.resourceUsage', body: `return 'GOT ' + process.resourceUsage().maxRSS;` },
  {
    name: 'process._debugProcess',
    body: `process._debugProcess(process.pid); return 'GOT it';`,
    noControl: 'it opens a port on the host for good',
  },
  {
    name: 'process._kill',
    body: `return process._kill(process.pid, 12) === 0 ? 'GOT it' : '';`,
    noControl: 'absent in a worker',
  },
  { name: 'process.ref', body: `process.ref({}); return 'GOT it';`, noControl: 'newer Node only' },
  {
    name: 'process.emit of a signal',
    body: `process.emit('SIGINT'); process.emit('beforeExit'); return 'GOT process events';`,
  },
  {
    name: 'listeners of the host',
    body: `return 'GOT ' + process.listeners('uncaughtException').length + process.eventNames().length;`,
  },
  { name: 'cluster', body: `return 'GOT ' + typeof ${get('cluster')}.fork;` },
  {
    name: 'an inspector that listens',
    body: `${get('inspector')}.open(0); return 'GOT a port';`,
    noControl: 'it opens a port on the host for good',
  },
  {
    name: 'the main thread through the inspector',
    body: `const { Session } = ${get('inspector')}; const s = new Session(); s.connectToMainThread(); return new Promise((r) => s.post('Runtime.evaluate', { expression: '"pid " + process.pid' }, (_, x) => r(x?.result?.value)));`,
    noControl: 'it waits for a main thread that is busy',
  },
  { name: 'os facts', body: `const os = ${get('os')}; return 'GOT ' + os.userInfo().username + os.cpus().length;` },
  {
    name: 'the priority of the process',
    body: `const os = ${get('os')}; os.setPriority(0, 5); return 'GOT it';`,
    noControl: 'it slows the test down for good',
  },
  { name: 'a terminal', body: `return 'GOT ' + ${get('tty')}.isatty(0);` },
];

export default { class: 'process and native code', attempts } satisfies AttemptFile;
