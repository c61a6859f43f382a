import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CHECKERS } from '@mex/envelope';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CALLER, type Fixture, openFixture, plan } from './fixture.ts';

const BODIES = {
  'test.write': `await context.write('out.txt', params.text ?? 'hello'); context.log('wrote'); return { length: (params.text ?? 'hello').length };`,
  'test.nothing': ``,
  'test.fail': `const error = new Error('as declared'); error.code = 'TEST_DECLARED'; throw error;`,
  'test.undeclared': `const error = new Error('surprise'); error.code = 'SOMETHING_ELSE'; throw error;`,
  'test.throwodd': `throw null;`,
  'test.spin': `for (;;) {}`,
  'test.microtasks': `for (;;) await null;`,
  'test.sleep': `await new Promise(() => {});`,
  'test.memory': `const kept = []; for (;;) kept.push(new Array(100000).fill(Math.random()));`,
  'test.recursion': `const f = (n) => f(n + 1) + 1; return { depth: f(0) };`,
  'test.big': `await context.write('out.txt', 'x'.repeat(params.count)); return {};`,
  'test.undeclaredoutput': `await context.write('other.txt', 'x'); return {};`,
  'test.twice': `await context.write('out.txt', 'x'); await context.write('out.txt', 'y'); return {};`,
  'test.summary': `return { text: 'x'.repeat(params.count) };`,
  'test.files': `const [input] = context.inputs; const files = await input.files(); const texts = []; for (const f of files) texts.push(new TextDecoder().decode(await input.read(f.path))); return { paths: files.map((f) => f.path), texts };`,
  'test.escape': `const [input] = context.inputs; await input.read(params.text); return {};`,
  'test.blob': `const [input] = context.inputs; return { text: new TextDecoder().decode(await input.bytes()) };`,
  'test.world': `return { time: Date.now(), now: context.now(), random: Math.random() };`,
  'test.problem': `context.problem({ code: 'TEST_NOTE', severity: 'warning', title: 'Look', message: 'here', locations: [{ path: 'a/b', line: 3 }] }); return {};`,
  'test.leak': `const token = ['gh', 'p_', 'x7Kq2LmN9vRt4WzY8bCd3FgHj6Ps1Qa5Ue0T'].join(''); context.log('token ' + token); context.problem({ code: 'TEST_LEAK', severity: 'warning', title: 'got ' + token, message: '\\u001b[31mred ' + token }); const error = new Error('failed with ' + token); error.code = 'TEST_DECLARED'; throw error;`,
  'test.claims': `const error = new Error('the store is damaged'); error.code = 'ARTIFACT_CORRUPT'; throw error;`,
  'test.late': `globalThis.late = () => context.write('out.txt', 'late'); return {};`,
};

let mex: Fixture;
beforeAll(async () => {
  mex = await openFixture(BODIES);
});
afterAll(() => mex.dispose());

const subjects = (opId: string): string[] =>
  mex.recorder.list({ op: opId }).map(({ event }) => (event.type === 'system' ? event.subject : event.type));

