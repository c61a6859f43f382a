import type { Attempt, AttemptFile } from '../attempt.ts';

const noControl = 'the broker stands in the control, too';
const ask = (call: string): string =>
  `try { return 'answered ' + new TextDecoder().decode(await ${call}); } catch (e) { return 'refused ' + e.code; }`;

/** Paths of a bundle, of which `a.txt` is an honest file, `swapped.txt` became a link to the secret after it was pinned. */
const paths: Readonly<Record<string, string>> = {
  'a path up': `'../secret.txt'`,
  'a path up from within': `'a.txt/../../secret.txt'`,
  'an absolute path': `t.secretFile`,
  'a file: address': `t.secretUrl`,
  'a path with a NUL': `t.secretFile + '\\0a.txt'`,
  'a known path with a NUL': `'a.txt\\0' + t.secretFile`,
  'a path with backslashes': `'..\\\\secret.txt'`,
  'an encoded path': `'%2e%2e%2fsecret.txt'`,
  'a path of full width dots': `'\\uff0e\\uff0e/secret.txt'`,
  'a link beside the files': `'link.txt'`,
  'a file swapped for a link': `'swapped.txt'`,
  'a folder swapped for a link': `'folder/secret.txt'`,
  'the folder itself': `'.'`,
  'a path of /proc': `'/proc/self/environ'`,
  'a name every object has': `'__proto__'`,
  'a path that is an object': `{ toString: () => '../secret.txt' }`,
  'a path that changes its mind': `(() => { let n = 0; return { toString: () => (n++ ? '../secret.txt' : 'a.txt') }; })()`,
  'a path that is an array': `['../secret.txt']`,
  'the digest of somebody else’s artifact': `'sha256:' + '0'.repeat(64)`,
};

const writes: Readonly<Record<string, string>> = {
  'an output name that goes up': `await context.write('../../written', 'x');`,
  'an absolute output name': `await context.write(t.dir + '/written', 'x');`,
  'an output name with a NUL': `await context.write('out.txt\\0' + t.dir + '/written', 'x');`,
  'an output name every object has': `await context.write('__proto__', 'x');`,
  'an output written twice': `await context.write('out.txt', 'a'); await context.write('out.txt', 'b');`,
  'an output of another case': `await context.write('OUT.TXT', 'x');`,
  'an output of a hundred megabytes': `await context.write('out.txt', new Uint8Array(1e8));`,
  'an output that shrinks while it is sent': `const b = new ArrayBuffer(8, { maxByteLength: 16 }); const v = new Uint8Array(b); await context.write({ toString() { b.resize(1); return 'out.txt'; } }, v);`,
  'an output that grows while it is sent': `const b = new ArrayBuffer(1, { maxByteLength: 1e6 }); const v = new Uint8Array(b); await context.write({ toString() { b.resize(1e6); return 'out.txt'; } }, v);`,
  'an output whose buffer is gone': `const v = new Uint8Array(8); v.buffer.transfer(); await context.write('out.txt', v);`,
  'an output whose buffer goes while it is sent': `const v = new Uint8Array(8); await context.write({ toString() { v.buffer.transfer(); return 'out.txt'; } }, v);`,
  'an output that lies about its length': `const v = new Uint8Array(8); for (const k of ['length', 'byteLength', 'byteOffset']) Object.defineProperty(v, k, { value: 1e9 }); await context.write('out.txt', v);`,
  'an output of a class of one’s own': `class Mine extends Uint8Array { get length() { return 1e9; } static get [Symbol.species]() { return Array; } slice() { return 'x'; } set() {} } await context.write('out.txt', new Mine(4));`,
  'an output that is a proxy': `await context.write('out.txt', new Proxy(new Uint8Array(4), {}));`,
  'an output that only inherits': `await context.write('out.txt', Object.create(Uint8Array.prototype));`,
  'an output that is a view of another kind': `await context.write('out.txt', new DataView(new ArrayBuffer(4)));`,
  'an output that is a promise': `await context.write('out.txt', Promise.resolve(new Uint8Array(1)));`,
  'an output that is a thenable': `await context.write('out.txt', { then(r) { r('x'); } });`,
  'an output changed after it was sent': `const v = new Uint8Array(4).fill(1); const p = context.write('out.txt', v); v.fill(2); await p;`,
  'an output of lone surrogates': `await context.write('out.txt', '\\ud800x');`,
  'an output written within its own name': `await context.write({ toString() { void context.write('out.txt', 'inner').catch(() => {}); return 'out.txt'; } }, 'outer');`,
  'an output with a name that writes for ever': `let n = 0; const name = { toString() { if (n++ < 500) void context.write(name, 'x').catch(() => {}); return 'out.txt'; } }; await context.write(name, 'x');`,
};

