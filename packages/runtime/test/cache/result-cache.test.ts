import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { ArtifactHandle, EngineResult, PlannedOperation } from '@mex/envelope';
import { CHECKERS } from '@mex/envelope';
import type { Gate } from '@mex/gates';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { ResultCache } from '../../src/cache/result-cache.ts';
import { RUNTIME_VERSION } from '../../src/environment.ts';
import { CALLER, type Fixture, openFixture, openPolicy, plan } from '../fixture.ts';

const BODIES = {
  'test.write': `await context.write('out.txt', params.text); context.log('wrote'); return { length: params.text.length };`,
  'test.fail': `const error = new Error('as declared'); error.code = 'TEST_DECLARED'; throw error;`,
  'test.problem': `context.problem({ code: 'TEST_NOTE', severity: 'warning', title: 'Look', message: 'here', locations: [{ path: 'a/b', line: 3 }] }); await context.write('raw.txt', 'x'); return {};`,
  'test.tolerant': `try { return { said: new TextDecoder().decode(await context.inputs[0].read('a.txt')) }; } catch { return { said: 'nothing' }; }`,
  'test.undeclared': `try { await context.write('other.txt', 'x'); } catch {} return {};`,
  'test.odd': '',
  'test.stale': '',
  // Ends its own function and writes the operations above once more, with a memory: what a used worker gives away.
  'test.other': `} }, 'test.stale': { run: ((said) => async (_context, params) => { said = params.text ?? said; return { said }; })('clean') }, 'test.odd': { run: ((n) => async () => { n += 1; return { n }; })(0), rest: async () => {`,
};

let day = Date.UTC(2026, 0, 1);
let allowed = true;
const vetoes = new Set<string>();
const veto: Gate = {
  id: 'G-VETO',
  pre: () =>
    allowed
      ? undefined
      : {
          gate: 'G-VETO',
          code: 'VETO',
          kind: 'policy',
          reason: 'No.',
          severity: 'error',
          remedy: 'Ask.',
          retryable: false,
        },
  post: (operation) =>
    vetoes.has(operation.op_id)
      ? {
          gate: 'G-VETO',
          code: 'VETO',
          kind: 'policy',
          reason: 'No.',
          severity: 'error',
          remedy: 'Ask.',
          retryable: false,
        }
      : undefined,
};

let mex: Fixture;
beforeAll(async () => {
  mex = await openFixture(BODIES, { resultCache: {}, now: () => day, gates: [veto] });
});
afterAll(() => mex.dispose());

const write = (text: string, over: Partial<PlannedOperation> = {}): Promise<EngineResult> =>
  mex.run('test.write', { params: { text }, ...over });
const from = ({ provenance }: EngineResult): string | undefined => provenance.cached_from;
const subjects = (opId: string): string[] =>
  mex.recorder.list({ op: opId }).map(({ event }) => (event.type === 'system' ? event.subject : event.type));
const codesOf = (opId: string): string[] =>
  mex.recorder
    .list({ op: opId, type: 'diagnostic' })
    .map(({ event }) =>
      event.type === 'diagnostic' ? (mex.recorder.problems.get(event.diagnostic_id)?.code ?? '') : '',
    );

/** Changes a row behind the log's back, as somebody who may write the file can. */
function tamper(sql: string, ...values: string[]): void {
  const db = new DatabaseSync(join(mex.dir, 'log.db'));
  db.prepare(sql).run(...values);
  db.close();
}

