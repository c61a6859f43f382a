import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { applyChangeSet, recoverChanges, rollbackRun } from '@mex/runs';
import { describe, expect, it } from 'vitest';
import { ADA, type Bench, changeTo, look, newDirectory, openBench, RUN_ID, request, setMode } from '../workspace.ts';

const PROGRAM = fileURLToPath(new URL('./killed-main.ts', import.meta.url));

const FILES = { a: '1', 'b/c': '2', 'b/e/': '', x: 'file', 'y/z': 'in a directory', ro: 'read only', keep: 'k' };
/** All kinds of moves at once. */
const WANTED = {
  a: '11',
  'b/c': null,
  x: null,
  'x/y': 'below',
  'y/z': null,
  y: 'file now',
  'n/m/o': 'new',
  ro: 'changed',
};

interface Killed {
  readonly directory: string;
  readonly before: Record<string, string>;
  readonly after: Record<string, string>;
}

/** A workspace as it is before and after, known from a run in which nobody is killed. */
async function rehearse(): Promise<{ before: Record<string, string>; after: Record<string, string>; steps: string[] }> {
  const bench = openCase();
  const before = look(bench.workspace);
  const steps: string[] = [];
  const powers = { ...bench.powers, onStep: (step: string) => void steps.push(step) };
  await applyChangeSet(powers, request(bench, await changeTo(bench, WANTED)));
  const after = look(bench.workspace);
  steps.length = 0;
  await rollbackRun(powers, { runId: RUN_ID, actor: ADA });
  expect(look(bench.workspace)).toEqual(before);
  return { before, after, steps };
}

function openCase(directory = newDirectory()): Bench {
  const bench = openBench(FILES, directory);
  setMode(bench, 'ro', 0o444);
  setMode(bench, 'b/e', 0o711);
  return bench;
}

/** Children that are killed one after the other; each command line is one change or rollback, and where it dies. */
class Children {
  readonly #child = spawn(process.execPath, ['--conditions=@mex/source', PROGRAM], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  #text = '';

  async run(directory: string, act: 'apply' | 'rollback', at: string): Promise<string> {
    this.#child.stdin.write(`${JSON.stringify({ directory, act, at, wanted: WANTED })}\n`);
    this.#child.stdout.on('data', (chunk: Buffer) => {
      this.#text += chunk.toString();
    });
    const [code, signal] = await once(this.#child, 'exit');
    return signal === 'SIGKILL' ? 'killed' : `${code}${this.#text.trim()}`;
  }
}

async function killAt(act: 'apply' | 'rollback', at: string, children: Children): Promise<Killed & { how: string }> {
  const directory = newDirectory();
  const bench = openCase(directory);
  const before = look(bench.workspace);
  if (act === 'rollback') await applyChangeSet(bench.powers, request(bench, await changeTo(bench, WANTED)));
  const after = look(bench.workspace);
  await bench.close();
  const how = await children.run(directory, act, at);
  return { directory, before, after, how };
}

/** Two children at a time are loading while one is being killed. */
async function forEachPoint(
  points: readonly string[],
  act: 'apply' | 'rollback',
  check: (killed: Killed & { how: string }, at: string) => Promise<void>,
) {
  const waiting = points.slice(0, 2).map(() => new Children());
  for (const [index, at] of points.entries()) {
    const children = waiting.shift() ?? new Children();
    if (index + 2 < points.length) waiting.push(new Children());
    await check(await killAt(act, at, children), at);
  }
}

/** Without it a sample of the points, for everyday; with it all of them, and a hundred random moments more. */
const SOAK = process.env['MEX_SOAK'] !== undefined;

describe('[§12] kill -9', () => {
  it('while applying: the next start finds it and undoes it, and it can be applied again', async () => {
    const { before, after } = await rehearse();
    const steps = await countSteps('apply');
    expect(steps).toBeGreaterThan(15);
    await forEachPoint(points(steps), 'apply', async ({ directory, how }, at) => {
      expect(how, at).toBe('killed');
      const bench = openBench({}, directory);
      expect((await recoverChanges(bench.powers)).failed, at).toEqual([]);
      expect(look(bench.workspace), at).toEqual(before);
      expect(await recoverChanges(bench.powers)).toEqual({ undone: 0, finished: 0, failed: [] });
      await applyChangeSet(bench.powers, request(bench, await changeTo(bench, WANTED)));
      expect(look(bench.workspace), at).toEqual(after);
      await bench.close();
    });
  }, 120_000);

  it('[§14 L] while rolling back: the next start finishes it', async () => {
    const { before } = await rehearse();
    const steps = await countSteps('rollback');
    await forEachPoint(points(steps), 'rollback', async ({ directory, how }, at) => {
      expect(how, at).toBe('killed');
      const bench = openBench({}, directory);
      expect(await recoverChanges(bench.powers), at).toEqual({ undone: 0, finished: 1, failed: [] });
      expect(look(bench.workspace), at).toEqual(before);
      expect((await rollbackRun(bench.powers, { runId: RUN_ID, actor: ADA })).files).toBe(0);
      expect(bench.recorder.list({ type: 'workflow_recovery' })).toHaveLength(1);
      await bench.close();
    });
  }, 120_000);

  it('at any moment: a workspace is as before or as after, never between', async () => {
    const { before, after } = await rehearse();
    const trees = [before, after].map((tree) => JSON.stringify(tree));
    await forEachPoint(moments(), 'apply', async ({ directory }, at) => {
      const bench = openBench({}, directory);
      await recoverChanges(bench.powers);
      expect(trees, at).toContain(JSON.stringify(look(bench.workspace)));
      expect((await bench.recorder.verify()).ok, at).toBe(true);
      await bench.close();
    });
  }, 240_000);
});

async function countSteps(act: 'apply' | 'rollback'): Promise<number> {
  const bench = openCase();
  let steps = 0;
  const powers = {
    ...bench.powers,
    onStep: () => {
      steps += 1;
    },
  };
  await applyChangeSet(act === 'apply' ? powers : bench.powers, request(bench, await changeTo(bench, WANTED)));
  steps = act === 'apply' ? steps : 0;
  if (act === 'rollback') await rollbackRun(powers, { runId: RUN_ID, actor: ADA });
  return steps;
}

function points(steps: number): string[] {
  const all = Array.from({ length: steps }, (_, index) => `step ${index}`);
  return SOAK ? all : all.filter((_, index) => index % 7 === 3);
}

/** Up to 60 ms, where the change begins and ends; a sequence without pattern and without chance. */
function moments(): string[] {
  return Array.from({ length: SOAK ? 100 : 3 }, (_, index) => `after ${(((index * 61) % 100) * 0.6).toFixed(1)}`);
}