describe('one governed operation', () => {
  it('[§2] [§4] gates, worker, artifact, provenance, record: in that order', async () => {
    const result = await mex.run('test.write', { params: { text: 'grüße' } });
    expect(CHECKERS.engineResult.issues(result)).toEqual([]);
    expect(result).toMatchObject({ status: 'succeeded', summary: { length: 5 }, errors: [] });
    const [output] = result.outputs;
    expect(output && new TextDecoder().decode(await mex.store.get(output))).toBe('grüße');
    expect(result.provenance).toMatchObject({
      engine_version: '1.0.0',
      implementation: 'builtin',
      environment: { isolation_tier: 'thread' },
    });
    expect(result.provenance.outputs).toEqual([output?.sha256]);
    expect(result.usage.output_bytes).toBe(7);
    expect(result.logs_ref && new TextDecoder().decode(await mex.store.get(result.logs_ref))).toBe('wrote\n');
    expect(subjects(result.op_id)).toEqual([
      'capability_check',
      'capability_check',
      'operation.checked',
      'engine.run',
      'tool_call',
    ]);
  });

  it('[§7] a capability check event has exactly the four members besides the base', async () => {
    const result = await mex.run('test.nothing');
    const found = mex.recorder.list({ op: result.op_id, type: 'capability_check' }).map(({ event }) => event);
    expect(found.length).toBe(2);
    for (const event of found) {
      const { event_id: _e, type: _t, timestamp: _s, actor: _a, activity_span_id: _o, ...rest } = event;
      expect(Object.keys(rest).sort()).toEqual(['actor_id', 'capability_id', 'decision_outcome', 'job_id']);
    }
  });

  it('[§4] a denial is a result, an event and a Problem; nothing runs', async () => {
    const result = await mex.run('test.write', { params: { unknown: true } });
    expect(result).toMatchObject({ status: 'denied', errors: [{ code: 'PARAMS_INVALID', gate: 'G-SCHEMA' }] });
    expect(CHECKERS.engineResult.issues(result)).toEqual([]);
    const [checked] = mex.recorder.list({ op: result.op_id, type: 'system' });
    expect(checked?.event).toMatchObject({
      subject: 'operation.checked',
      body: { gates: [{ gate: 'G-SCHEMA', outcome: 'deny' }] },
    });
    expect(checked?.event).not.toHaveProperty('body.grant');
    const problems = mex.recorder.problems.list({ limit: 1_000 });
    expect(problems.some((problem) => problem.code === 'PARAMS_INVALID')).toBe(true);
  });

  it.each([
    ['engine.none.such', 'test.write', 'ENGINE_UNKNOWN'],
    ['engine.test.unit', 'test.none', 'OPERATION_UNKNOWN'],
  ])('[§2] fail closed: %s %s is %s', async (engine_id, operation, code) => {
    expect(await mex.run(operation, { engine_id })).toMatchObject({ status: 'denied', errors: [{ code }] });
  });

  it('[§3] a version range nothing satisfies is denied', async () => {
    const result = await mex.run('test.write', { engine_version_req: '^2.0.0' });
    expect(result.errors[0]?.code).toBe('ENGINE_VERSION_UNSATISFIED');
  });

  it.each([
    '{',
    '[]',
    '{"schema_version":"poe-9"}',
    '{"schema_version":"poe-1.0","schema_version":"poe-1.0"}',
    'null',
    '',
  ])('[§3] what is no operation is refused with a typed error: %s', async (text) => {
    await expect(mex.runtime.execute(text, { caller: CALLER })).rejects.toMatchObject({
      name: 'MexError',
      kind: 'validation',
    });
  });

  it('[§8] G-PROVENANCE denies an operation nobody vouches for', async () => {
    const result = await mex.runtime.execute(plan('test.nothing'));
    expect(result.errors[0]?.code).toBe('ACTOR_UNKNOWN');
  });
});

describe('[§3] idempotency', () => {
  it('the same op_id with the same content returns the recorded result and runs once', async () => {
    const operation = plan('test.write', { params: { text: 'once' } });
    const [first, second] = await Promise.all([
      mex.runtime.execute(operation, { caller: CALLER }),
      mex.runtime.execute(operation, { caller: CALLER }),
    ]);
    const third = await mex.runtime.execute(JSON.stringify(operation), { caller: CALLER });
    expect(second).toEqual(first);
    expect(third).toEqual(first);
    expect(subjects(operation.op_id).filter((subject) => subject === 'engine.run')).toHaveLength(1);
  });

  it('the same op_id with other content, or from another caller, is denied with a result, events and a Problem', async () => {
    const operation = plan('test.write');
    await mex.runtime.execute(operation, { caller: CALLER });
    const other = { ...operation, params: { text: 'other' } };
    const changed = await mex.runtime.execute(other, { caller: CALLER });
    const stranger = await mex.runtime.execute(operation, { caller: { id: 'os:other', kind: 'human' } });
    for (const result of [changed, stranger]) {
      expect(result).toMatchObject({ status: 'denied', outputs: [], errors: [{ code: 'OPERATION_ID_REUSED' }] });
    }
    expect(subjects(operation.op_id).filter((subject) => subject === 'engine.run')).toHaveLength(3);
  });

  it('a caller that changes its object meanwhile changes nothing', async () => {
    const operation = plan('test.write', { params: { text: 'before' } });
    const running = mex.runtime.execute(operation, { caller: CALLER });
    operation.params['text'] = 'after';
    expect((await running).summary).toEqual({ length: 6 });
  });
});

