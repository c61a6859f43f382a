import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KINDS, type Kind } from '../sandbox/tier-fixture.ts';
import { bodiesOf, openWorld, problemsOf, type World } from './world.ts';

const BODIES = {
  'test.read': `return { text: text(await context.read(params.a, params.b)) };`,
  'test.size': `return { size: (await context.read(params.a, params.b)).length };`,
  'test.list': `return { entries: await context.list(params.a, params.b) };`,
  'test.root': `return { entries: await context.list(params.a) };`,
  'test.code': `return { read: await codeOf(context.read(params.a, params.b)), list: await codeOf(context.list(params.a, params.b)) };`,
  'test.many': `const codes = {}; await Promise.all(Array.from({ length: params.n }, async () => {
      const code = await codeOf(context.read(params.a, params.b)); codes[code] = (codes[code] ?? 0) + 1; })); return codes;`,
  'test.race': `const seen = {}; for (let i = 0; i < params.n; i += 1) {
      let what; try { what = text(await context.read(params.a, params.b)).slice(0, 8); } catch (error) { what = error.code; }
      seen[what] = (seen[what] ?? 0) + 1; } return seen;`,
  'test.lengths': `const seen = {}; for (let i = 0; i < params.n; i += 1) {
      let what; try { what = (await context.read(params.a, params.b)).length; } catch (error) { what = error.code; }
      seen[what] = (seen[what] ?? 0) + 1; } return seen;`,
};
/** Of each kind: one descriptor left by each would already show. */
const REFUSALS = process.env['MEX_SOAK'] === undefined ? 4 : 25;
const SECRET = 'outside!';
const DOCS = ['fs.read:docs'];
const RACING = ['fs.read:racing'];

let dir: string;
let docs: string;
let socket: Server;
beforeAll(async () => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), 'mex-scope-')));
  docs = join(dir, 'docs');
  mkdirSync(join(docs, 'sub', 'deep'), { recursive: true });
  mkdirSync(join(dir, 'outside'));
  writeFileSync(join(dir, 'outside', 'secret.txt'), SECRET);
  writeFileSync(join(docs, 'a.txt'), 'A');
  writeFileSync(join(docs, 'empty'), '');
  writeFileSync(join(docs, 'sub', 'deep', 'b.txt'), 'B');
  writeFileSync(join(docs, 'e\u0301.txt'), 'decomposed');
  writeFileSync(join(docs, 'new\nline\u001b[31m.txt'), 'odd');
  writeFileSync(join(docs, 'back\\slash.txt'), 'odd');
  symlinkSync(join(dir, 'outside', 'secret.txt'), join(docs, 'link.txt'));
  symlinkSync(join(dir, 'outside'), join(docs, 'linkdir'));
  symlinkSync('a.txt', join(docs, 'inner-link.txt'));
  symlinkSync('nowhere', join(docs, 'dangling'));
  linkSync(join(dir, 'outside', 'secret.txt'), join(docs, 'hard.txt'));
  symlinkSync(docs, join(dir, 'docs-link'));
  spawnSync('mkfifo', [join(docs, 'pipe')]);
  truncateSync(join(docs, 'empty'), 0);
  writeFileSync(join(docs, 'huge'), '');
  truncateSync(join(docs, 'huge'), 2 ** 40);
  mkdirSync(join(dir, 'racing'));
  mkdirSync(join(dir, 'crowd'));
  for (let at = 0; at < 10_001; at += 1) writeFileSync(join(dir, 'crowd', `f${at}`), '');
  socket = createServer();
  socket.listen(join(docs, 'socket'));
  await once(socket, 'listening');
});
afterAll(() => {
  socket.close();
  rmSync(dir, { recursive: true, force: true });
});

const openDescriptors = (): number => readdirSync('/proc/self/fd').length;

