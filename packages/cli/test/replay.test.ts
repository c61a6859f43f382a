import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Replay } from '@mex/host';
import { beforeAll, describe, expect, it } from 'vitest';
import { ReplayTally } from '../src/replay/replay-tally.ts';
import { documentOf, type Finished, mex, scratch, writeProject } from './mex.ts';

const dir = scratch();
const home = join(dir, 'home');
const project = writeProject(join(dir, 'project'));
let opId = '';

const replay = (...args: string[]): Promise<Finished> => mex(['replay', ...args, '--home', home]);

beforeAll(async () => {
  const scan = await mex(['scan', project, '--only', 'sbom', '--home', home, '--format', 'json']);
  const [result] = documentOf(scan)['results'] as { op_id: string }[];
  opId = result?.op_id ?? '';
});

describe('mex replay', () => {
  it('[§16] runs an operation again: equal, exit code 0; nothing looked at is no 0; then the directory drifts, 1; then the record is changed, 6', async () => {
    const equal = await replay(opId, '--format', 'json');
    expect(equal.code).toBe(0);
    expect(documentOf(equal)).toMatchObject({
      replayed_op_id: opId,
      engine_id: 'engine.supply_chain.sbom',
      verdict: 'equal',
      compared: 'bytes',
      artifacts: 3,
      differences: [],
    });

    const all = await replay('--all', '--parallel', '2', '--format', 'json');
    expect(all.code).toBe(0);
    expect(documentOf(all)).toMatchObject({
      counts: { equal: 1, nothing_to_replay: 1, differs: 0, damaged: 0, not_replayable: 0 },
      complete: true,
      results: [],
    });

    for (const [option, value] of [
      ['--since', '2999-01-01'],
      ['--engine', 'engine.not.there'],
    ] as const) {
      const nothing = await replay('--all', option, value);
      expect([nothing.code, nothing.stderr]).toEqual([2, expect.stringContaining(value)]);
    }

    writeFileSync(join(project, 'package-lock.json'), '{}');
    const drifted = await replay(opId);
    expect(drifted.code).toBe(1);
    expect(drifted.stdout).toContain('not replayable');
    expect(drifted.stdout).toContain('directory_drifted');

    const db = new DatabaseSync(join(home, 'log.db'));
    const sql = `UPDATE operation_results SET result = replace(result, '"packages":3', '"packages":2')`;
    expect(db.prepare(sql).run().changes).toBeGreaterThan(0);
    db.close();
    const damaged = await replay('--all');
    expect(damaged.code).toBe(6);
    expect(damaged.stdout).toContain('RESULT_TAMPERED');
    expect(damaged.stdout).toContain(opId);
  });
});

describe('many replays', () => {
  const one = (verdict: Replay['verdict'], reason?: string): Replay => ({
    replayedOpId: 'a',
    engineId: 'engine.a.b',
    operation: 'a.b',
    determinism: 'D3',
    startedAt: '2026-01-01T00:00:00.000Z',
    opId: undefined,
    verdict,
    compared: 'bytes',
    artifacts: 1,
    differences: [],
    environment: [],
    reason: reason === undefined ? undefined : { code: reason, message: '' },
  });

  it('[§14 E] what could not be compared is no "equal"; what never ran is not held against anybody', () => {
    const codeOf = (...replays: Replay[]): number => {
      const tally = new ReplayTally();
      for (const replay of replays) tally.add(replay);
      return tally.exitCode;
    };
    const equal = one('equal');
    expect(codeOf()).toBe(0);
    expect(codeOf(equal, one('evidence_checked'), one('not_replayable', 'nothing_ran'))).toBe(0);
    expect(codeOf(equal, one('not_replayable', 'inputs_gone'))).toBe(1);
    expect(codeOf(equal, one('differs'))).toBe(1);
    expect(codeOf(one('differs'), one('damaged', 'RESULT_TAMPERED'))).toBe(6);
  });

  it('keeps a bounded list of those a person has to look at', () => {
    const tally = new ReplayTally();
    for (let count = 0; count < 3_000; count += 1) tally.add(one(count % 2 === 0 ? 'equal' : 'differs'));
    expect([tally.kept.length, tally.notListed, tally.words]).toEqual([1_000, 500, '1500 equal, 1500 differs']);
  });
});
