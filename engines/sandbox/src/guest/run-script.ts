import type { QuickJSContext, QuickJSHandle } from 'quickjs-emscripten-core';
import { LIMITS } from '../limits.ts';
import { hostObject } from './host-object.ts';
import { openInterpreter } from './interpreter.ts';
import { PRELUDE } from './prelude.ts';
import type { GuestInput, RunRecord } from './run-record.ts';

export interface ScriptRun {
  readonly source: string;
  /** JSON text. */
  readonly args: string;
  readonly inputs: readonly GuestInput[];
  readonly seed: number;
  /** Unix milliseconds. */
  readonly nowMs: number;
  readonly memoryBytes: number;
  readonly maxSteps: number;
}

/** How a run ended before the script said how it did. */
export type Ending = 'finished' | 'steps' | 'memory' | 'stuck' | 'stopped';

/** Memory grows by a part of itself, so it is at its end a little before its limit. */
const FULL = 0.9;
/** Jobs of promises that are run before the limits are looked at. */
const JOBS_AT_ONCE = 1_000;

/**
 * Runs a script to its end in an interpreter of its own: QuickJS as WebAssembly, over a memory that is
 * made for this run and dropped after it. The script reaches nothing but the functions that are given here, and those
 * take and give texts, numbers and bytes, never objects.
 */
export async function runScript(run: ScriptRun, record: RunRecord): Promise<{ ending: Ending; steps: number }> {
  const interpreter = await openInterpreter(run.memoryBytes);
  const runtime = interpreter.newRuntime();
  runtime.setMaxStackSize(LIMITS.stackBytes);
  let steps = 0;
  runtime.setInterruptHandler(() => {
    steps += LIMITS.stepsAtOnce;
    return steps > run.maxSteps || record.isOver;
  });
  const context = runtime.newContext();
  const ending = (): Ending => {
    if (steps > run.maxSteps) return 'steps';
    return record.isOver ? 'stopped' : 'finished';
  };
  let found: Ending;
  try {
    found = start(context, run, record) ?? ending();
    while (found === 'finished' && runtime.hasPendingJob()) {
      const jobs = runtime.executePendingJobs(JOBS_AT_ONCE);
      // Each job costs a step, also one that does nothing.
      steps += JOBS_AT_ONCE;
      found = jobs.error === undefined ? ending() : endOf(jobs.error.context, jobs.error, ending());
      jobs.dispose();
    }
  } catch {
    // The interpreter gave up (its own abort, or the end of the thread's stack). It is not used again.
    return { ending: steps > run.maxSteps ? 'steps' : 'memory', steps };
  }
  // Where there is no memory left even for an error, the interpreter throws null.
  const used = interpreter.getWasmMemory().buffer.byteLength;
  if (record.isNull && used > run.memoryBytes * FULL) return { ending: 'memory', steps };
  return { ending: found === 'finished' && !record.isSettled ? 'stuck' : found, steps };
}

/** @returns how the run ended, when it did before the script was started or before its first wait. */
function start(context: QuickJSContext, run: ScriptRun, record: RunRecord): Ending | undefined {
  const prelude = context.unwrapResult(context.evalCode(PRELUDE, 'prelude.js', { strict: true }));
  const given = [
    hostObject(context, run.inputs, record),
    context.newNumber(run.seed),
    context.newNumber(run.nowMs),
    context.newString(run.args),
    context.newString(JSON.stringify(run.source)),
  ];
  const called = context.callFunction(prelude, context.undefined, given);
  return called.error === undefined ? undefined : endOf(context, called.error, undefined);
}

/** What an exception means that not even the prelude could catch: an end by the limits. */
function endOf<E extends Ending | undefined>(context: QuickJSContext, error: QuickJSHandle, limit: E): Ending {
  if (limit !== undefined && limit !== 'finished') return limit;
  const message = context.getProp(error, 'message');
  return context.getString(message).includes('interrupted') ? 'steps' : 'memory';
}