describe.each(KINDS)('[§7] [§14 B] fs.read:<scope> in the %s tier', (kind: Kind) => {
  let world: World;
  beforeAll(async () => {
    const scopes = {
      docs,
      'through.link': join(dir, 'docs-link'),
      gone: join(dir, 'gone'),
      file: join(docs, 'a.txt'),
      crowd: join(dir, 'crowd'),
      racing: join(dir, 'racing'),
      dev: '/dev',
      vm: '/proc/sys/vm',
      proc: '/proc',
      inputs: docs,
    };
    world = await openWorld(kind, BODIES, { outside: { scopes } });
  });
  afterAll(() => world.close());

  const codes = async (b: string, scope = 'docs') =>
    (await world.run('test.code', [`fs.read:${scope}`], { a: scope, b })).summary;

  it('reads and lists what the operator named, in code-unit order, links and special files by name only', async () => {
    expect((await world.run('test.read', DOCS, { a: 'docs', b: 'sub/deep/b.txt' })).summary).toEqual({ text: 'B' });
    expect((await world.run('test.read', DOCS, { a: 'docs', b: 'empty' })).summary).toEqual({ text: '' });
    const listed = (await world.run('test.root', DOCS, { a: 'docs' })).summary?.['entries'];
    expect(listed).toEqual([
      { name: 'a.txt', kind: 'file' },
      { name: 'back\\slash.txt', kind: 'other' },
      { name: 'dangling', kind: 'other' },
      { name: 'empty', kind: 'file' },
      { name: 'e\u0301.txt', kind: 'file' },
      { name: 'hard.txt', kind: 'file' },
      { name: 'huge', kind: 'file' },
      { name: 'inner-link.txt', kind: 'other' },
      { name: 'link.txt', kind: 'other' },
      { name: 'linkdir', kind: 'other' },
      { name: 'new\nline\u001b[31m.txt', kind: 'file' },
      { name: 'pipe', kind: 'other' },
      { name: 'socket', kind: 'other' },
      { name: 'sub', kind: 'directory' },
    ]);
    const below = await world.run('test.list', DOCS, { a: 'docs', b: 'sub' });
    expect(below.summary).toEqual({ entries: [{ name: 'deep', kind: 'directory' }] });
  });

  it('a name with control characters is a name', async () => {
    const b = 'new\nline\u001b[31m.txt';
    expect((await world.run('test.read', DOCS, { a: 'docs', b })).summary).toEqual({ text: 'odd' });
  });

  it('a root that is a link is followed: the operator named it', async () => {
    const result = await world.run('test.read', ['fs.read:through.link'], { a: 'through.link', b: 'a.txt' });
    expect(result.summary).toEqual({ text: 'A' });
  });

  it.each(['../outside/secret.txt', 'sub/../../outside/secret.txt', '/etc/passwd', 'a.txt\0', '\\etc\\passwd'])(
    '%j is an escape: refused, an event and a Problem',
    async (b) => {
      const result = await world.run('test.read', DOCS, { a: 'docs', b });
      expect(result).toMatchObject({ status: 'failed', outputs: [], errors: [{ code: 'POLICY_PATH_ESCAPE' }] });
      expect(bodiesOf(world.events(result), 'broker.denied')).toMatchObject([
        { call: 'scope.read', code: 'POLICY_PATH_ESCAPE' },
      ]);
      const found = problemsOf(world, result).map(({ code, source }) => [source, code]);
      expect(found).toContainEqual(['broker', 'POLICY_PATH_ESCAPE']);
    },
  );

  it.each(['sub//deep/b.txt', './a.txt', 'sub/', '.', '..', 'C:/a.txt', '', '/'])('%j is no path', async (b) => {
    expect((await codes(b))?.['read']).toBe('POLICY_PATH_ESCAPE');
  });

  it.each([
    ['A.TXT', 'SCOPE_NOT_FOUND'],
    ['\u00e9.txt', 'SCOPE_NOT_FOUND'],
    ['none', 'SCOPE_NOT_FOUND'],
    ['none/none', 'SCOPE_NOT_FOUND'],
    ['x'.repeat(300), 'SCOPE_UNREADABLE'],
    ['a.txt/b', 'SCOPE_NOT_A_FILE'],
    ['link.txt', 'SCOPE_NOT_A_FILE'],
    ['inner-link.txt', 'SCOPE_NOT_A_FILE'],
    ['dangling', 'SCOPE_NOT_A_FILE'],
    ['linkdir/secret.txt', 'SCOPE_NOT_A_FILE'],
    ['hard.txt', 'SCOPE_NOT_A_FILE'],
    ['pipe', 'SCOPE_NOT_A_FILE'],
    ['socket', 'SCOPE_NOT_A_FILE'],
    ['sub', 'SCOPE_NOT_A_FILE'],
  ])('reading %s is %s', async (b, code) => {
    expect((await codes(b))?.['read']).toBe(code);
  });

  it.each([
    ['linkdir', 'SCOPE_NOT_A_FILE'],
    ['a.txt', 'SCOPE_NOT_A_FILE'],
    ['pipe', 'SCOPE_NOT_A_FILE'],
    ['none', 'SCOPE_NOT_FOUND'],
  ])('listing %s is %s', async (b, code) => {
    expect((await codes(b))?.['list']).toBe(code);
  });

  it('a device is no file, what may not be read says so, and what has no size is not silently empty', async () => {
    expect((await codes('zero', 'dev'))?.['read']).toBe('SCOPE_NOT_A_FILE');
    expect((await codes('null', 'dev'))?.['read']).toBe('SCOPE_NOT_A_FILE');
    if (existsSync('/proc/sys/vm/compact_memory')) {
      expect((await codes('compact_memory', 'vm'))?.['read']).toBe('SCOPE_UNREADABLE');
    }
    expect((await codes('self/status', 'proc'))?.['read']).toBe('SCOPE_NOT_A_FILE');
    expect((await codes(`${process.pid}/status`, 'proc'))?.['read']).toBe('SCOPE_CHANGED');
    expect((await codes('version', 'proc'))?.['read']).toBe('SCOPE_CHANGED');
  });

  it.each(['gone', 'file', 'nobody'])('a scope that is %s is an error of this call, not of the host', async (scope) => {
    const code = { gone: 'SCOPE_NOT_FOUND', file: 'SCOPE_NOT_A_FILE', nobody: 'SCOPE_UNKNOWN' }[scope];
    expect(await codes('a.txt', scope)).toEqual({ read: code, list: code });
  });

  it('nothing an engine hears names a place of the host', async () => {
    for (const b of ['none', 'link.txt', 'hard.txt', '../x', 'pipe', 'linkdir/secret.txt']) {
      const result = await world.run('test.read', DOCS, { a: 'docs', b });
      expect(result.status).toBe('failed');
      expect(JSON.stringify(result)).not.toContain(dir);
    }
  });

  it('[§7] `inputs` is never a scope of files: a policy that names one does not open it to everybody', async () => {
    const result = await world.run('test.read', ['fs.read:inputs'], { a: 'inputs', b: 'a.txt' });
    expect(result).toMatchObject({ status: 'failed', errors: [{ code: 'SCOPE_UNKNOWN' }] });
  });

  it('without the capability: refused, an event of the check, and a Problem that says who and what', async () => {
    const result = await world.run('test.read', ['fs.read:gone'], { a: 'docs', b: 'a.txt' });
    expect(result).toMatchObject({
      status: 'failed',
      errors: [{ code: 'CAPABILITY_USED_WITHOUT_GRANT', kind: 'capability' }],
    });
    expect(world.events(result)).toContainEqual(
      expect.objectContaining({
        type: 'capability_check',
        capability_id: 'fs.read:docs',
        decision_outcome: 'deny',
        job_id: result.op_id,
      }),
    );
    const breach = problemsOf(world, result).find(({ source }) => source === 'broker');
    expect(breach).toMatchObject({ tool: 'engine.test.axes', code: 'CAPABILITY_USED_WITHOUT_GRANT' });
    expect(breach?.message).toMatch(/engine\.test\.axes called scope\.read in test\.read.*fs\.read:docs/);
  });

  it.each(['D2', 'D3'] as const)('[§6] %s denies a result that rests on it', async (determinism) => {
    const result = await world.run('test.read', DOCS, { a: 'docs', b: 'a.txt' }, { determinism });
    expect(result).toMatchObject({ status: 'failed', errors: [{ code: 'DETERMINISM_BROKEN', gate: 'G-DET' }] });
    expect(result.outputs).toEqual([]);
  });

  it('[§9] a file that memory does not hold is never read', async () => {
    const result = await world.run('test.size', DOCS, { a: 'docs', b: 'huge' });
    expect(result).toMatchObject({
      status: 'failed',
      errors: [{ code: 'BUDGET_EXCEEDED_MEMORY_BYTES', kind: 'budget' }],
    });
  });

  it('a directory of very many entries is refused before all of it is read', async () => {
    expect((await codes('', 'crowd'))?.['read']).toBe('POLICY_PATH_ESCAPE');
    expect((await codes('', 'crowd'))?.['list']).toBe('SCOPE_UNREADABLE');
  });

  it(`a hundred reads at once hold few descriptors, and none is left after ${8 * REFUSALS} operations`, async () => {
    const once = () => world.run('test.many', DOCS, { a: 'docs', b: 'sub/deep/b.txt', n: 100 });
    expect((await once()).summary).toEqual({ done: 100 });
    const before = openDescriptors();
    for (const b of ['link.txt', 'none', 'pipe', 'sub/deep/b.txt', 'hard.txt', 'huge', '../x', 'linkdir/x']) {
      for (let at = 0; at < REFUSALS; at += 1) await world.run('test.code', DOCS, { a: 'docs', b });
    }
    expect(openDescriptors()).toBeLessThanOrEqual(before + 4);
  });

  it('a file that is swapped for a link again and again is what it was or is refused, never the target', async () => {
    const target = join(dir, 'racing', 'swap');
    writeFileSync(target, 'inside!!');
    const script = `const fs = require('node:fs'); const [file, outside] = process.argv.slice(1);
      const end = Date.now() + 1500; process.stdout.write('go');
      while (Date.now() < end) { fs.symlinkSync(outside, file + '.l'); fs.renameSync(file + '.l', file);
        fs.writeFileSync(file + '.f', 'inside!!'); fs.renameSync(file + '.f', file); }`;
    const swapper = spawn(process.execPath, ['-e', script, target, join(dir, 'outside', 'secret.txt')]);
    await once(swapper.stdout, 'data');
    const seen = await world.run('test.race', RACING, { a: 'racing', b: 'swap', n: 1_000 });
    swapper.kill();
    rmSync(target, { force: true });
    expect(seen.status).toBe('succeeded');
    const allowed = ['inside!!', 'SCOPE_NOT_A_FILE', 'SCOPE_NOT_FOUND', 'SCOPE_CHANGED'];
    expect(Object.keys(seen.summary ?? {}).filter((what) => !allowed.includes(what))).toEqual([]);
  });

  it('a file that grows and shrinks while it is read is whole or refused', async () => {
    const target = join(dir, 'racing', 'breathing');
    writeFileSync(target, 'a'.repeat(1_000_000));
    const script = `const fs = require('node:fs'); const file = process.argv[1]; process.stdout.write('go');
      const end = Date.now() + 1500; while (Date.now() < end) { fs.truncateSync(file, 10); fs.truncateSync(file, 1000000); }`;
    const child = spawn(process.execPath, ['-e', script, target]);
    await once(child.stdout, 'data');
    const seen = await world.run('test.lengths', RACING, { a: 'racing', b: 'breathing', n: 200 });
    child.kill();
    rmSync(target, { force: true });
    expect(seen.status).toBe('succeeded');
    const whole = ['10', '1000000', 'SCOPE_CHANGED'];
    expect(Object.keys(seen.summary ?? {}).filter((what) => !whole.includes(what))).toEqual([]);
  });
});