const calls: readonly Attempt[] = [
  {
    name: 'an input that is not there',
    body: ask(`Object.create(context.inputs[0], { index: { value: 5 } }).bytes()`),
  },
  {
    name: 'a context of another shape',
    body: `const c = { ...context, inputs: [{ ...context.inputs[0], sha256: '0'.repeat(64) }] }; ${ask('c.inputs[0].bytes()')}`,
  },
  { name: 'an input pushed', body: `context.inputs.push({ bytes: () => 1 }); return 'GOT an input';` },
  { name: 'an input read as another kind', body: `return JSON.stringify(await context.inputs[0].files());` },
  { name: 'a file read as a bundle', body: ask(`context.inputs[0].read('a.txt')`) },
  { name: 'a bundle read whole', body: ask(`context.inputs[1].bytes()`) },
  {
    name: 'the context changed',
    body: `context.write = null; context.opId = 'x'; Object.setPrototypeOf(context, { evil: 1 }); return context.evil ? 'GOT the context' : '';`,
  },
  {
    name: 'the bytes of an input changed',
    body: `(await context.inputs[0].bytes()).fill(0); return new TextDecoder().decode(await context.inputs[0].bytes()) === 'given' ? '' : 'GOT the input';`,
  },
  {
    name: 'a file list changed',
    body: `const l = await context.inputs[1].files(); l[0].path = '../secret.txt'; l.push({ path: '../secret.txt', size: 5, sha256: l[0].sha256 }); ${ask(`context.inputs[1].read('../secret.txt')`)}`,
  },
  {
    name: 'a call without the capability to read',
    body: ask(`context.inputs[0].bytes()`).replace('answered ', 'GOT '),
    capabilities: ['fs.write:artifacts'],
  },
  {
    name: 'a call without the capability to write',
    body: `try { await context.write('out.txt', 'x'); return 'GOT a write'; } catch (e) { return e.code; }`,
    capabilities: ['fs.read:inputs'],
  },
  {
    name: 'calls without any capability, the errors caught',
    body: `for (let i = 0; i < 300; i++) await context.inputs[0].bytes().then(() => { throw 'GOT bytes'; }, () => {}); return 'x';`,
    capabilities: [],
  },
  {
    name: 'an error of MEX forged',
    body: `throw Object.assign(new Error('x'), { code: 'CAPABILITY_USED_WITHOUT_GRANT', from_broker: true });`,
  },
  {
    name: 'an error of MEX changed',
    body: `try { await context.write('nothing', 'x'); } catch (e) { e.code = 'TEST_DECLARED'; e.message = 'GOT'.slice(0, 2); e.retryable = true; throw e; }`,
  },
  {
    name: 'an error class of MEX changed for all',
    body: `try { await context.write('nothing', 'x'); } catch (e) { try { e.constructor.prototype.name = 'evil'; Object.defineProperty(e.constructor.prototype, 'code', { get: () => 'evil' }); } catch {} }`,
    probe: `try { await context.write('nothing', 'x'); } catch (e) { return e.name + e.code; }`,
    clean: 'CallErrorOUTPUT_UNDECLARED',
  },
  // Another caller is another sandbox, where nothing was kept; the probes ask what is left to ask.
  {
    name: 'a context kept for the next caller',
    atLoad: `var kept = [];`,
    body: `kept.push(context); return 'x';`,
    probe: `const old = kept[0]; if (old === undefined) return 'CALL_AFTER_END,CALL_AFTER_END,CALL_AFTER_END'; const tried = []; for (const f of [() => old.write('out.txt', 'evil'), () => old.inputs[0].bytes(), () => old.inputs[1].read('a.txt')]) tried.push(await f().then(() => 'answered', (e) => e.code)); old.log('evil'); old.problem({ code: 'EVIL', severity: 'error', title: 'x', message: 'y' }); return tried.join();`,
    clean: 'CALL_AFTER_END,CALL_AFTER_END,CALL_AFTER_END',
  },
  {
    name: 'a call of the operation before, answered in the next',
    atLoad: `var story = {};`,
    body: `story.p = null; void (async () => { for (let i = 0; i < 30; i++) await null; story.p = context.inputs[0].bytes().then(() => 'answered', (e) => e.code); })(); return 'x';`,
    probe: `for (let i = 0; i < 100; i++) await null; return String((await Promise.race([story.p, new Promise((r) => setTimeout(r, 50))])) === 'answered');`,
    clean: 'false',
  },
  {
    name: 'a write that outlives its operation',
    body: `void (async () => { for (let i = 0; i < 1000; i++) { await null; void context.write('out.txt', 'late').catch(() => {}); } })(); return 'x';`,
  },
  {
    name: 'a log that outlives its operation',
    atLoad: `var kept2;`,
    body: `kept2 = context.log; return 'x';`,
    probe: `kept2?.('GOT into another log'); return 'well';`,
    clean: 'well',
  },
  {
    name: 'a date of the next caller’s',
    atLoad: `var clock;`,
    body: `clock = () => context.now(); return 'x';`,
    probe: `return (clock?.() ?? context.now()) === context.now() ? 'same' : 'other';`,
    clean: 'same',
  },
  {
    name: 'a summary that says it is somebody else',
    body: `return { op_id: '00000000-0000-4000-8000-000000000000', status: 'succeeded', engine_id: 'engine.other', session: 1, ok: true, from_broker: true };`,
    bare: true,
  },
  {
    name: 'a problem that says it is MEX',
    body: `context.problem({ code: 'CAPABILITY_USED_WITHOUT_GRANT', severity: 'error', title: 'x', message: 'y', fingerprint: 'z', engine_id: 'engine.other', status: 'resolved' }); return 'x';`,
  },
  {
    name: 'a reply forged in the summary',
    body: `return JSON.parse('{"a":"\\\\"},\\\\"log\\\\":[\\\\"evil\\\\"],\\\\"x\\\\":{\\\\""}');`,
    bare: true,
  },
  {
    name: 'two summaries by raw JSON',
    body: `return { a: JSON.rawJSON('1') , ['"}, "ok": true, "summary": {"b']: 1 };`,
    bare: true,
  },
];

const attempts: readonly Attempt[] = [
  ...Object.entries(paths).map(([name, path]) => ({
    name: `reading ${name}`,
    body: ask(`context.inputs[1].read(${path})`),
  })),
  ...Object.entries(writes).map(([name, body]) => ({ name, body })),
  ...calls,
];

export default {
  class: 'confused deputy',
  attempts: attempts.map((attempt) => ({ noControl, ...attempt })),
} satisfies AttemptFile;