describe('[§6] the result cache', () => {
  it('[§4] [§8] serves a D3 result again: same artifacts, gates asked, grant recorded, nothing spent, origin named', async () => {
    const first = await write('served');
    const again = await write('served');
    expect(from(first)).toBeUndefined();
    expect(from(again)).toBe(first.op_id);
    expect(CHECKERS.engineResult.issues(again)).toEqual([]);
    expect(again).toMatchObject({
      status: 'succeeded',
      outputs: first.outputs,
      summary: first.summary,
      logs_ref: first.logs_ref,
      budget: first.budget,
    });
    expect(again.provenance.config_hash).toBe(first.provenance.config_hash);
    expect(Object.values(again.usage)).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
    expect(subjects(again.op_id)).toEqual(subjects(first.op_id));
    const run = mex.recorder.list({ op: again.op_id, subject: 'engine.run' })[0]?.event;
    expect(run).toMatchObject({ body: { cached_from: first.op_id, tier: 'thread' } });
    expect(mex.recorder.list({ op: again.op_id, type: 'tool_call' })[0]?.event).toMatchObject({ side_effect: 'none' });
  });

  it('names the operation that ran, not one that was served itself', async () => {
    const first = await write('chain');
    await write('chain');
    expect(from(await write('chain'))).toBe(first.op_id);
  });

  it('[§2] a caller who prepares the state of a sandbox is served what came of it, and nobody else is', async () => {
    const as = (id: string, operation: PlannedOperation): Promise<EngineResult> =>
      mex.runtime.execute(operation, { caller: { id, kind: 'agent' } });
    await as('app:attacker', plan('test.stale', { params: { text: 'poison' } }));
    const poisoned = await as('app:attacker', plan('test.stale'));
    expect(poisoned.summary).toEqual({ said: 'poison' });
    const other = await as('app:victim', plan('test.stale'));
    expect(other.summary).toEqual({ said: 'clean' });
    expect(from(other)).toBeUndefined();
    expect(from(await as('app:attacker', plan('test.stale')))).toBe(poisoned.op_id);
  });

  it('[§1] what the engine reported is reported again, for the operation that was served', async () => {
    const first = await mex.run('test.problem');
    const again = await mex.run('test.problem');
    expect(from(again)).toBe(first.op_id);
    expect(again.evidence).toEqual(first.evidence);
    expect(codesOf(again.op_id)).toEqual(['TEST_NOTE']);
  });

  it('bypass runs the engine, compares, and keeps the newer result', async () => {
    const first = await write('bypass');
    const operation = plan('test.write', { params: { text: 'bypass' } });
    const forced = await mex.runtime.execute(operation, { caller: CALLER, cache: 'bypass' });
    expect(from(forced)).toBeUndefined();
    expect(forced.outputs[0]?.artifact_id).not.toBe(first.outputs[0]?.artifact_id);
    expect(from(await write('bypass'))).toBe(forced.op_id);
  });

  it('[§8] a gate that denies now denies, whatever is kept', async () => {
    await write('denied');
    allowed = false;
    const denied = await write('denied');
    allowed = true;
    expect(denied).toMatchObject({ status: 'denied', errors: [{ code: 'VETO' }] });
    expect(from(denied)).toBeUndefined();
  });

  it('[§8] the post-gates judge what is served: output_spec of the new operation, added gates', async () => {
    await write('judged');
    const operation = plan('test.write', { params: { text: 'judged' } });
    vetoes.add(operation.op_id);
    const vetoed = await mex.runtime.execute(operation, { caller: CALLER });
    expect(vetoed).toMatchObject({ status: 'failed', outputs: [], errors: [{ code: 'VETO' }] });
    expect(from(await write('judged'))).toBeDefined();
    expect(await write('judged', { output_spec: { max_bytes: 1 } })).toMatchObject({
      errors: [{ code: 'OUTPUT_LIMIT' }],
    });
  });

  it('never keeps what failed, was refused a call, was denied, or promises less than D3', async () => {
    for (const [operation, over] of [
      ['test.fail', {}],
      ['test.undeclared', {}],
      ['test.write', { params: { text: 'spec' }, output_spec: { max_bytes: 1 } }],
      ['test.write', { params: { text: 'd2' }, determinism: 'D2' }],
    ] as const) {
      await mex.run(operation, over);
      const again = await mex.run(operation, over);
      expect([operation, from(again)]).toEqual([operation, undefined]);
      expect(again.usage.memory_bytes + again.usage.wall_time_ms).toBeGreaterThan(0);
    }
  });

  it('[§1] [§5] what was made while an input had drifted is told, and not served when it is whole again', async () => {
    const root = mkdtempSync(join(tmpdir(), 'mex-drift-'));
    const file = join(root, 'a.txt');
    onTestFinished(() => rmSync(root, { recursive: true }));
    const read = async (content?: string): Promise<EngineResult> => {
      writeFileSync(file, 'secret');
      const { handle } = await mex.store.pinDirectory(root);
      if (content === undefined) rmSync(file);
      else writeFileSync(file, content);
      return mex.run('test.tolerant', { inputs: [handle] });
    };
    expect([(await read('harmless')).summary, (await read()).summary]).toEqual([
      { said: 'nothing' },
      { said: 'nothing' },
    ]);
    const whole = await read('secret');
    expect(whole.summary).toEqual({ said: 'secret' });
    expect(from(await read('secret'))).toBe(whole.op_id);
  });

  it('two equal operations at once both run, and one of them is served later', async () => {
    const both = await Promise.all([write('twins'), write('twins')]);
    expect(both.map(from)).toEqual([undefined, undefined]);
    expect(both.map(({ op_id }) => op_id)).toContain(from(await write('twins')));
  });

  it('a result is made anew when it is too old, and when the clock was put back', async () => {
    await write('old');
    day += 8 * 86_400_000;
    expect(from(await write('old'))).toBeUndefined();
    day -= 86_400_000;
    expect(from(await write('old'))).toBeUndefined();
  });

  it('forgets what is older than asked for', async () => {
    await write('pruned');
    expect(await mex.runtime.pruneCache(day + 1)).toBeGreaterThan(0);
    expect(from(await write('pruned'))).toBeUndefined();
  });

  it('an engine that gives two results for one question is found out, and neither is served', async () => {
    const first = await mex.run('test.odd');
    const second = await mex.runtime.execute(plan('test.odd'), { caller: CALLER, cache: 'bypass' });
    // A used worker gave it away.
    expect(second.summary).not.toEqual(first.summary);
    expect(codesOf(second.op_id)).toEqual(['RESULT_DIVERGED']);
    expect(from(await mex.run('test.odd'))).toBeUndefined();
  });
});