describe('engines that fail', () => {
  it.each([
    ['test.fail', 'TEST_DECLARED'],
    ['test.undeclared', 'ENGINE_FAILED'],
    ['test.throwodd', 'ENGINE_FAILED'],
    ['test.recursion', 'ENGINE_FAILED'],
    ['test.claims', 'ENGINE_FAILED'],
    ['test.undeclaredoutput', 'OUTPUT_UNDECLARED'],
    ['test.twice', 'OUTPUT_REPEATED'],
  ])('%s ends with %s, and its outputs are discarded', async (operation, code) => {
    const result = await mex.run(operation);
    expect(result).toMatchObject({ status: 'failed', outputs: [], errors: [{ code }] });
    expect((await mex.store.list({ op: result.op_id, kind: 'file' })).artifacts).toEqual([]);
  });

  it('[§8] a summary over 32 KB is denied after the run', async () => {
    expect(await mex.run('test.summary', { params: { count: 40_000 } })).toMatchObject({
      status: 'failed',
      errors: [{ code: 'INLINE_TOO_LARGE' }],
    });
  });
});

describe('[§9] budgets stop a worker and leave the host healthy', () => {
  const cases: [string, object, string, string][] = [
    ['test.spin', { cpu_time_ms: 150 }, 'failed', 'BUDGET_EXCEEDED_CPU_TIME_MS'],
    ['test.spin', { wall_time_ms: 150 }, 'timed_out', 'BUDGET_EXCEEDED_WALL_TIME_MS'],
    ['test.microtasks', { cpu_time_ms: 150 }, 'failed', 'BUDGET_EXCEEDED_CPU_TIME_MS'],
    ['test.sleep', { wall_time_ms: 150 }, 'timed_out', 'BUDGET_EXCEEDED_WALL_TIME_MS'],
    ['test.memory', { memory_bytes: 48 * 1024 * 1024 }, 'failed', 'BUDGET_EXCEEDED_MEMORY_BYTES'],
  ];
  it.each(cases)('%s with %o: %s %s', async (operation, budget, status, code) => {
    const result = await mex.run(operation, { budget });
    expect(result).toMatchObject({ status, outputs: [], errors: [{ code, kind: 'budget' }] });
    expect(CHECKERS.engineResult.issues(result)).toEqual([]);
    expect((await mex.run('test.write')).status).toBe('succeeded');
  });

  it('output bytes', async () => {
    const result = await mex.run('test.big', { params: { count: 2_000 }, budget: { output_bytes: 1_000 } });
    expect(result.errors[0]?.code).toBe('BUDGET_EXCEEDED_OUTPUT_BYTES');
    expect(subjects(result.op_id)).toContain('worker.killed');
  });

  it('artifacts written', async () => {
    const result = await mex.run('test.write', { budget: { file_writes: 0 } });
    expect(result.errors[0]?.code).toBe('BUDGET_EXCEEDED_FILE_WRITES');
  });

  it('a budget over the ceiling is denied before anything runs', async () => {
    expect((await mex.run('test.write', { budget: { wall_time_ms: 10_001 } })).errors[0]?.code).toBe(
      'BUDGET_OVER_CEILING',
    );
  });

  it('cancellation ends a spinning engine', async () => {
    const cancel = new AbortController();
    const running = mex.run('test.spin', {}, cancel.signal);
    setTimeout(() => cancel.abort(), 100);
    expect(await running).toMatchObject({ status: 'cancelled', errors: [{ code: 'OPERATION_CANCELLED' }] });
  });
});

describe('[§2] nothing a planner says makes the record say something else', () => {
  it('the actor of every event is who sent it; the claim stands beside it', async () => {
    const claim = { kind: 'system', id: 'flight-recorder' } as const;
    const result = await mex.run('test.nothing', { context: { actor: claim } });
    const found = mex.recorder.list({ op: result.op_id }).map(({ event }) => event);
    expect(found.every((event) => event.actor.id === CALLER.id)).toBe(true);
    expect(found.find((event) => event.type === 'system' && event.subject === 'operation.checked')).toMatchObject({
      body: { claimed_actor: claim },
    });
  });

  it.each([
    ['a control character in a capability', { capabilities_requested: ['fs.read:a\u007fb'] }],
    ['a secret in an id', { context: { job_id: ['sk', 'live', '51HqJ2eZvKYlo2C8x9QmN4vRt'].join('_') } }],
  ])('%s is refused at the door', async (_what, over) => {
    await expect(mex.run('test.nothing', over)).rejects.toMatchObject({ kind: 'validation' });
  });

  it('a caller without a usable id is a fault of the application', async () => {
    const call = mex.runtime.execute(plan('test.nothing'), { caller: { id: 'Jane Doe', kind: 'human' } });
    await expect(call).rejects.toMatchObject({ code: 'CALLER_INVALID' });
  });
});

