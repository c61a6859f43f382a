import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { ArtifactHandle, EngineResult } from '@mex/envelope';
import { newEventId } from '@mex/flight-recorder';
import { type Host, isNothing, openHost, type PlanRequest, type Replay } from '@mex/host';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ENGINE, writeReplayEngine } from './replay-engine.ts';

let dir: string;
let host: Host;
/** Whom the sandboxes belonged to in which something ran. */
const tenants: string[] = [];
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'mex-replay-'));
  host = await open();
});
afterAll(async () => {
  await host.close({ graceMs: 100 });
  rmSync(dir, { recursive: true, force: true });
});

const open = (note = ''): Promise<Host> =>
  openHost({
    home: join(dir, 'home'),
    engines: [writeReplayEngine(dir, note)],
    caller: { id: 'test:replay', kind: 'system' },
    wrapTier: (tier) => ({
      name: tier.name,
      run: (job) => {
        tenants.push(job.tenant);
        return tier.run(job);
      },
      prewarm: (code, memoryBytes) => tier.prewarm(code, memoryBytes),
      prove: tier.prove,
      proveRealm: () => tier.proveRealm(),
      close: () => tier.close(),
    }),
  });

const run = (operation: string, over: Partial<PlanRequest> = {}): Promise<EngineResult> =>
  host.execute(host.plan({ engineId: ENGINE, operation, ...over }));

const replay = async (result: EngineResult): Promise<Replay> => host.replays.one(result.op_id);

const subjectsOf = (opId: string): string[] =>
  host.recorder.list({ op: opId }).flatMap(({ event }) => (event.type === 'system' ? [event.subject] : []));

function change(file: string, sql: string, ...values: string[]): void {
  const db = new DatabaseSync(join(dir, 'home', file));
  db.exec('PRAGMA foreign_keys = OFF');
  expect(db.prepare(sql).run(...values).changes).toBeGreaterThan(0);
  db.close();
}

describe('[§6] replaying one operation', () => {
  it('D3 is run again, never from the cache, and its bytes are equal; the replay is an operation and an event of its own', async () => {
    const first = await run('replay.write', { params: { text: 'hello' } });
    const again = await replay(first);
    expect(again).toMatchObject({
      replayedOpId: first.op_id,
      verdict: 'equal',
      compared: 'bytes',
      artifacts: 1,
      differences: [],
      environment: [],
    });
    expect(again.opId).not.toBe(first.op_id);
    const second = host.recorder.list({ op: again.opId ?? '', subject: 'engine.run' })[0]?.event;
    expect(second).toMatchObject({ actor: { id: 'test:replay' }, body: { status: 'succeeded' } });
    expect(second).not.toMatchObject({ body: { cached_from: expect.anything() } });
    const event = host.recorder.list({ op: first.op_id, subject: 'operation.replayed' })[0]?.event;
    expect(event).toMatchObject({ body: { op_id: again.opId, verdict: 'equal', compared: 'bytes', differences: 0 } });
  });

  it('an operation that was served from the cache is run as well', async () => {
    await run('replay.write', { params: { text: 'cached' } });
    const served = await run('replay.write', { params: { text: 'cached' } });
    expect(served.provenance.cached_from).toBeDefined();
    expect(await replay(served)).toMatchObject({ verdict: 'equal', artifacts: 1 });
  });

  it('an operation that failed by itself must fail the same way', async () => {
    expect(await replay(await run('replay.fail'))).toMatchObject({ verdict: 'equal', artifacts: 0 });
  });

  it('what differs is shown: which output, both hashes, the place, the line in both; and becomes a Problem', async () => {
    const first = await run('replay.odd');
    // A fresh sandbox remembers as little as the first one did.
    await replay(first);
    const { verdict, differences } = await replay(first);
    expect(verdict).toBe('differs');
    expect(differences).toEqual([
      {
        what: 'output',
        name: 'out.txt',
        before: first.outputs[0]?.sha256,
        now: expect.stringMatching(/^[0-9a-f]{64}$/),
        place: { offset: 10, line: 2, before: 'n is 1', now: 'n is 2' },
      },
    ]);
    const codes = host.recorder.problems.list({}).map(({ code }) => code);
    expect(codes).toContain('REPLAY_DIFFERS');
  });

  it('D2 is compared by canonical JSON', async () => {
    const first = await run('replay.order', { determinism: 'D2' });
    expect(await replay(first)).toMatchObject({ verdict: 'equal', compared: 'canonical', artifacts: 1 });
    const second = await run('replay.meaning', { determinism: 'D2' });
    await replay(second);
    const other = await replay(second);
    expect(other).toMatchObject({
      verdict: 'differs',
      compared: 'canonical',
      differences: [{ name: 'out.json', place: { pointer: '/deep/list/1', line: 1 } }],
    });
  });

  it('D1 is not run again: its evidence is read and hashed', async () => {
    const first = await run('replay.live', { determinism: 'D1' });
    expect(await replay(first)).toMatchObject({
      verdict: 'evidence_checked',
      compared: 'evidence',
      artifacts: 1,
      opId: undefined,
    });
    expect(subjectsOf(first.op_id)).toContain('operation.replayed');
  });
});

