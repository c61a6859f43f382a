import type { Attempt, AttemptFile } from '../attempt.ts';
import { route } from '../routes.ts';

const attempts: readonly Attempt[] = [
  { name: 'process.env', body: `return process.env.MEX_CANARY;` },
  { name: 'process.env through the global object', body: `return globalThis.process.env['MEX_CANARY'];` },
  { name: 'all of process.env', body: `return JSON.stringify(process.env);` },
  {
    name: 'process.env of node:process',
    body: `return (await import('node:process')).default.env.MEX_CANARY;`,
  },
  {
    name: 'process.env of node:worker_threads',
    body: `const { Worker, SHARE_ENV } = await import('node:worker_threads');
      const w = new Worker('require("worker_threads").parentPort.postMessage(process.env.MEX_CANARY)', { eval: true, env: SHARE_ENV });
      return new Promise((r) => w.on('message', r));`,
  },
  { name: 'the process id', body: `return 'pid ' + process.pid;` },
  { name: 'the host name', body: `return 'host ' + ${route('process.getBuiltinModule', 'os')}.hostname();` },
  { name: 'the path of Node', body: `return process.execPath;` },
  { name: 'the working directory', body: `return 'cwd ' + process.cwd();` },
  {
    name: 'paths in a stack',
    body: `return new Error('x').stack + (() => { try { null.x } catch (e) { return e.stack } })();`,
  },
  {
    name: 'paths in the stack of a refused import',
    body: `try { await import('nowhere-at-all'); } catch (e) { return e.stack + e.message + e.url; }`,
  },
  {
    name: 'paths in the stack of a rejected promise',
    body: `return Promise.reject(new Error('x')).catch((e) => e.stack);`,
    noControl: 'its frames are the engine’s alone',
  },
  {
    name: 'paths in the source of functions',
    body: `return [console.log, setTimeout, fetch, URL, Date].map(String).join().includes('/') ? 'GOT source' : '';`,
    noControl: 'Node’s sources name no path',
  },
  {
    name: 'command line arguments',
    body: `return 'GOT ' + process.argv.length.toString().replace(/^0$/, '') + process.argv[0].length;`,
  },
  { name: 'memory figures', body: `return 'GOT ' + process.memoryUsage().rss;` },
  { name: 'the time the process runs', body: `return 'GOT ' + process.uptime();` },
  { name: 'user and group', body: `return 'GOT ' + process.getuid();` },
  { name: 'the file mode mask', body: `return 'GOT ' + process.umask();` },
  { name: 'hardware through navigator', body: `return 'GOT ' + navigator.hardwareConcurrency;` },
  { name: 'the version of Node', body: `return 'GOT ' + process.versions.node.length;` },
  {
    name: 'text on the host’s streams',
    body: `process.stdout.write('PRINTED'); process.stderr.write('PRINTED'); await new Promise((r) => setTimeout(r, 30));`,
  },
  {
    name: 'console text on the host’s streams',
    body: `console.log('PRINTED'); console.error('PRINTED'); await new Promise((r) => setTimeout(r, 30));`,
  },
  {
    name: 'raw text on the host’s stderr',
    body: `process._rawDebug(''); return 'GOT the raw stream';`,
  },
  {
    name: 'a warning on the host’s stderr',
    body: `process.emitWarning('PRINTED'); await new Promise((r) => setTimeout(r, 30));`,
  },
  { name: 'local storage', body: `return 'GOT ' + typeof localStorage.setItem;`, noControl: 'needs a file option' },
];

export default { class: 'environment', attempts } satisfies AttemptFile;