describe('[§4] an operation that breaks inside MEX still ends', () => {
  it('in the log, in the ledger and with a Problem; a repeat gets the same result', async () => {
    const own = await openFixture({ 'test.write': `await context.write('out.txt', 'x'); return {};` });
    own.store.put = () => Promise.reject(new Error('disk full'));
    const operation = plan('test.write');
    const result = await own.runtime.execute(operation, { caller: CALLER });
    expect(result).toMatchObject({ status: 'failed', outputs: [], errors: [{ code: 'INTERNAL' }] });
    expect(await own.runtime.execute(operation, { caller: CALLER })).toEqual(result);
    expect(own.recorder.list({ op: operation.op_id, type: 'tool_call' })).toHaveLength(1);
    expect(own.recorder.problems.list({}).some((problem) => problem.code === 'INTERNAL')).toBe(true);
    await own.dispose();
  });
});

describe('[§9] quota', () => {
  it('counts operations asked for at once', async () => {
    const own = await openFixture({ 'test.nothing': '' }, { quota: { maxConcurrent: 2 } });
    const results = await Promise.all(Array.from({ length: 12 }, () => own.run('test.nothing')));
    const codes = results.map((result) => result.errors[0]?.code ?? 'ran');
    expect(codes.filter((code) => code === 'ran')).toHaveLength(2);
    expect(codes.filter((code) => code === 'QUOTA_EXCEEDED')).toHaveLength(10);
    expect((await own.run('test.nothing')).status).toBe('succeeded');
    await own.dispose();
  });
});

describe('[§5] [§9] inputs', () => {
  let tree: string;
  beforeEach(() => {
    tree = mkdtempSync(join(tmpdir(), 'mex-tree-'));
  });
  afterEach(() => rmSync(tree, { recursive: true, force: true }));

  it('a pinned directory is read through the broker, in code-unit order', async () => {
    writeFileSync(join(tree, 'b.txt'), 'B');
    writeFileSync(join(tree, 'a.txt'), 'A');
    const { handle } = await mex.store.pinFiles(tree, ['b.txt', 'a.txt']);
    const result = await mex.run('test.files', { inputs: [handle] });
    expect(result.summary).toEqual({ paths: ['a.txt', 'b.txt'], texts: ['A', 'B'] });
    expect(result.provenance.inputs).toEqual([handle.sha256]);
  });

  it('a file that changed since it was pinned is an integrity error', async () => {
    writeFileSync(join(tree, 'c.txt'), 'before');
    const { handle } = await mex.store.pinFiles(tree, ['c.txt']);
    writeFileSync(join(tree, 'c.txt'), 'after!');
    expect((await mex.run('test.files', { inputs: [handle] })).errors[0]).toMatchObject({
      code: 'ARTIFACT_DRIFT',
      kind: 'integrity',
    });
  });

  it.each(['../log.db', '/etc/passwd', 'a.txt/../../log.db', './a.txt', 'A.TXT', 'a.txt\0', ''])(
    '[§14 B] %j is not in the index, so it cannot be read',
    async (text) => {
      writeFileSync(join(tree, 'a.txt'), 'A');
      const { handle } = await mex.store.pinFiles(tree, ['a.txt']);
      const result = await mex.run('test.escape', { inputs: [handle], params: { text } });
      expect(result).toMatchObject({ status: 'failed', errors: [{ code: 'ARTIFACT_NOT_FOUND' }] });
    },
  );

  it('a blob is read whole', async () => {
    const handle = await mex.store.put(new TextEncoder().encode('blob'), {
      kind: 'file',
      mime: 'text/plain',
      created_by: {},
    });
    expect((await mex.run('test.blob', { inputs: [handle] })).summary).toEqual({ text: 'blob' });
  });

  it('[§8] a handle that disagrees with the store is denied, one that is not there too', async () => {
    const handle = await mex.store.put(new TextEncoder().encode('blob'), {
      kind: 'file',
      mime: 'text/plain',
      created_by: {},
    });
    expect((await mex.run('test.blob', { inputs: [{ ...handle, size_bytes: 5 }] })).errors[0]?.code).toBe(
      'INPUT_INTEGRITY',
    );
    expect((await mex.run('test.blob', { inputs: [{ ...handle, artifact_id: randomUUID() }] })).errors[0]?.code).toBe(
      'INPUT_UNRESOLVABLE',
    );
    expect((await mex.run('test.blob', { inputs: [{ entity_type: 'note', entity_id: '1' }] })).errors[0]?.code).toBe(
      'INPUT_UNRESOLVABLE',
    );
  });

  it('[§7] reading and writing without the capability is refused, recorded and ends in a Problem', async () => {
    const result = await mex.run('test.write', { capabilities_requested: [] });
    expect(result).toMatchObject({
      status: 'failed',
      errors: [{ code: 'CAPABILITY_USED_WITHOUT_GRANT', kind: 'capability' }],
    });
    const events = mex.recorder.list({ op: result.op_id }).map(({ event }) => event);
    expect(events.some((event) => event.type === 'capability_check' && event.decision_outcome === 'deny')).toBe(true);
    expect(subjects(result.op_id)).toContain('broker.denied');
  });
});

