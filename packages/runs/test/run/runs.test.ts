import { sha256Hex } from '@mex/envelope/digest';
import { createRuns, type RunBudget, type Runs } from '@mex/runs';
import { beforeEach, describe, expect, it } from 'vitest';
import { ADA, type Bench, openBench } from '../workspace.ts';

const PLANNER = { id: 'app:planner', kind: 'agent' } as const;
const START = Date.UTC(2026, 0, 1);

let bench: Bench;
let now: number;
let runs: Runs;

beforeEach(() => {
  bench = openBench();
  now = START;
  runs = createRuns({ recorder: bench.recorder, requireBudget: false, now: () => now });
});

const open = async (budget: RunBudget = {}): Promise<string> =>
  (await runs.open({ actor: PLANNER, budget })).definition.run_id;

describe('[§9] a run', () => {
  it('has the defaults of the contract, and is found by the beginning of its id', async () => {
    const id = await open();
    expect(runs.show(id.slice(0, 8))).toMatchObject({
      state: 'open',
      definition: {
        actor: PLANNER,
        automation_level: 'FULL_HUMAN',
        change_budget: { max_files_changed: 100, max_lines_per_file: 500 },
      },
      usage: { operations: 0 },
    });
    expect(() => runs.show('00000000')).toThrow(expect.objectContaining({ code: 'RUN_NOT_FOUND' }));
  });

  it.each([
    [{ budget: { max_operations: -1 } }],
    [{ budget: { max_wishes: 3 } as RunBudget }],
    [{ workspace: 'relative/path' }],
    [{ runId: 'mine' }],
    [{ actor: { id: 'with space', kind: 'agent' as const } }],
  ])('is not opened from %j', async (request) => {
    await expect(runs.open({ actor: PLANNER, ...request })).rejects.toMatchObject({ code: 'RUN_INVALID' });
    expect(runs.list()).toEqual([]);
  });

  it('is opened once under one id', async () => {
    const id = await open();
    await expect(runs.open({ actor: PLANNER, runId: id })).rejects.toMatchObject({ code: 'RUN_INVALID' });
  });

  it('without any limit counts as none; time, calls and tokens use it up', async () => {
    expect(runs.standing(await open())).toBe('absent');
    const timed = await open({ max_runtime_s: 60 });
    expect(runs.standing(timed)).toBe('ok');
    now += 60_000;
    expect(runs.standing(timed)).toEqual({ exhausted: 'max_runtime_s' });
    const talking = await open({ max_llm_calls: 2, max_llm_tokens: 1_000 });
    const charge = {
      model_id: 'm',
      tokens: { input: 1, output: 1 },
      prompt_sha256: sha256Hex(''),
      response_sha256: sha256Hex(''),
    };
    await runs.charge(talking, charge);
    expect(runs.standing(talking)).toBe('ok');
    await runs.charge(talking, charge);
    expect(runs.standing(talking)).toEqual({ exhausted: 'max_llm_calls' });
    await expect(runs.charge(talking, { ...charge, tokens: { input: -5, output: 0 } })).rejects.toMatchObject({
      kind: 'validation',
    });
  });

  it('[§14 F] what a caller reports beyond all measure uses its budget up, and breaks neither it nor the list', async () => {
    const id = await open({ max_llm_tokens: 10 });
    const most = Number.MAX_SAFE_INTEGER;
    const hash = sha256Hex('');
    const charge = { model_id: 'm', tokens: { input: most, output: most }, prompt_sha256: hash, response_sha256: hash };
    for (const again of [charge, charge]) await runs.charge(id, again);
    expect(runs.show(id).usage).toMatchObject({ llm_calls: 2, llm_tokens: most });
    expect(runs.standing(id)).toEqual({ exhausted: 'max_llm_tokens' });
    expect(runs.list()).toHaveLength(1);
  });

  it('no model at all is a limit that is kept as long as nobody asks one', async () => {
    const id = await open({ max_llm_calls: 0, max_llm_tokens: 0, max_file_writes: 0 });
    expect(runs.standing(id)).toBe('ok');
    expect(runs.standing(await open({ max_operations: 0 }))).toEqual({ exhausted: 'max_operations' });
  });

  it('is paused, resumed and ended; its state is what the log says', async () => {
    const id = await open();
    await runs.change(id, 'pause', ADA, 'lunch');
    expect(runs.refusal(id, PLANNER.id)).toMatchObject({ code: 'RUN_NOT_OPEN' });
    await expect(runs.change(id, 'pause', ADA)).rejects.toMatchObject({ code: 'RUN_NOT_OPEN' });
    await runs.change(id, 'resume', ADA);
    expect(runs.refusal(id, PLANNER.id)).toBeUndefined();
    await runs.change(id, 'close', ADA);
    await expect(runs.change(id, 'resume', ADA)).rejects.toMatchObject({ code: 'RUN_NOT_OPEN' });
    expect(bench.recorder.list({ run: id, subject: 'run.state_changed' }).map(({ event }) => event.actor.id)).toEqual(
      Array<string>(3).fill(ADA.id),
    );
  });

  it('belongs to its actor', async () => {
    const id = await open();
    expect(runs.refusal(id, 'app:other')).toMatchObject({ code: 'RUN_FOREIGN' });
    expect(runs.refusal('00000000-0000-4000-8000-000000000000', PLANNER.id)).toMatchObject({ code: 'RUN_NOT_FOUND' });
  });
});
