import type { Attempt, AttemptFile } from '../attempt.ts';
import { ROUTES, route } from '../routes.ts';

const viaRoutes: Attempt[] = Object.keys(ROUTES).map((name) => ({
  name: `reading a file by ${name}`,
  body: `const fs = ${route(name, 'fs')}; return (fs.readFileSync ?? fs.default.readFileSync)(t.secretFile, 'utf8');`,
}));

const FS = route('process.getBuiltinModule', 'fs');

const attempts: readonly Attempt[] = [
  ...viaRoutes,
  {
    name: 'import() by a function compiled without a caller',
    body: `const f = await Promise.resolve('return import("node:fs") /*no caller*/').then(Function); return (await f()).readFileSync(t.secretFile, 'utf8');`,
    noControl: 'Node gives such code no loader',
  },
  {
    name: 'writing a file',
    body: `(await import('node:fs')).writeFileSync(t.dir + '/written', 'x');`,
  },
  {
    name: 'writing a file through fs/promises',
    body: `await (await import('node:fs/promises')).writeFile(t.dir + '/written', 'x');`,
  },
  {
    name: 'importing a file as JSON',
    body: `return (await import(t.jsonUrl, { with: { type: 'json' } })).default;`,
  },
  { name: 'importing a module file', body: `return (await import(t.moduleUrl)).secret;` },
  {
    name: 'importing a module file by path',
    body: `return (await import(t.dir + '/module.mjs')).secret;`,
  },
  {
    name: 'importing a blob: module that reads a file',
    body: `const text = 'import fs from "node:fs"; export default fs.readFileSync(' + JSON.stringify(t.secretFile) + ', "utf8")';
      return (await import('data:text/javascript,' + encodeURIComponent(text))).default;`,
  },
  {
    name: 'a database file through node:sqlite',
    body: `const { DatabaseSync } = await import('node:sqlite'); new DatabaseSync(t.dir + '/written.db').exec('create table t(x)');`,
  },
  {
    name: 'a heap snapshot written by node:v8',
    body: `(await import('node:v8')).writeHeapSnapshot(t.dir + '/written.heapsnapshot');`,
    noControl: 'it works, and takes seconds',
  },
  {
    name: 'a report written by process.report',
    body: `process.report.directory = t.dir; process.report.writeReport('written.json');`,
    noControl: 'process.report.directory is fixed in a worker',
  },
  {
    name: 'a .env file through process.loadEnvFile',
    body: `process.getBuiltinModule('fs').writeFileSync(t.dir + '/w.env', 'A=' + 'file-canary-' + '9a44'); process.loadEnvFile(t.dir + '/w.env'); return process.env.A;`,
  },
  {
    name: 'a file descriptor kept open',
    body: `const fs = ${FS}; return fs.readFileSync(fs.openSync(t.secretFile), 'utf8');`,
  },
  {
    name: 'a stream',
    body: `const fs = ${FS}; let s = ''; for await (const c of fs.createReadStream(t.secretFile)) s += c; return s;`,
  },
  {
    name: 'a file through the internal binding',
    body: `return process.binding('fs').readFileUtf8(t.secretFile, 0);`,
    noControl: 'the binding hides this function in some versions',
  },
  {
    name: 'another worker that reads the file',
    body: `const { Worker } = await import('node:worker_threads');
      const w = new Worker('require("worker_threads").parentPort.postMessage(require("fs").readFileSync(' + JSON.stringify(t.secretFile) + ', "utf8"))', { eval: true });
      return new Promise((resolve) => w.on('message', resolve));`,
  },
  {
    name: 'fetch of a file: address',
    body: `return (await fetch(t.secretUrl)).text();`,
    noControl: 'fetch does not know file:',
  },
  {
    name: 'an object URL of a blob',
    body: `const url = URL.createObjectURL(new Blob(['x'])); return 'GOT ' + url;`,
  },
  {
    name: 'a file opened as a blob',
    body: `return (await (await ${FS}.openAsBlob(t.secretFile)).text());`,
  },
];

export default { class: 'file system', attempts } satisfies AttemptFile;
