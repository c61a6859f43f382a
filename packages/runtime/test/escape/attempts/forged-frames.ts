import type { Attempt, AttemptFile } from '../attempt.ts';

const noControl = 'a plain worker has no broker to deceive';
/** Sends a call to the broker past the engine's side: over the port of a thread, over the pipe of a process. */
const SEND = `const KINDS = { call: 5, received: 6, reply: 7, ready: 3, loaded: 4 };
  const frame = (kind, text, bytes, textLength, bytesLength) => { const tx = Buffer.from(text); const h = Buffer.alloc(9); h[0] = typeof kind === 'number' ? kind : KINDS[kind]; h.writeUInt32LE(textLength ?? tx.length, 1); h.writeUInt32LE(bytesLength ?? bytes?.length ?? 0, 5); return Buffer.concat([h, tx, bytes ?? Buffer.alloc(0)]); };
  const raw = (data) => outside.process.stdout.write(data);
  const send = outside.post ? (text, bytes) => outside.post(bytes ? [text, bytes] : [text]) : (text, bytes) => raw(frame('call', text, bytes));
  const post = outside.post ?? ((x) => raw(frame('received', x.join(' '))));
  const rest = () => new Promise((r) => setTimeout(r, 30));`;

const either = (name: string, body: string): Attempt => ({
  name,
  body: `${SEND} ${body} await rest(); return 'x';`,
  brokenOpen: true,
  noControl,
});
/** Each in a process of its own: what it leaves there is not the next one's. */
const inJail = (name: string, body: string, budget = {}): Attempt => ({
  ...either(name, body),
  atLoad: '/* alone */',
  only: 'process',
  budget,
});
const all = (text: string): string => `for (let s = 0; s < 300; s++) send(${text});`;