describe('[§5] [§11] what is kept is proven by the log and verified before it is served', () => {
  const attempts: readonly (readonly [
    what: string,
    code: string,
    act: (first: EngineResult) => void | Promise<void>,
  ])[] = [
    [
      'a changed result',
      'RESULT_TAMPERED',
      ({ op_id }) =>
        tamper(
          `UPDATE operation_results SET result = replace(result, '"length":', '"length":1') WHERE seq = (SELECT seq FROM operations WHERE op_id = ?)`,
          op_id,
        ),
    ],
    [
      'a result that is gone',
      'RESULT_TAMPERED',
      ({ op_id }) =>
        tamper('DELETE FROM operation_results WHERE seq = (SELECT seq FROM operations WHERE op_id = ?)', op_id),
    ],
    [
      'Problems that were taken out',
      'RESULT_TAMPERED',
      ({ op_id }) => tamper(`UPDATE cached_results SET problems = '[ ]' WHERE op_id = ?`, op_id),
    ],
    [
      'an entry that points to another result',
      'RESULT_TAMPERED',
      async ({ op_id }) => {
        const other = await write(`another ${op_id}`);
        tamper('UPDATE cached_results SET op_id = ? WHERE op_id = ?', other.op_id, op_id);
      },
    ],
    ['a corrupt artifact', 'ARTIFACT_CORRUPT', ({ outputs }) => corrupt(outputs[0])],
    ['an artifact that is gone', 'ARTIFACT_NOT_FOUND', ({ outputs }) => remove(outputs[0])],
    ['a log of the engine that is gone', 'ARTIFACT_NOT_FOUND', ({ logs_ref }) => remove(logs_ref)],
  ];

  for (const [what, code, act] of attempts) {
    it(`${what}: the engine runs, and an operator hears of it`, async () => {
      // Content of its own: equal bytes are one object.
      const text = `attempt ${what}`;
      const first = await write(text);
      await act(first);
      const again = await write(text);
      expect(again.status).toBe('succeeded');
      expect(from(again)).toBeUndefined();
      expect(again.outputs[0]?.sha256).toBe(first.outputs[0]?.sha256);
      const refused = mex.recorder.list({ op: again.op_id, subject: 'cache.refused' })[0]?.event;
      expect(refused).toMatchObject({ body: { op_id: again.op_id, code } });
      expect(codesOf(again.op_id)).toEqual(['CACHE_ENTRY_REFUSED']);
      // It is whole again.
      expect(from(await write(text))).toBe(again.op_id);
    });
  }

  function storeDatabase(): DatabaseSync {
    const db = new DatabaseSync(join(mex.store.dir, 'objects.db'));
    return db;
  }

  function corrupt(handle: ArtifactHandle | undefined): void {
    const db = storeDatabase();
    const sql = 'UPDATE objects SET bytes = zeroblob(length(bytes)) WHERE sha256 = ?';
    expect(db.prepare(sql).run(handle?.sha256 ?? '').changes).toBe(1);
    db.close();
  }

  function remove(handle: ArtifactHandle | undefined): void {
    const db = storeDatabase();
    db.exec('PRAGMA foreign_keys = OFF');
    expect(db.prepare('DELETE FROM manifests WHERE artifact_id = ?').run(handle?.artifact_id ?? '').changes).toBe(1);
    db.prepare('DELETE FROM objects WHERE sha256 = ?').run(handle?.sha256 ?? '');
    db.close();
  }
});

