import type { Attempt, AttemptFile } from '../attempt.ts';
import { route } from '../routes.ts';

const CHILD = route('process.getBuiltinModule', 'child_process');

const attempts: readonly Attempt[] = [
  { name: 'execSync', body: `${CHILD}.execSync('echo x > ' + t.dir + '/written');` },
  {
    name: 'spawn by import()',
    body: `const { spawn } = await import('node:child_process'); await new Promise((r) => spawn('touch', [t.dir + '/written']).on('close', r));`,
  },
  {
    name: 'the internal spawn binding',
    body: `const { Process } = process.binding('process_wrap'); const p = new Process();
      p.onexit = () => {}; p.spawn({ file: '/bin/sh', args: ['/bin/sh', '-c', 'echo x > ' + t.dir + '/written'], stdio: [{ type: 'ignore' }, { type: 'ignore' }, { type: 'ignore' }] });
      await new Promise((r) => setTimeout(r, 100));`,
    noControl: 'a version with other arguments aborts the whole process',
  },
  {
    name: 'process.execve',
    body: `process.execve('/bin/sh', ['sh', '-c', 'echo x > ' + t.dir + '/written']);`,
    noControl: 'Node refuses it in a worker',
  },
  {
    name: 'code in a new vm context',
    body: `const vm = ${route('process.getBuiltinModule', 'vm')}; return vm.runInThisContext('"pid " + process.pid');`,
  },
  {
    name: 'a signal to the host',
    body: `process.kill(process.pid, 'SIGUSR2'); await new Promise((r) => setTimeout(r, 20));`,
  },
  {
    name: 'process.dlopen',
    body: `const m = { exports: {} }; try { process.dlopen(m, t.dir + '/none.node'); } catch (e) { if (/cannot open/.test(e.message)) return 'GOT the loader'; }`,
  },
  { name: 'process.binding', body: `return 'GOT ' + Object.keys(process.binding('util')).length;` },
  {
    name: 'process._linkedBinding',
    body: `try { process._linkedBinding('x'); } catch (e) { if (/No such/.test(e.message)) return 'GOT linked bindings'; }`,
  },
  { name: 'the internal module list', body: `return 'GOT ' + process.moduleLoadList.length;` },
  {
    name: 'an inspector session',
    body: `const { Session } = await import('node:inspector'); const s = new Session(); s.connect();
      return new Promise((r) => s.post('Runtime.evaluate', { expression: '"pid " + process.pid' }, (_, x) => r(x.result.value)));`,
  },
  {
    name: 'V8 flags',
    body: `(await import('node:v8')).setFlagsFromString('--no-expose-gc'); return 'GOT flags';`,
  },
  { name: 'WebAssembly', body: `return 'GOT ' + new WebAssembly.Memory({ initial: 1 }).buffer.byteLength;` },
  { name: 'shared memory', body: `return 'GOT ' + new SharedArrayBuffer(8).byteLength;` },
  {
    name: 'a thread asleep on shared memory',
    body: `return 'GOT ' + Atomics.wait(new Int32Array(new SharedArrayBuffer(8)), 0, 0, 1);`,
  },
  {
    name: 'workerData',
    body: `return 'GOT ' + typeof (await import('node:worker_threads')).workerData;`,
  },
  {
    name: 'data shared with the environment of the host',
    body: `const wt = await import('node:worker_threads'); wt.setEnvironmentData('x', 1); return 'GOT environment data';`,
  },
  { name: 'async hooks', body: `return 'GOT ' + typeof (await import('node:async_hooks')).createHook;` },
  { name: 'nested realms of node:vm', body: `return 'GOT ' + typeof (await import('node:vm')).createContext({});` },
  {
    name: 'native code by node:ffi',
    body: `return 'GOT ' + typeof (await import('node:ffi'));`,
    noControl: 'a flag turns it off in some versions',
  },
  {
    name: 'process.setUncaughtExceptionCaptureCallback',
    body: `process.setUncaughtExceptionCaptureCallback(null); return 'GOT it';`,
  },
  { name: 'process.on', body: `process.on('exit', () => {}); return 'GOT process events';` },
  { name: 'active handles', body: `return 'GOT ' + process._getActiveHandles().length;` },
  {
    name: 'process.nextTick’s queue',
    body: `return process._tickCallback ? 'GOT it' : '';`,
    noControl: 'its form differs',
  },
  { name: 'process.exitCode', body: `process.exitCode = 7; return process.exitCode === 7 ? 'GOT it' : '';` },
  {
    name: 'the caller of a sloppy function',
    body: `function probe() { return probe.caller; } const c = (() => probe())(); const up = c && c.caller; return up ? 'GOT ' + up : '';`,
    noControl: 'every caller outside is strict',
  },
  {
    name: 'call sites',
    body: `let got = ''; Error.prepareStackTrace = (_, sites) => { got = sites.map((s) => s.getFileName()).join(); return ''; };
      try { void new Error().stack; } finally { delete Error.prepareStackTrace; } return got ? 'GOT ' + got : '';`,
  },
  {
    name: 'call sites through captureStackTrace',
    body: `const o = {}; const old = Error.prepareStackTrace; Error.prepareStackTrace = (_, s) => s; Error.captureStackTrace(o);
      const s = o.stack; Error.prepareStackTrace = old; return Array.isArray(s) ? 'GOT ' + s.length : '';`,
  },
  {
    name: 'util.inspect out of a URL',
    body: `let got = ''; const custom = Symbol.for('nodejs.util.inspect.custom'); const u = new URL('http://a/');
      if (u[custom]) got = typeof u[custom](2, {}); return got ? 'GOT ' + got : '';`,
  },
  {
    name: 'garbage collection',
    body: `return 'GOT ' + typeof new FinalizationRegistry(() => {}).register + typeof new WeakRef({}).deref;`,
  },
  { name: 'gc()', body: `return typeof gc === 'function' ? 'GOT gc' : '';`, noControl: 'needs a flag' },
  { name: 'spawnSync', body: `return 'GOT ' + ${CHILD}.spawnSync('id').status;` },
];

export default { class: 'process and native code', attempts } satisfies AttemptFile;