const attempts: readonly Attempt[] = [
  either('calls for every session', all('`{"session":${s},"id":1,"call":"input.bytes","input":0}`')),
  either(
    'calls for sessions to come',
    'for (let s = 1e6; s < 1e6 + 50; s++) send(`{"session":${s},"id":1,"call":"input.bytes","input":0}`);',
  ),
  either('no JSON', 'for (const x of ["", "{", "null", "[]", "{}", "\\0", "\\ud800", "{\\"session\\":"]) send(x);'),
  either(
    'a session that is no number',
    'for (const x of ["-1", "1.5", "1e3", "\\"1\\"", "null", "9007199254740993", "0x10"]) send(`{"session":${x},"id":1,"call":"input.bytes","input":0}`);',
  ),
  either(
    'the same name twice',
    all('`{"session":${s},"session":1,"id":1,"call":"input.bytes","call":"output.write","input":0,"input":1}`'),
  ),
  either(
    'names of the prototype',
    all('`{"session":${s},"id":1,"call":"input.bytes","input":0,"__proto__":{"capabilities":["*"]},"constructor":1}`'),
  ),
  either('a call that does not exist', all('`{"session":${s},"id":1,"call":"proc.exec","input":0}`')),
  either(
    'an input that does not exist',
    all('`{"session":${s},"id":1,"call":"input.read","input":99,"path":"../secret.txt"}`'),
  ),
  either(
    'a path past the engine’s side',
    all('`{"session":${s},"id":1,"call":"input.read","input":1,"path":"${t.secretFile}"}`'),
  ),
  either(
    'a call of half a megabyte',
    all('`{"session":${s},"id":1,"call":"input.read","input":0,"path":"${"x".repeat(5e5)}"}`').replace('300', '20'),
  ),
  either(
    'an output of more than the budget',
    all('`{"session":${s},"id":1,"call":"output.write","name":"out.txt"}`, new Uint8Array(3e6)').replace('300', '60'),
  ),
  either(
    'an output past the engine’s side',
    all('`{"session":${s},"id":1,"call":"output.write","name":"../../written"}`, new Uint8Array(3)'),
  ),
  either(
    'the same call a thousand times',
    'for (let i = 0; i < 1000; i++) send(`{"session":9,"id":7,"call":"input.bytes","input":0}`);',
  ),
  either('receipts for what was never sent', 'for (let s = 0; s < 300; s++) post([s, 1e9]);'),
  either('receipts of every shape', 'for (const x of [[1], [1, -1], [1, 2, 3], [NaN, 1], [1.5, 1]]) post(x);'),
  {
    ...either(
      'a call on memory that is shared',
      'const b = new Uint8Array(new outside.Shared(8)); send(`{"session":1,"id":1,"call":"output.write","name":"out.txt"}`, b);',
    ),
    only: 'thread',
  },
  {
    ...either(
      'things that are no frames',
      'for (const x of [1, null, "x", {}, [], [[]], [{}], new Map(), new Error("x"), [new Date(), 1], ["x", "y"], ["{\\"session\\":1,", new Float64Array(1)]]) post(x);',
    ),
    only: 'thread',
  },
  {
    ...either(
      'a flood of frames',
      'for (let i = 0; i < 50000; i++) send(`{"session":0,"id":${i},"call":"input.bytes","input":0}`);',
    ),
  },
  inJail('a frame of an unknown kind', 'raw(frame(99, "x"));'),
  inJail('frames of the host’s own kinds', 'raw(frame(0, "x")); raw(frame(1, "x")); raw(frame(2, "x"));'),
  inJail(
    'a frame that announces four gigabytes',
    'raw(frame("call", "x", undefined, 0xffffffff)); raw(frame("call", "x", undefined, 1, 0xffffffff));',
  ),
  inJail(
    'a frame that announces what is allowed, and does not come',
    'raw(frame("call", "x", undefined, 1, 30000000)); await new Promise(() => {});',
    { wall_time_ms: 300 },
  ),
  inJail('half a header', 'raw(Buffer.from([5, 1])); await new Promise(() => {});', { wall_time_ms: 300 }),
  inJail(
    'text that is no UTF-8',
    'raw(Buffer.concat([Buffer.from([5, 4, 0, 0, 0, 0, 0, 0, 0]), Buffer.from([0xff, 0xfe, 0xc0, 0x80])]));',
  ),
  inJail(
    'a flood of ready',
    'const b = Buffer.concat(Array.from({ length: 1000 }, () => frame("ready", ""))); for (let i = 0; i < 300; i++) raw(b);',
  ),
  inJail(
    'a flood of large ready',
    'const b = frame("ready", "x".repeat(4e6)); for (let i = 0; i < 30; i++) raw(b); await new Promise((r) => setTimeout(r, 300));',
  ),
  inJail(
    'a flood of loaded',
    'const b = Buffer.concat(Array.from({ length: 1000 }, () => frame("loaded", "memory"))); for (let i = 0; i < 30; i++) raw(b);',
  ),
  inJail(
    'a flood of receipts',
    'const b = Buffer.concat(Array.from({ length: 1000 }, () => frame("received", "1 0"))); for (let i = 0; i < 100; i++) raw(b);',
  ),
  inJail(
    'a reply before the end',
    'raw(frame("reply", "0 0 0 {\\"ok\\":true,\\"log\\":[],\\"log_dropped\\":0,\\"problems\\":[],\\"problems_dropped\\":0,\\"influences\\":[]}")); await new Promise(() => {});',
  ),
  inJail('a reply of every shape', 'raw(frame("reply", "x".repeat(1e6))); await new Promise(() => {});'),
  inJail(
    'replies that outlive their operation',
    'raw(frame("reply", "0 0 0 {}")); const timer = setInterval(() => raw(frame("reply", "0 0 0 {}")), 1); setTimeout(() => clearInterval(timer), 400); await new Promise(() => {});',
  ),
  inJail('a reply that boasts', 'raw(frame("reply", "999999999999 999999999999 0 {}")); await new Promise(() => {});'),
  inJail('ten replies', 'for (let i = 0; i < 10; i++) raw(frame("reply", "0 0 0 {}")); await new Promise(() => {});'),
  inJail(
    'a reply of ten million brackets',
    'raw(frame("reply", "0 0 0 " + "[".repeat(4e6))); await new Promise(() => {});',
  ),
  inJail(
    'a reply with a hundred thousand names',
    'raw(frame("reply", "0 0 0 {" + Array.from({ length: 1e5 }, (_, i) => `"k${i}":${i}`).join() + "}")); await new Promise(() => {});',
  ),
  inJail(
    'a flood on stderr',
    'for (let i = 0; i < 200; i++) outside.process.stderr.write("PRINTED".repeat(20000)); await rest();',
  ),
  inJail('stdout closed', 'outside.require("fs").closeSync(1); await new Promise(() => {});', { wall_time_ms: 300 }),
  inJail(
    'stdin never read',
    'outside.process.stdin.pause(); for (let i = 0; i < 300; i++) send(`{"session":0,"id":${i},"call":"input.bytes","input":0}`); await new Promise(() => {});',
    { wall_time_ms: 300 },
  ),
  inJail('a process that stops itself', 'outside.process.kill(outside.process.pid, "SIGSTOP"); for (;;);', {
    wall_time_ms: 300,
  }),
  inJail(
    'a process that heeds no signal',
    'for (const s of ["SIGTERM", "SIGINT", "SIGHUP", "SIGXCPU", "SIGPIPE"]) outside.process.on(s, () => {}); for (;;);',
    { wall_time_ms: 300 },
  ),
  inJail('a process that aborts', 'outside.process.abort();'),
  inJail('a segmentation fault', 'outside.process.kill(outside.process.pid, "SIGSEGV");'),
  inJail(
    'a hundred threads',
    'const { Worker } = outside.require("worker_threads"); for (let i = 0; i < 100; i++) new Worker("for (;;);", { eval: true }); for (;;);',
    { wall_time_ms: 300 },
  ),
  inJail(
    'a fork bomb',
    'const { spawn } = outside.require("child_process"); for (let i = 0; i < 100; i++) spawn("/mex/node", ["-e", "for(;;);"]).on("error", () => {}); for (;;);',
    { wall_time_ms: 300 },
  ),
  inJail(
    'descriptors that were left open',
    'const fs = outside.require("fs"); for (let fd = 3; fd < 64; fd++) { try { fs.writeSync(fd, "PRINTED"); } catch {} try { const b = Buffer.alloc(4096); fs.readSync(fd, b, 0, 1, 0); } catch {} }',
  ),
  inJail(
    'files of the jail itself',
    'const fs = outside.require("fs"); for (const f of ["/mex/sandbox.mjs", "/mex/node", "/x", "/tmp/x", "/proc/x", "/dev/x"]) try { fs.writeFileSync(f, "x"); return "GOT " + f; } catch {}',
  ),
  inJail(
    'the kernel’s files',
    'const fs = outside.require("fs"); for (const f of ["/proc/1/environ", "/proc/self/environ", "/proc/1/root/etc/passwd", "/proc/self/fd", "/sys/kernel/notes", "/dev/mem", "/etc/passwd", "/etc/shadow"]) try { return String(fs.readFileSync(f)) + "GOT"; } catch {}',
  ),
  inJail(
    'the host through its temporary files',
    'const fs = outside.require("fs"); for (const f of [t.secretFile, t.dir, "/tmp"]) try { fs.readdirSync(f); } catch {} try { fs.writeFileSync(t.dir + "/written", "x"); } catch {}',
  ),
  inJail(
    'the host’s abstract sockets',
    'const net = outside.require("net"); await new Promise((r) => net.connect(t.socketFile).on("error", r).on("connect", r)); await new Promise((r) => net.connect("\\0mex").on("error", r).on("connect", r));',
  ),
  inJail(
    'the host’s network',
    'const net = outside.require("net"); for (const h of ["127.0.0.1", "::1", "0.0.0.0", "localhost"]) await new Promise((r) => { try { net.connect(t.port, h).on("error", r).on("connect", r); } catch (e) { r(); } });',
  ),
  inJail(
    'memory without end, without a realm',
    'const a = []; for (;;) { const b = Buffer.alloc(16 * 1024 * 1024, 1); a.push(b); }',
    { memory_bytes: 64 * 1024 * 1024 },
  ),
  inJail('heap without end, without a realm', 'const a = []; for (;;) a.push({ x: a.length });', {
    memory_bytes: 64 * 1024 * 1024,
  }),
];

export default {
  class: 'confused deputy',
  attempts: attempts.map((attempt) => ({ ...attempt, name: `forged: ${attempt.name}` })),
} satisfies AttemptFile;