describe('[§6] a frozen world', () => {
  it('D3: time and randomness are a function of the operation, not of the moment or the op_id', async () => {
    const first = await mex.run('test.world');
    const second = await mex.run('test.world');
    expect(second.summary).toEqual(first.summary);
    expect(first.summary).toMatchObject({ now: '2000-01-01T00:00:00.000Z' });
    const other = await mex.run('test.world', { params: { count: 1 } });
    expect(other.summary?.['random']).not.toEqual(first.summary?.['random']);
  });
});

describe('[§14 E] an engine that says a secret', () => {
  it('has it masked in its log, its Problem, its error and every event, and no control sequence survives', async () => {
    const secret = ['gh', 'p_', 'x7Kq2LmN9vRt4WzY8bCd3FgHj6Ps1Qa5Ue0T'].join('');
    const result = await mex.run('test.leak');
    const log = result.logs_ref ? new TextDecoder().decode(await mex.store.get(result.logs_ref)) : '';
    const problem = mex.recorder.problems.list({ limit: 1_000 }).find((found) => found.code === 'TEST_LEAK');
    const everything = JSON.stringify([result, log, problem, mex.recorder.list({ op: result.op_id })]);
    expect(everything).not.toContain(secret);
    expect(everything).not.toContain('\\u001b');
    expect([log, problem?.title, result.errors[0]?.message].every((text) => text?.includes('***REDACTED***'))).toBe(
      true,
    );
  });
});

describe('problems and certificates', () => {
  it('[§11] what an engine reports becomes a Problem in its name', async () => {
    await mex.run('test.problem');
    const found = mex.recorder.problems.list({ limit: 1_000 }).find((problem) => problem.code === 'TEST_NOTE');
    expect(found).toMatchObject({
      severity: 'warning',
      source: 'engine.test.unit',
      locations: [{ path: 'a/b', range: { start: { line: 3 } } }],
    });
  });

  it('[§8] [§10] a bundle that is not the registered one is denied before any code loads', async () => {
    const own = await openFixture({ 'test.nothing': '' });
    const file = join(own.dir, 'bundles', 'engine.test.unit.bundle');
    writeFileSync(file, `${readFileSync(file, 'utf8')} `);
    const result = await own.run('test.nothing');
    expect(result).toMatchObject({
      status: 'denied',
      errors: [{ code: 'BUNDLE_DIGEST_MISMATCH', gate: 'G-INTEGRITY' }],
    });
    await own.dispose();
    expect(existsSync(own.dir)).toBe(false);
  });

  it('[§11] the log verifies after all of it', async () => {
    await mex.run('test.nothing');
    expect(await mex.recorder.verify()).toMatchObject({ ok: true });
  });
});