describe('a tier is no part of the key', () => {
  it('[§4] [§6] the served result names the tier it was made in; the grant names that of now', async () => {
    let tier: 'thread' | 'process' = 'thread';
    const fake = (name: 'process') => ({
      name,
      run: () => Promise.reject(new Error('nothing is to run')),
      prewarm: () => undefined,
      prove: undefined,
      proveRealm: () => Promise.reject(new Error('nobody asks')),
      close: () => Promise.resolve({ stuck: [] }),
    });
    const { createThreadTier } = await import('@mex/runtime');
    const own = await openFixture(BODIES, {
      resultCache: {},
      tiers: [createThreadTier({ maxThreads: 1 }), fake('process')],
      policy: { ...openPolicy, tierFor: () => tier },
    });
    try {
      const first = await own.run('test.write', { params: { text: 'tier' } });
      tier = 'process';
      const again = await own.run('test.write', { params: { text: 'tier' } });
      expect(again.provenance).toMatchObject({
        cached_from: first.op_id,
        environment: { isolation_tier: 'thread' },
      });
      const checked = own.recorder.list({ op: again.op_id, subject: 'operation.checked' })[0]?.event;
      expect(checked).toMatchObject({ body: { grant: { tier: 'process' } } });
    } finally {
      await own.dispose();
    }
  });
});

describe('the table', () => {
  it('stays within its bounds', () => {
    const db = new DatabaseSync(':memory:');
    const cache = new ResultCache(db, { maxEntries: 100, maxAgeDays: 1 });
    for (let index = 0; index < 1_000; index += 1) {
      cache.put(`key ${index}`, { opId: randomUUID(), createdAt: index, problems: '[]' });
    }
    const count = Number(db.prepare('SELECT count(*) AS n FROM cached_results').get()?.['n']);
    expect(count).toBeGreaterThanOrEqual(100);
    expect(count).toBeLessThanOrEqual(100 + 64);
    expect(cache.find('key 999', 1_000)).toBeDefined();
    expect(cache.find('key 0', 1_000)).toBeUndefined();
    // Somebody else wrote a time that no number of JavaScript holds.
    db.exec("UPDATE cached_results SET created_at = 9223372036854775807 WHERE key = 'key 998'");
    expect(cache.find('key 998', 1_000)).toBeUndefined();
    expect(cache.prune(1_000)).toBe(count - 1);
  });

  it('the version in every key is that of the package', () => {
    const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
    expect(manifest).toMatchObject({ version: RUNTIME_VERSION });
  });
});
