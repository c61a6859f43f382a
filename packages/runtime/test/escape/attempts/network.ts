import type { Attempt, AttemptFile } from '../attempt.ts';
import { ROUTES, route } from '../routes.ts';

const viaRoutes: Attempt[] = Object.keys(ROUTES)
  .filter((_, index) => index % 3 === 0)
  .map((name) => ({
    name: `a socket by ${name}`,
    body: `const net = ${route(name, 'net')}; (net.connect ?? net.default.connect)(t.port, '127.0.0.1').on('error', () => {}); await new Promise((r) => setTimeout(r, 20));`,
  }));

const attempts: readonly Attempt[] = [
  ...viaRoutes,
  { name: 'fetch', body: `await fetch('http://127.0.0.1:' + t.port).catch(() => {});` },
  {
    name: 'WebSocket',
    body: `const s = new WebSocket('ws://127.0.0.1:' + t.port); await new Promise((r) => { s.onerror = s.onclose = s.onopen = r; });`,
  },
  {
    name: 'node:http',
    body: `const http = await import('node:http'); await new Promise((r) => http.get({ port: t.port }).on('error', r).on('response', r));`,
  },
  {
    name: 'node:tls',
    body: `const tls = await import('node:tls'); await new Promise((r) => tls.connect(t.port, '127.0.0.1').on('error', r));`,
  },
  {
    name: 'node:http2',
    body: `const http2 = await import('node:http2'); await new Promise((r) => http2.connect('http://127.0.0.1:' + t.port).on('error', r).on('close', r));`,
  },
  {
    name: 'the internal TCP binding',
    body: `const { TCP, TCPConnectWrap } = process.binding('tcp_wrap'); const h = new TCP(0); h.connect(new TCPConnectWrap(), '127.0.0.1', t.port); await new Promise((r) => setTimeout(r, 20));`,
  },
  {
    name: 'EventSource',
    body: `new EventSource('http://127.0.0.1:' + t.port); await new Promise((r) => setTimeout(r, 20));`,
    noControl: 'off by default',
  },
  {
    name: 'navigator.sendBeacon',
    body: `navigator.sendBeacon('http://127.0.0.1:' + t.port);`,
    noControl: 'Node has none',
  },
  {
    name: 'a listener of one’s own',
    body: `const net = await import('node:net'); const s = net.createServer().listen(0); await new Promise((r) => s.once('listening', r)); s.close(); return 'GOT a port';`,
  },
  {
    name: 'a name looked up',
    body: `return 'GOT ' + (await (await import('node:dns/promises')).lookup('localhost')).address;`,
  },
  {
    name: 'a broadcast to other threads',
    body: `const c = new BroadcastChannel('mex-escape'); c.postMessage('x'); await new Promise((r) => setTimeout(r, 10)); c.close();`,
  },
  {
    name: 'the port to the parent',
    body: `const { parentPort } = await import('node:worker_threads'); return 'GOT ' + typeof parentPort.postMessage;`,
  },
  {
    name: 'a message port out of an abort signal',
    body: `for (const p of [AbortSignal.prototype, Object.getPrototypeOf(AbortSignal.prototype)]) for (const k of Object.getOwnPropertySymbols(p)) {
        try { if ([].concat(new AbortController().signal[k]()).some((x) => x?.constructor?.name === 'MessagePort')) return 'GOT a port'; } catch {}
      }`,
  },
  { name: 'a message channel', body: `return 'GOT ' + typeof new MessageChannel().port1;` },
  {
    name: 'diagnostics channels of Node',
    body: `return 'GOT ' + typeof (await import('node:diagnostics_channel')).channel;`,
  },
];

export default { class: 'network', attempts } satisfies AttemptFile;