describe('what cannot be replayed says why', () => {
  const reasonOf = async (result: EngineResult): Promise<[string, string | undefined]> => {
    const { verdict, reason } = await replay(result);
    return [verdict, reason?.code];
  };
  const pin = async (name: string): Promise<{ root: string; handle: ArtifactHandle }> => {
    const root = join(dir, name);
    mkdirSync(root);
    writeFileSync(join(root, 'a.txt'), 'alpha');
    return { root, handle: (await host.artifacts.pinDirectory(root)).handle };
  };

  it('a denied operation: nothing ran', async () => {
    const denied = await run('replay.write', { params: { text: 'x'.repeat(2_000) } });
    expect(denied.status).toBe('denied');
    const told = await replay(denied);
    expect([told.verdict, told.reason?.code, isNothing(told)]).toEqual(['not_replayable', 'nothing_ran', true]);
    expect(subjectsOf(denied.op_id)).not.toContain('operation.replayed');
  });

  it('a request that held a secret, which was not recorded', async () => {
    const token = ['gh', 'p_', 'x7Kq2LmN9vRt4WzY8bCd3FgHj6Ps1Qa5Ue0T'].join('');
    expect(await reasonOf(await run('replay.write', { params: { text: token } }))).toEqual([
      'not_replayable',
      'request_masked',
    ]);
  });

  it('a directory that drifted, although the engine went on without its file', async () => {
    const { root, handle } = await pin('drifting');
    const first = await run('replay.read', { inputs: [handle] });
    expect(await reasonOf(first)).toEqual(['equal', undefined]);
    writeFileSync(join(root, 'a.txt'), 'other');
    expect(await reasonOf(first)).toEqual(['not_replayable', 'directory_drifted']);
  });

  it('inputs that are gone', async () => {
    const { handle } = await pin('gone');
    const first = await run('replay.read', { inputs: [handle] });
    // A store that has seen an artifact remembers what its handle must say; another process looks.
    await host.close({ graceMs: 100 });
    change('artifacts/objects.db', 'DELETE FROM manifests WHERE artifact_id = ?', handle.artifact_id);
    host = await open();
    expect(await reasonOf(first)).toEqual(['not_replayable', 'inputs_gone']);
  });

  it('an engine that is registered with another bundle now', async () => {
    const first = await run('replay.write', { params: { text: 'bundle' } });
    await host.close({ graceMs: 100 });
    host = await open('changed');
    expect(await reasonOf(first)).toEqual(['not_replayable', 'engine_not_registered']);
    await host.close({ graceMs: 100 });
    host = await open();
  });

  it('an operation nobody recorded, or a beginning that is too short', async () => {
    for (const id of [randomUUID(), 'abc'])
      await expect(host.replays.one(id)).rejects.toMatchObject({ code: 'OPERATION_UNRECORDED' });
  });

  it('finds an operation by the beginning of its id', async () => {
    const first = await run('replay.write', { params: { text: 'prefix' } });
    // UUIDs of version 7 begin with the time: two of one millisecond share more than eight characters.
    expect(await host.replays.one(first.op_id.slice(0, 30))).toMatchObject({ replayedOpId: first.op_id });
  });
});

