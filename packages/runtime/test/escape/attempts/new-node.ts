import type { Attempt, AttemptFile } from '../attempt.ts';
import { route } from '../routes.ts';

const get = (id: string): string => route('process.getBuiltinModule', id);

/** Ways to files that textbooks do not list: modules that open files on their own. */
const attempts: readonly Attempt[] = [
  {
    name: 'a private key read from a file: address',
    body: `const c = ${get('crypto')}; try { c.createPrivateKey(new URL(t.secretUrl)); } catch (e) { if (/DECODER|unsupported|asn1|PEM|no start line/i.test(e.message + e.code)) return 'GOT the file to OpenSSL'; throw e; }`,
    noControl: 'not every Node reads it',
  },
  { name: 'fs.globSync', body: `return 'GOT ' + ${get('fs')}.globSync(t.dir + '/secret*').length;` },
  { name: 'fs.cpSync', body: `${get('fs')}.cpSync(t.secretFile, t.dir + '/written');` },
  { name: 'a symbolic link', body: `${get('fs')}.symlinkSync('/etc/passwd', t.dir + '/written');` },
  { name: 'a hard link', body: `${get('fs')}.linkSync(t.secretFile, t.dir + '/written');` },
  { name: 'a temporary directory', body: `return 'GOT ' + ${get('fs')}.mkdtempSync(t.dir + '/written');` },
  { name: 'fs.statfs', body: `return 'GOT ' + ${get('fs')}.statfsSync('/').bsize;` },
  { name: 'fs.watch', body: `const w = ${get('fs')}.watch(t.dir); w.close(); return 'GOT a watcher';` },
  {
    name: 'fs.Utf8Stream',
    body: `const s = new (${get('fs')}.Utf8Stream)({ dest: t.dir + '/written', sync: true }); s.write('x'); s.flushSync(); s.end();`,
    noControl: 'newer Node only',
  },
  {
    name: 'a compile cache',
    body: `const m = ${get('module')}; m.enableCompileCache(t.dir + '/written');`,
    noControl: 'it writes at exit',
  },
  { name: 'module._load', body: `return (${get('module')})._load('fs').readFileSync(t.secretFile, 'utf8');` },
  {
    name: 'Module.prototype.require',
    body: `const M = ${get('module')}; return new M('x').require('fs').readFileSync(t.secretFile, 'utf8');`,
  },
  {
    name: 'a module of one’s own compiled',
    body: `const M = ${get('module')}; const m = new M('/x.js'); m._compile('module.exports = require("fs").readFileSync(' + JSON.stringify(t.secretFile) + ', "utf8")', '/x.js'); return m.exports;`,
  },
  {
    name: 'an extension handler',
    body: `const M = ${get('module')}; const m = new M(t.dir + '/module.cjs'); M._extensions['.js'](m, t.dir + '/module.cjs'); return m.exports;`,
  },
  {
    name: 'require.main',
    body: `return typeof require === 'function' ? 'GOT require' : typeof module === 'object' ? 'GOT module' : '';`,
    noControl: 'a function of a vm has neither',
  },
  {
    name: 'hooks of one’s own for modules',
    body: `const M = ${get('module')}; M.registerHooks({ load: () => ({ format: 'module', source: 'export default 1', shortCircuit: true }) }).deregister(); return 'GOT hooks';`,
  },
  {
    name: 'findPackageJSON',
    body: `return 'GOT ' + typeof ${get('module')}.findPackageJSON('.', 'file:///tmp/x.js');`,
  },
  {
    name: 'import of a file as text',
    body: `return (await import(t.secretUrl, { with: { type: 'text' } })).default;`,
    noControl: 'needs a flag',
  },
  {
    name: 'import of a file as bytes',
    body: `return 'GOT ' + (await import(t.secretUrl, { with: { type: 'bytes' } })).default.length;`,
    noControl: 'needs a flag',
  },
  {
    name: 'import.meta of a data: module',
    body: `const m = await import('data:text/javascript,export default import.meta.url'); return 'GOT ' + m.default;`,
  },
  {
    name: 'import inside eval inside new Function',
    body: `return (await new Function('return eval("import(\\'node:fs\\') /*n1*/")')()).readFileSync(t.secretFile, 'utf8');`,
  },
  {
    name: 'import in a timer text',
    body: `setTimeout('globalThis.x9 = import("node:fs")', 1); await new Promise((r) => setTimeout(r, 20)); return (await globalThis.x9).readFileSync(t.secretFile, 'utf8');`,
    noControl: 'Node refuses text',
  },
  {
    name: 'import in a static block',
    body: `let p; class A { static { p = import('node:fs'); } } return (await p).readFileSync(t.secretFile, 'utf8');`,
  },
  {
    name: 'import in a default parameter',
    body: `const f = (m = import('node:fs')) => m; return (await f()).readFileSync(t.secretFile, 'utf8');`,
  },
  {
    name: 'import in a replace callback',
    body: `let p; 'a'.replace('a', () => ((p = import('node:fs')), '')); return (await p).readFileSync(t.secretFile, 'utf8');`,
  },
  {
    name: 'import in a tagged template',
    body: `const tag = (s, m) => m; return (await tag\`\${import('node:fs')}\`).readFileSync(t.secretFile, 'utf8');`,
  },
  {
    name: 'import of an object that turns into a name',
    body: `return (await import({ toString: () => 'node:fs' })).readFileSync(t.secretFile, 'utf8');`,
  },
  {
    name: 'import of a name that changes its mind',
    body: `let n = 0; return (await import({ [Symbol.toPrimitive]: () => (n++ ? 'node:fs' : 'node:fs') })).readFileSync(t.secretFile, 'utf8');`,
  },
  {
    name: 'import of an upper case scheme',
    body: `return (await import('NODE:fs')).readFileSync(t.secretFile, 'utf8');`,
    noControl: 'Node does not know it',
  },
  { name: 'import of an absolute path with dots', body: `return (await import(t.dir + '/x/../module.mjs')).secret;` },
  { name: 'import of a module as CommonJS', body: `return (await import(t.dir + '/module.cjs')).default;` },
  {
    name: 'ShadowRealm',
    body: `return 'GOT ' + (await new ShadowRealm().importValue('node:fs', 'readFileSync'));`,
    noControl: 'needs a flag',
  },
  {
    name: 'the child of a vm context',
    body: `return ${get('vm')}.runInNewContext('this.constructor.constructor("return process")()', {}).env.MEX_CANARY;`,
  },
  { name: 'a test runner that reads files', body: `return 'GOT ' + typeof (await import('node:test')).run;` },
  { name: 'a read-eval-print loop', body: `return 'GOT ' + typeof (await import('node:repl')).start;` },
  {
    name: 'trace events',
    body: `const t2 = ${get('trace_events')}.createTracing({ categories: ['node'] }); t2.enable(); t2.disable(); return 'GOT traces';`,
    noControl: 'Node refuses it in a worker',
  },
  {
    name: 'util.parseEnv and loadEnvFile',
    body: `process.loadEnvFile(t.dir + '/secret.env'); return process.env.MEX_LOADED;`,
  },
  {
    name: 'a WASI of one’s own',
    body: `return 'GOT ' + typeof new (${get('wasi')}.WASI)({ version: 'preview1', preopens: { '/': '/' } });`,
  },
  { name: 'the file behind a blob URL', body: `return 'GOT ' + typeof ${get('buffer')}.resolveObjectURL;` },
  {
    name: 'zlib over files',
    body: `const z = ${get('zlib')}; if (typeof z.zipFiles === 'function') return 'GOT zipFiles'; return z.gzipSync('x').length > 0 ? 'GOT zlib' : '';`,
  },
  {
    name: 'a stream from a file by stdio',
    body: `return 'GOT ' + typeof process.stdin.fd;`,
    noControl: 'in a worker it has none',
  },
  { name: 'process.openStdin', body: `process.openStdin().on('data', () => {}); return 'GOT stdin';` },
  { name: 'the file of the main script', body: `return 'GOT ' + process.argv[1].length;` },
  { name: 'source maps of Node', body: `process.setSourceMapsEnabled(true); return 'GOT source maps';` },
];

export default {
  class: 'file system',
  attempts: attempts.map((attempt) => ({ ...attempt, name: `by ${attempt.name}` })),
} satisfies AttemptFile;
