/*
 * An engine that tries to leave its realm by the plainest routes to each power. In a tier that holds, its summary names
 * every attempt, and none that escaped.
 */
export const REALM_ATTEMPTS = `
const code = (e) => String(e && (e.code || e.message)).slice(0, 80);
const dig = () => { const f = (() => {}).constructor; return f('return typeof process === "undefined" ? undefined : process')(); };
const builtin = async (id) => {
  const routes = [
    () => dig().getBuiltinModule(id),
    () => dig().binding(id.slice(5)),
    () => dig().mainModule.require(id),
    () => require(id),
    () => globalThis.process.getBuiltinModule(id),
    () => (async () => {}).constructor('id', 'return import(id)')(id),
    () => import(id),
  ];
  for (const route of routes) {
    try { const found = await route(); if (found && typeof found === 'object') return found; } catch {}
  }
  throw new Error('unreachable');
};
const attempts = {
  'read a file of the host': async (t) => (await builtin('node:fs')).readFileSync(t.file, 'utf8'),
  'write a file of the host': async (t) => { (await builtin('node:fs')).writeFileSync(t.newFile, 'x'); return 'written'; },
  'connect to a port of the host': async (t) => { (await builtin('node:net')).connect(t.port, '127.0.0.1'); return 'connected'; },
  'fetch from the host': async (t) => { await fetch('http://127.0.0.1:' + t.port); return 'fetched'; },
  'start a program': async () => (await builtin('node:child_process')).execFileSync('/bin/sh', ['-c', 'echo started']),
  'start a thread': async () => { new ((await builtin('node:worker_threads')).Worker)('0', { eval: true }); return 'started'; },
  'evaluate in another context': async () => (await builtin('node:vm')).runInThisContext('process'),
  'read the environment': async () => { const names = Object.keys(dig().env); if (names.length > 0) return names[0]; },
  'end the host': async () => { const p = dig(); p.kill(t_pid, 0); return 'signalled'; },
  'load native code': async () => { if (typeof dig().dlopen === 'function') return 'dlopen is there'; },
  'keep something for the next operation': async () => { Object.prototype.mexProof = 1; const kept = ({}).mexProof; delete Object.prototype.mexProof; return kept; },
  'compile WebAssembly': async () => new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0])),
  'share memory': async () => new SharedArrayBuffer(8),
};
let t_pid = 0;
__mex_register__({ operations: { 'proof.run': { run: async (_context, target) => {
  t_pid = target.pid;
  const found = {};
  for (const name of Object.keys(attempts)) {
    try { const got = await attempts[name](target); found[name] = [got !== undefined && got !== null, got === undefined ? 'nothing there' : String(got).slice(0, 80)]; }
    catch (e) { found[name] = [false, code(e)]; }
  }
  return { attempts: Object.keys(found).map((name) => ({ name, escaped: found[name][0], detail: found[name][1] })) };
} } } });
`;
