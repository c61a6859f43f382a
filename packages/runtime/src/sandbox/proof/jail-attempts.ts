/*
 * Escapes for a Node that nothing disarmed: what an engine could do after it broke out of its realm. The text runs
 * in the jail, as the process tier makes it, but with all of Node's own powers. It prints one JSON object: name →
 * `[escaped, detail]`. What it says is compared with what was seen outside. `only` in its argument leaves attempts out.
 */
export const JAIL_ATTEMPTS = `
const fs = require('node:fs'), net = require('node:net'), cp = require('node:child_process');
const target = JSON.parse(process.argv[1]);
const found = {};
const code = (e) => String(e && (e.code || e.message)).slice(0, 80);
const wanted = (name) => target.only === undefined || target.only.includes(name);
const attempt = (name, body) => {
  if (!wanted(name)) return;
  try { const got = body(); found[name] = [got !== undefined && got !== false, got === undefined ? 'nothing there' : String(got).slice(0, 80)]; }
  catch (e) { found[name] = [false, code(e)]; }
};
attempt('read a file of the host', () => fs.readFileSync(target.file, 'utf8'));
attempt('read /etc/passwd', () => fs.readFileSync('/etc/passwd', 'utf8').length);
attempt('see processes through /proc', () => { const n = fs.readdirSync('/proc').length; return n > 0 ? n : undefined; });
attempt('see directories of the host', () => { const names = fs.readdirSync('/').filter((n) => ['home', 'root', 'etc', 'var', 'tmp', 'work'].includes(n)); return names.length > 0 ? names.join(' ') : undefined; });
attempt('write a file of the host', () => { fs.writeFileSync(target.newFile, 'x'); return 'written'; });
for (const place of ['/', '/tmp', '/mex', '/dev/shm']) attempt('write below ' + place, () => { fs.writeFileSync((place + '/probe').replace('//', '/'), 'x'); return 'written'; });
attempt('start another program', () => { const r = cp.spawnSync(process.execPath, ['-e', '0']); if (r.error) throw r.error; return 'started'; });
attempt('start a shell', () => { const r = cp.spawnSync('/bin/sh', ['-c', 'exit 0']); if (r.error) throw r.error; return 'started'; });
attempt('signal the host', () => { process.kill(target.pid, 0); return 'it is there'; });
attempt('read the environment', () => { const names = Object.keys(process.env).filter((n) => !['UV_THREADPOOL_SIZE', 'TZ', 'LANG', 'PWD'].includes(n)); return names.length > 0 ? names.join(' ') : undefined; });
attempt('keep a user id of the host', () => process.getuid() === 65534 ? undefined : process.getuid());
attempt('become root', () => { process.setuid(0); return 'root'; });
attempt('load native code', () => { process.dlopen({ exports: {} }, '/mex/node'); return 'loaded'; });
const connect = (name, place) => new Promise((resolve) => {
  if (!wanted(name)) return resolve();
  const done = (escaped, detail) => { found[name] = [escaped, detail]; resolve(); };
  try { const s = net.connect(place, () => { s.destroy(); done(true, 'connected'); }); s.on('error', (e) => done(false, code(e))); }
  catch (e) { done(false, code(e)); }
});
Promise.all([
  connect('connect to a port of the host', { port: target.port, host: '127.0.0.1' }),
  connect('connect to a socket of the host', { path: target.socket }),
  connect('connect to the network', { port: 53, host: '192.0.2.1' }),
]).then(() => process.stdout.write(JSON.stringify(found), () => process.exit(0)));
`;
