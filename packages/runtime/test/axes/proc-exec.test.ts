import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KINDS, type Kind, MIB, NO_JAIL } from '../sandbox/tier-fixture.ts';
import { bodiesOf, ENGINE_ID, openWorld, problemsOf, type World } from './world.ts';

const BODIES = {
  'test.cat': `const { exitCode, stdout } = await context.exec('cat', [], { stdin: params.a }); return { exitCode, text: text(stdout) };`,
  'test.quiet': `const { stdout } = await context.exec('cat', [], { stdin: params.a, withhold: true }); return { length: stdout.length };`,
  'test.sort': `const { stdout } = await context.exec('sort', ['-r'], { stdin: params.a }); return { text: text(stdout) };`,
  'test.perl': `const { exitCode, stdout, stderr, files } = await context.exec('perl', ['-e', params.a], { outputs: ['made.txt'] });
     return { exitCode, stdout: text(stdout), stderr: text(stderr), files: files.map((file) => file.bytes === undefined ? file : { name: file.name, text: text(file.bytes) }) };`,
  'test.times': `for (let i = 0; i < params.n; i += 1) await context.exec('cat', [], { stdin: 'x' }); return {};`,
  'test.named': `await context.exec(params.a, []); return {};`,
  'test.code': `return { code: await codeOf(context.exec(params.a, params.b === undefined ? [] : [params.b])) };`,
  'test.leave': `void context.exec('perl', ['-e', params.a]).catch(() => {}); throw new Error('gone');`,
};
const planted = join(tmpdir(), `mex-planted-${process.pid}`);
const TOOLS = {
  cat: { path: '/bin/cat' },
  sort: { path: '/usr/bin/sort', options: ['-r'] },
  perl: { path: '/usr/bin/perl', options: ['-e *'], version_args: ['-v'] },
  planted: { path: planted },
  missing: { path: '/usr/bin/there-is-no-such-program' },
};

/** Whether a process with this in its command line is alive. */
function isRunning(mark: string): boolean {
  return readdirSync('/proc').some((pid) => {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) return false;
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes(mark);
    } catch {
      return false;
    }
  });
}

