import { spawn } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundle, OPEN, Sandbox, valueOf } from './sandbox.ts';

const bodies = {
  keep: `held.count = 1; return String(held.count);`,
  kept: `return typeof held + (++held.count);`,
  late: `story.done = new Promise((r) => { story.go = r; }).then(() => {
      const tries = [() => setTimeout(() => {}, 0), () => console.log('late'), () => crypto.randomUUID()];
      story.out = tries.map((f) => { try { f(); return 'worked'; } catch (e) { return e.message; } });
      story.time = Date.now();
    }); return '';`,
  wake: `story.go(); await story.done; return [...story.out, story.time].join('\\n');`,
  regexps: `RegExp.prototype.exec = () => ['mine']; return String(/a/.exec('b'));`,
  spoil: `Object.defineProperty(RegExp.prototype, 'exec', { value: () => null, writable: false, configurable: false }); return 'spoilt';`,
};
/** The engine's own module state. */
const code = `const held = {}; const story = {}; ${bundle(bodies)}`;

describe('the end of a call', () => {
  let realm: Sandbox;
  beforeAll(() => {
    realm = new Sandbox('realm', code);
  });
  afterAll(() => realm.close());

  it('[§9] code of a call that is over meets its own closed world, also during the next call', async () => {
    valueOf(await realm.call('late', {}, { ...OPEN, frozen: true, nowMs: 5 }));
    const lines = valueOf(await realm.call('wake')).split('\n');
    expect(lines.slice(0, 3).every((line) => line.includes('after the call'))).toBe(true);
    expect(lines[3]).toBe('5');
  });

  it('[§9] a change of RegExp.prototype that cannot be undone ends the realm', async () => {
    const spoilt = new Sandbox('realm', code);
    expect(valueOf(await spoilt.call('spoil'))).toBe('spoilt');
    const next = await spoilt.call('keep');
    expect(next.kind).toBe('died');
    await spoilt.close();
  });

  it('[hole] an engine keeps its own module state from call to call', async () => {
    expect(valueOf(await realm.call('keep'))).toBe('1');
    expect(valueOf(await realm.call('kept'))).toBe('object2');
  });

  it('[hole] a change of RegExp.prototype is seen until the call that made it ends', async () => {
    expect(valueOf(await realm.call('regexps'))).toBe('mine');
  });
});

describe('what no realm can stop', () => {
  it('[hole] V8 compiles some loops without a place to interrupt them: terminate() never returns', async () => {
    const loop = 'const a = []; for (;;) a.push(new Array(100));';
    const program = `const { Worker } = require('node:worker_threads'); const w = new Worker(${JSON.stringify(loop)}, { eval: true });
      setTimeout(async () => { await w.terminate(); console.log('ended'); }, 400);`;
    const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'ignore'], env: {} });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    const ended = new Promise((resolve) => child.once('exit', () => resolve('ended')));
    const verdict = await Promise.race([ended, new Promise((resolve) => setTimeout(() => resolve('stuck'), 1_200))]);
    child.kill('SIGKILL');
    await ended;
    expect([verdict, output]).toEqual(['stuck', '']);
  });
});
