import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EngineResult } from '@mex/envelope';
import { sha256Hex } from '@mex/envelope/digest';
import { DEFAULT_POLICY, type EngineHandle, type Host, openHost } from '@mex/host';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PROBE, writeProbe } from '../governance/probe-engine.ts';

const ADA = { id: 'os:ada', kind: 'human' } as const;
const PLANNER = { id: 'app:planner', kind: 'agent' } as const;
const OTHER = { id: 'app:other', kind: 'agent' } as const;

let directory: string;
/** Two hosts of one home, as two processes have them. */
let one: Host;
let two: Host;

/** An engine that waits until it is ended. */
function writeWaiting(): EngineHandle {
  const { manifest, bundle } = writeProbe(directory);
  const code = `(function(){__mex_register__({operations:{'probe.run':{run:()=>new Promise(()=>{})}}});})();`;
  writeFileSync(new URL(bundle), code);
  return { bundle, manifest: { ...manifest, bundle: { sha256: sha256Hex(code), size_bytes: code.length } } };
}

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'mex-run-steps-'));
  const options = { home: join(directory, 'home'), engines: [writeWaiting()], policy: DEFAULT_POLICY, caller: PLANNER };
  one = await openHost(options);
  two = await openHost(options);
});
afterAll(async () => {
  await Promise.all([one.close({ graceMs: 0 }), two.close({ graceMs: 0 })]);
  rmSync(directory, { recursive: true, force: true });
});

const openRun = async (budget = {}): Promise<string> => (await one.openRun({ budget })).definition.run_id;
const start = (run_id: string, write = (text: string): string => text): Promise<EngineResult> => {
  const operation = one.plan({
    engineId: PROBE,
    operation: 'probe.run',
    params: {},
    capabilities: ['fs.read:inputs'],
    context: { run_id },
  });
  return one.execute(write(JSON.stringify(operation)));
};
const isGranted = async (run: string): Promise<void> => {
  await expect.poll(() => one.runs.show(run).usage.operations, { interval: 5 }).toBe(1);
};
const code = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'done',
    (error: { code?: string }) => String(error.code),
  );

describe('[§12] a run that another process cancels', () => {
  it('has what runs in it ended here', async () => {
    const run = await openRun();
    const running = start(run);
    await isGranted(run);
    const cancelledAt = performance.now();
    await two.runs.cancel(run, ADA, 'enough');
    expect((await running).status).toBe('cancelled');
    // A quarter of a second is promised; this is about whether it is noticed at all.
    expect(performance.now() - cancelledAt).toBeLessThan(5_000);
  });

  it('also when the operation writes the name of its run with escapes', async () => {
    const run = await openRun();
    const running = start(run, (text) => text.replace('"run_id"', String.raw`"run\u005fid"`));
    await isGranted(run);
    await two.runs.cancel(run, ADA);
    expect((await running).status).toBe('cancelled');
  });

  it('is not begun in by an operation whose gates saw it open, nor resumed by somebody who saw it paused', async () => {
    const run = await openRun();
    await two.runs.pause(run, ADA);
    const resumed = one.runs.resume(run, ADA);
    const cancelled = two.runs.cancel(run, ADA);
    const ends = await Promise.all([code(resumed), code(cancelled)]);
    expect(one.runs.show(run).state).toBe(ends[1] === 'done' ? 'cancelled' : 'open');
    const again = await openRun();
    const begun = start(again);
    await two.runs.cancel(again, ADA);
    const { status, errors } = await begun;
    expect([status, errors[0]?.code]).toSatisfy(
      ([end, why]: string[]) => end === 'cancelled' || (end === 'denied' && why === 'RUN_NOT_OPEN'),
    );
  });

  it('is let run when it is paused', async () => {
    const [paused, cancelled] = [await openRun(), await openRun()];
    const running = start(paused);
    await isGranted(paused);
    await two.runs.pause(paused, ADA);
    const other = start(cancelled);
    await isGranted(cancelled);
    await two.runs.cancel(cancelled, ADA);
    expect((await other).status).toBe('cancelled');
    // The same look that ended the other one has seen this one, too.
    expect(await Promise.race([running, Promise.resolve('runs on')])).toBe('runs on');
    await two.runs.cancel(paused, ADA);
    expect((await running).status).toBe('cancelled');
  });
});

it('[§2] the planner may stop its own run, and not let it go on; nobody else’s agent does either', async () => {
  const run = await openRun();
  expect(await code(one.runs.pause(run, OTHER))).toBe('RUN_FOREIGN');
  expect(await code(one.runs.cancel(run, OTHER))).toBe('RUN_FOREIGN');
  await one.runs.pause(run, PLANNER);
  expect(await code(one.runs.resume(run, PLANNER))).toBe('RUN_FOREIGN');
  await one.runs.resume(run, ADA);
  await one.runs.cancel(run, PLANNER);
});