const suite = NO_JAIL === undefined ? describe : describe.skip;
const title = '[§9] [§14 J] proc.exec in the %s tier';
suite.each(KINDS)(NO_JAIL === undefined ? title : `${title} (skipped: ${NO_JAIL})`, (kind: Kind) => {
  let world: World;
  beforeAll(async () => {
    writeFileSync(planted, '#!/bin/sh\n', { mode: 0o755 });
    world = await openWorld(kind, BODIES, { tiers: ['thread', 'process'], outside: { tools: TOOLS } });
  });
  afterAll(() => {
    rmSync(planted, { force: true });
    return world.close();
  });

  const exec = (tool: string) => [`proc.exec:${tool}`];
  const commands = (result: Awaited<ReturnType<World['run']>>) =>
    world.events(result).filter((event) => event.type === 'terminal_command');

  it('an allowed program runs: FR-EVT-001 with references that can be read, and provenance of the tool', async () => {
    const result = await world.run('test.cat', exec('cat'), { a: 'grüße' });
    expect(result).toMatchObject({ status: 'succeeded', summary: { exitCode: 0, text: 'grüße' } });
    const [event, ...more] = commands(result);
    expect(more).toEqual([]);
    expect(event).toMatchObject({ session_id: result.op_id, exit_code: 0, args: [], stderr_ref: null });
    if (event?.type !== 'terminal_command' || event.stdout_ref === null) throw new Error('no reference');
    const kept = (await world.store.list({ op: result.op_id, kind: 'tool_output' })).artifacts.find(
      ({ artifact_id }) => artifact_id === event.stdout_ref,
    );
    expect(kept).toMatchObject({ exportable: false, classification: 'high' });
    const { content_hash: sha256, size_bytes, mime } = kept ?? { content_hash: '', size_bytes: 0, mime: '' };
    const handle = { artifact_id: event.stdout_ref, sha256, size_bytes, mime, kind: 'tool_output' as const };
    expect(Buffer.from(await world.store.get(handle)).toString()).toBe('grüße');
    expect(result.provenance.environment.tool_versions).toMatchObject({
      cat: expect.stringMatching(/^sha256:[0-9a-f]{64}/),
    });
    expect(result.usage.exec_count).toBe(1);
  });

  it.each([
    ['test.cat', /^key = "\*\*\*REDACTED\*\*\*"$/],
    ['test.quiet', /^\(withheld: 48 bytes/],
  ])('[§9] what a tool wrote is kept without secrets: %s', async (operation, kept) => {
    const token = ['gh', 'p_', 'x7Kq2Zr9Lm', '4Vt8Wb3Nc6', 'Yd1Hf5Js0P', 'aQeUg2'].join('');
    const result = await world.run(operation, exec('cat'), { a: `key = "${token}"` });
    expect(result.status).toBe('succeeded');
    const { artifacts } = await world.store.list({ op: result.op_id, kind: 'tool_output' });
    const texts = await Promise.all(
      artifacts.map(async ({ content_hash }) => Buffer.from(await world.store.get(content_hash)).toString()),
    );
    expect(texts).toContainEqual(expect.stringMatching(kept));
    expect(texts.join('\n')).not.toContain(token);
  });

  it('sort sorts, and an option that policy does not name is refused with an event and a Problem', async () => {
    expect((await world.run('test.sort', exec('sort'), { a: 'a\nc\nb\n' })).summary).toEqual({ text: 'c\nb\na\n' });
    const result = await world.run('test.code', exec('sort'), { a: 'sort', b: '--compress-program=sh' });
    expect(result.summary).toEqual({ code: 'TOOL_ARGUMENT_REFUSED' });
    expect(bodiesOf(world.events(result), 'broker.denied')).toMatchObject([{ code: 'TOOL_ARGUMENT_REFUSED' }]);
    expect(problemsOf(world, result)).toMatchObject([{ code: 'TOOL_ARGUMENT_REFUSED', tool: ENGINE_ID }]);
    expect(commands(result)).toEqual([]);
  });

  it('a program runs with an empty environment, in a work directory, and its files come back', async () => {
    const known = 'PATH|HOME|LANG|LC_ALL|TZ|TMPDIR|PWD|SOURCE_DATE_EPOCH';
    const a = `use Cwd; open(F, '>', 'made.txt'); print F 'made'; close F; print getcwd(), ' ', join(',', grep { !/^(${known})$/ } keys %ENV), "\\n";`;
    const result = await world.run('test.perl', exec('perl'), { a });
    expect(result.summary).toMatchObject({
      exitCode: 0,
      stdout: '/work \n',
      files: [{ name: 'made.txt', text: 'made' }],
    });
    expect(result.provenance.environment.tool_versions?.['perl']).toMatch(/ This is perl/);
  });

  it('an exit code is an answer, not a failure', async () => {
    const result = await world.run('test.perl', exec('perl'), { a: 'print STDERR "no\\n"; exit 3' });
    expect(result).toMatchObject({ status: 'succeeded', summary: { exitCode: 3, stderr: 'no\n' } });
  });

  it.each([
    ['cat', exec('sort'), 'CAPABILITY_USED_WITHOUT_GRANT', 'capability'],
    ['unnamed', exec('unnamed'), 'TOOL_NOT_ALLOWED', 'tool'],
    ['planted', exec('planted'), 'SECURITY_UNTRUSTED_EXECUTION', 'policy'],
    ['missing', exec('missing'), 'TOOL_NOT_FOUND', 'tool'],
    ['../../bin/sh', ['proc.exec'], 'TOOL_CALL_INVALID', 'tool'],
  ])('%s with %j is %s: result, event, Problem', async (a, capabilities, code, errorKind) => {
    const result = await world.run('test.named', capabilities, { a });
    expect(result).toMatchObject({ status: 'failed', errors: [{ code, kind: errorKind }] });
    expect(bodiesOf(world.events(result), 'broker.denied')).toMatchObject([{ call: 'tool.exec', code }]);
    const breach = problemsOf(world, result).find(({ source }) => source === 'broker');
    expect(breach).toMatchObject({ code, tool: ENGINE_ID });
    expect(breach?.message).toMatch(/called tool\.exec in test\.named/);
    expect(commands(result)).toEqual([]);
    expect(JSON.stringify(result)).not.toContain('/usr/bin/there');
  });

  it('[§9] exec_count: the run that is too many ends the operation', async () => {
    const result = await world.run('test.times', exec('cat'), { n: 3 }, { budget: { exec_count: 2 } });
    expect(result).toMatchObject({
      status: 'failed',
      outputs: [],
      errors: [{ code: 'BUDGET_EXCEEDED_EXEC_COUNT', kind: 'budget' }],
      usage: { exec_count: 3 },
    });
    expect(commands(result)).toHaveLength(2);
  });

  it('[§9] what a tool takes is counted in the usage of the operation', async () => {
    const a =
      'my $n = 32 * 1024 * 1024; my $kept = "x" x $n; my $end = time + 2; 1 while time < $end; print length $kept';
    const result = await world.run('test.perl', exec('perl'), { a }, { budget: { memory_bytes: 128 * MIB } });
    expect(result.status).toBe('succeeded');
    expect(result.usage.wall_time_ms).toBeGreaterThan(400);
    // Sampled, and on a busy machine it does not get all of the time.
    expect(result.usage.cpu_time_ms).toBeGreaterThan(40);
    expect(result.usage.memory_bytes).toBeGreaterThan(32 * MIB);
  });

  it.each([
    ['wall_time_ms', { wall_time_ms: 1_500 }, 'sleep 100', 'timed_out'],
    ['cpu_time_ms', { cpu_time_ms: 400 }, '1 while 1', 'failed'],
    ['memory_bytes', { memory_bytes: 96 * MIB }, 'my @a; push @a, "x" x (8388608 + @a) while 1', 'failed'],
    ['output_bytes', { output_bytes: 10_000 }, 'print "x" x 4096 while 1', 'failed'],
  ] as const)(
    '[§9] %s that a tool uses up ends the operation, and the figure says so',
    async (field, budget, a, status) => {
      const result = await world.run('test.perl', exec('perl'), { a }, { budget });
      const code = `BUDGET_EXCEEDED_${field.toUpperCase()}`;
      expect(result).toMatchObject({ status, outputs: [], errors: [{ code, kind: 'budget' }] });
      expect(result.usage[field]).toBeGreaterThanOrEqual(result.budget?.[field] ?? Number.POSITIVE_INFINITY);
      expect(problemsOf(world, result).map((problem) => problem.code)).toContain(code);
    },
  );

  it('a cancelled operation and one that leaves its tool behind end the tool', async () => {
    const mark = `mex-axes-${kind}-${process.pid}`;
    const a = `my $mark = '${mark}'; sleep 100`;
    const cancel = new AbortController();
    const running = world.run('test.perl', exec('perl'), { a }, {}, cancel.signal);
    await expect.poll(() => isRunning(mark), { timeout: 10_000 }).toBe(true);
    cancel.abort();
    expect(await running).toMatchObject({ status: 'cancelled' });
    expect(isRunning(mark)).toBe(false);
    const left = await world.run('test.leave', exec('perl'), { a });
    expect(left).toMatchObject({ status: 'failed', errors: [{ code: 'ENGINE_FAILED' }] });
    await sleep(100);
    expect(isRunning(mark)).toBe(false);
  });

  it.each(['D2', 'D3'] as const)('[§6] %s denies a result that rests on a program', async (determinism) => {
    const result = await world.run('test.cat', exec('cat'), { a: 'x' }, { determinism });
    expect(result).toMatchObject({ status: 'failed', errors: [{ code: 'DETERMINISM_BROKEN' }] });
  });

  it('no workspace is left', () => {
    const left = readdirSync(world.dir, { recursive: true }).filter((path) => /shadow\/./.test(String(path)));
    expect(left.filter((path) => /work|inputs|spool/.test(String(path)))).toEqual([]);
  });
});

describe('[§9] without a jail', () => {
  it('no program runs: SANDBOX_TIER_UNAVAILABLE, an event and a Problem', async () => {
    const world = await openWorld('thread', BODIES, { outside: { tools: TOOLS } });
    const result = await world.run('test.named', ['proc.exec:cat'], { a: 'cat' });
    expect(result).toMatchObject({ status: 'failed', errors: [{ code: 'SANDBOX_TIER_UNAVAILABLE', kind: 'sandbox' }] });
    expect(bodiesOf(world.events(result), 'broker.denied')).toMatchObject([{ code: 'SANDBOX_TIER_UNAVAILABLE' }]);
    expect(problemsOf(world, result).map(({ source }) => source)).toContain('broker');
    await world.close();
  });

  it('where policy names no program: not without the capability, and not with it', async () => {
    const world = await openWorld('thread', BODIES);
    const without = await world.run('test.named', [], { a: 'cat' });
    expect(without.errors[0]?.code).toBe('CAPABILITY_USED_WITHOUT_GRANT');
    const result = await world.run('test.named', ['proc.exec:cat'], { a: 'cat' });
    expect(result.errors[0]).toMatchObject({ code: 'TOOL_NOT_ALLOWED' });
    for (const one of [without, result]) expect(bodiesOf(world.events(one), 'broker.denied')).toHaveLength(1);
    await world.close();
  });
});