describe('[§11] what is not what it was', () => {
  it('a changed result is damaged, not different', async () => {
    const first = await run('replay.write', { params: { text: 'tampered' } });
    change(
      'log.db',
      `UPDATE operation_results SET result = replace(result, '"length":8', '"length":9') WHERE seq = (SELECT seq FROM operations WHERE op_id = ?)`,
      first.op_id,
    );
    expect(await replay(first)).toMatchObject({ verdict: 'damaged', reason: { code: 'RESULT_TAMPERED' } });
    expect(host.recorder.problems.list({}).map(({ code }) => code)).toContain('REPLAY_DAMAGED');
  });

  it('so is a changed request', async () => {
    const first = await run('replay.write', { params: { text: 'request' } });
    change(
      'log.db',
      `UPDATE operations SET request = replace(request, '"request"', '"another"') WHERE op_id = ?`,
      first.op_id,
    );
    expect(await replay(first)).toMatchObject({ verdict: 'damaged', reason: { code: 'RESULT_TAMPERED' } });
  });

  it('so is a result that was taken away, or says that it is older than the log', async () => {
    const old = await run('replay.write', { params: { text: 'made older' } });
    host.recorder.prune({ olderThan: Date.parse(old.started_at) });
    change(
      'log.db',
      `UPDATE operation_results SET result = replace(result, '"ended_at":"2', '"ended_at":"1') WHERE seq = (SELECT seq FROM operations WHERE op_id = ?)`,
      old.op_id,
    );
    const gone = await run('replay.write', { params: { text: 'taken away' } });
    change(
      'log.db',
      'DELETE FROM operation_results WHERE seq = (SELECT seq FROM operations WHERE op_id = ?)',
      gone.op_id,
    );
    for (const one of [gone, old])
      expect(await replay(one)).toMatchObject({ verdict: 'damaged', reason: { code: 'RESULT_TAMPERED' } });
  });

  it('[§3] an operation that was denied often before it ran is proven by its end', async () => {
    const operation = host.plan({ engineId: ENGINE, operation: 'replay.write', params: { text: 'again and again' } });
    const { op_id } = operation;
    const [some] = host.recorder.list({ subject: 'engine.run', limit: 1 });
    if (some?.event.type !== 'system' || some.event.subject !== 'engine.run') throw new Error('nothing ran');
    // As an operation that waits for a person leaves them: its op_id stays free.
    const body = { ...some.event.body, op_id, status: 'denied' as const, result_sha256: '0'.repeat(64) };
    const denial = { ...some.event, activity_span_id: op_id, body };
    await host.recorder.append(Array.from({ length: 250 }, () => ({ ...denial, event_id: newEventId(Date.now()) })));
    const first = await host.execute(operation);
    expect(await replay(first)).toMatchObject({ verdict: 'equal' });
  });

  it('so is evidence with other bytes; evidence that is gone cannot be checked', async () => {
    const first = await run('replay.live', { determinism: 'D1' });
    const sha = first.evidence[0]?.sha256 ?? '';
    change('artifacts/objects.db', 'UPDATE objects SET bytes = zeroblob(length(bytes)) WHERE sha256 = ?', sha);
    expect(await replay(first)).toMatchObject({ verdict: 'damaged', reason: { code: 'ARTIFACT_CORRUPT' } });
    change('artifacts/objects.db', 'DELETE FROM manifests WHERE artifact_id = ?', first.evidence[0]?.artifact_id ?? '');
    await host.close({ graceMs: 100 });
    host = await open();
    expect(await replay(first)).toMatchObject({ verdict: 'not_replayable', reason: { code: 'evidence_gone' } });
  });
});

describe('replaying all', () => {
  it('each once, several at once, no replay of a replay; by engine and time', async () => {
    const since = Date.now();
    const made = await Promise.all(
      Array.from({ length: 40 }, (_, index) => run('replay.write', { params: { text: `all ${index}` } })),
    );
    const seen: Replay[] = [];
    const collect = async (over: object = {}): Promise<Map<string, number>> => {
      seen.length = 0;
      await host.replays.all({ since, parallel: 4, onReplay: (one) => void seen.push(one), ...over });
      const counts = new Map<string, number>();
      for (const one of seen) {
        const word = isNothing(one) ? (one.reason?.code ?? '') : one.verdict;
        counts.set(word, (counts.get(word) ?? 0) + 1);
      }
      return counts;
    };
    expect(await collect()).toEqual(new Map([['equal', 40]]));
    expect(new Set(seen.map(({ replayedOpId }) => replayedOpId))).toEqual(new Set(made.map(({ op_id }) => op_id)));
    // The second time the replays of the first are there, too.
    expect(await collect()).toEqual(
      new Map([
        ['equal', 40],
        ['is_replay', 40],
      ]),
    );
    expect(await collect({ engineId: 'engine.test.other' })).toEqual(new Map());
    expect(await collect({ since: Date.now() + 60_000 })).toEqual(new Map());
  });

  it('[§14 E] what was taken out of the ledger, or made older than was asked for, is found in the log', async () => {
    const since = Date.now();
    const [gone, moved, stays] = [
      await run('replay.write', { params: { text: 'ledger 1' } }),
      await run('replay.write', { params: { text: 'ledger 2' } }),
      await run('replay.write', { params: { text: 'ledger 3' } }),
    ];
    change('log.db', 'DELETE FROM operations WHERE op_id = ?', gone.op_id);
    change('log.db', `UPDATE operations SET started_at = '2001-01-01T00:00:00.000Z' WHERE op_id = ?`, moved.op_id);
    const seen = new Map<string, string>();
    await host.replays.all({ since, onReplay: ({ replayedOpId, verdict }) => void seen.set(replayedOpId, verdict) });
    expect(seen.get(gone.op_id)).toBe('damaged');
    expect(seen.get(moved.op_id)).toBe('equal');
    expect(seen.get(stays.op_id)).toBe('equal');
  });

  it('[§9] failures that are looked at again open no circuit', async () => {
    const since = Date.now();
    // Without an input it throws what it does not declare; a success in between keeps the circuit closed.
    for (let count = 0; count < 12; count += 1) {
      await run('replay.read');
      if (count % 6 === 5) await run('replay.live', { determinism: 'D1' });
    }
    const verdicts: string[] = [];
    await host.replays.all({ since, parallel: 1, onReplay: ({ verdict }) => void verdicts.push(verdict) });
    expect(verdicts.filter((verdict) => verdict === 'equal')).toHaveLength(12);
    expect(await run('replay.write', { params: { text: 'after the audit' } })).toMatchObject({ status: 'succeeded' });
  });

  it('[§9] what somebody else once sent runs in a sandbox of its own, and its result answers nobody', async () => {
    const params = { text: 'from somebody else' };
    const operation = host.plan({ engineId: ENGINE, operation: 'replay.write', params });
    await host.execute(operation, { caller: { id: 'app:other', kind: 'agent' } });
    const before = tenants.length;
    expect(await host.replays.one(operation.op_id)).toMatchObject({ verdict: 'equal' });
    expect(tenants.slice(before)).toEqual(['rehearsal of app:other']);
    expect((await run('replay.write', { params })).provenance.cached_from).toBeUndefined();
    expect(tenants.at(-1)).toBe('test:replay');
  });

  it('ends when it is told to', async () => {
    const end = new AbortController();
    let seen = 0;
    await host.replays.all({
      parallel: 1,
      signal: end.signal,
      onReplay: () => {
        seen += 1;
        if (seen === 3) end.abort();
      },
    });
    expect(seen).toBe(3);
  });
});
