import { setTimeout as sleep } from 'node:timers/promises';
import { budgetExceededCode } from '@mex/gates';
import type { Chance } from '../chance.ts';
import { operationOf } from '../engine-under-test.ts';
import type { Interceptor, SeenCall } from '../lab/call-tap.ts';
import { codeOf, outcomeOf } from '../lab/observation.ts';
import { undeclaredEnd, unfairEnd } from './fair-end.ts';
import { difference } from './likeness.ts';
import {
  frozenVectors,
  implementedRepresentatives,
  numberOf,
  placeOf,
  representatives,
  spread,
  textOf,
  tierProbe,
} from './probe.ts';

/** A call without what differs from operation to operation. */
function bodyOf({ body }: Pick<SeenCall, 'body'>): string {
  const { session: _session, id: _id, ...rest } = body;
  return JSON.stringify(rest);
}

/** Codes of `with.codes` for a call. A `*` stands for what no engine has heard of: another MEX may say more than this one. */
function codesFor(codes: unknown, call: string, chance: Chance): string[] {
  const found: unknown = typeof codes === 'object' && codes !== null ? Reflect.get(codes, call) : undefined;
  const word = chance.word(`code of ${call}`, 8).toUpperCase();
  return Array.isArray(found) ? found.map((code) => String(code).replace('*', word)) : [];
}

/** Every call is refused once, and stays refused: the operation says so. */
export const refusedCalls = tierProbe(async (bench) => {
  const { engine, lab, log, chance, case: one } = bench;
  for (const { vector, baseline } of await implementedRepresentatives(bench)) {
    const operation = operationOf(engine, vector);
    if (operation === undefined) continue;
    const calls = spread(distinct(baseline.sighting.calls), numberOf(bench, 'most'));
    for (const target of calls) {
      for (const code of codesFor(one.with['codes'], target.call, chance)) {
        // Words of its own, each time: no engine can tell this refusal from a real one.
        const why = `It cannot be done: ${chance.word(`${target.index} ${code}`, 12)}.`;
        const intercept: Interceptor = async (call, serve) =>
          bodyOf(call) === bodyOf(target) ? call.refuse(code, why) : serve();
        const observed = await lab.run(vector, { intercept, budget: patience(baseline.ms) });
        const unfair = unfairEnd(observed, baseline, operation, new Set([code]));
        log.check(unfair === undefined, () => ({
          what: `When ${target.call} (call ${target.index + 1}) was refused with ${code}, ${unfair}.`,
          where: placeOf(bench, vector, target.call),
        }));
      }
    }
  }
});

function distinct(calls: readonly SeenCall[]): SeenCall[] {
  // What is refused anyway need not be refused once more.
  const served = calls.filter(({ code }) => code === undefined);
  return [...new Map(served.map((call) => [bodyOf(call), call])).values()];
}

/** Long enough for an operation that took `ms` undisturbed, on a machine that is busy; short enough to find one that hangs. */
function patience(ms: number): { wall_time_ms: number } {
  return { wall_time_ms: Math.min(30_000, Math.ceil(ms * 20) + 5_000) };
}

/** Cancelled at every call, and before the first: it ends at once, and keeps nothing. */
export const cancelledCalls = tierProbe(async (bench) => {
  const { lab, log, case: one } = bench;
  const code = textOf(one.expect, 'code');
  const withinMs = numberOf(bench, 'within_ms');
  for (const { vector, baseline } of await representatives(bench)) {
    const points = spread([...baseline.sighting.calls.keys()], numberOf(bench, 'most'));
    for (const point of [-1, ...points]) {
      const cancel = new AbortController();
      let cancelledAt = performance.now();
      const stop = (): void => {
        cancelledAt = performance.now();
        cancel.abort();
      };
      if (point === -1) stop();
      const observed = await lab.run(vector, {
        signal: cancel.signal,
        intercept: (call, serve) => {
          if (call.index === point) stop();
          return serve();
        },
      });
      const took = performance.now() - cancelledAt;
      const { status, outputs, evidence } = observed.result;
      const isHeld = status === 'cancelled' && codeOf(observed) === code && outputs.length + evidence.length === 0;
      const when = point === -1 ? 'before it began' : `at call ${point + 1}`;
      log.check(isHeld && took < withinMs, () => ({
        what: `Cancelled ${when}, it ended as ${outcomeOf(observed)} after ${Math.round(took)} ms with ${outputs.length} outputs.`,
        where: placeOf(bench, vector),
      }));
    }
    const after = await lab.run(vector);
    log.check(after.result.status === 'succeeded', () => ({
      what: `After all that was cancelled, it ended as ${outcomeOf(after)}.`,
      where: placeOf(bench, vector),
    }));
  }
});

/** Answers come late, and the later asked the sooner: the result is the same. */
export const slowCalls = tierProbe(async (bench) => {
  const { engine, lab, log } = bench;
  const [least, most] = [numberOf(bench, 'least_ms'), numberOf(bench, 'most_ms')];
  const frozen = frozenVectors(engine);
  for (const { vector, baseline } of await representatives(bench)) {
    const total = Math.max(1, baseline.sighting.calls.length);
    const room = Math.min(most, numberOf(bench, 'all_ms') / total);
    const observed = await lab.run(vector, {
      intercept: async (call, serve) => {
        await sleep(least + Math.max(0, room - least) * (1 - (call.index % 8) / 8));
        return serve();
      },
    });
    const isSame = frozen.includes(vector)
      ? await difference(baseline, observed)
      : observed.result.status === baseline.result.status
        ? undefined
        : `it ended as ${outcomeOf(observed)}`;
    log.check(isSame === undefined, () => ({
      what: `With slow answers that come in another order, ${isSame}.`,
      where: placeOf(bench, vector),
    }));
  }
});

/** With less and less memory: the same result, the budget's code, or a declared error; nothing in between. */
export const littleMemory = tierProbe(async (bench) => {
  const { engine, lab, log, case: one } = bench;
  const shares = Array.isArray(one.with['bytes']) ? one.with['bytes'].map(Number) : [];
  const code = budgetExceededCode('memory_bytes');
  const frozen = frozenVectors(engine);
  for (const { vector, baseline } of (await representatives(bench)).slice(0, 1)) {
    const operation = operationOf(engine, vector);
    if (operation === undefined) continue;
    for (const bytes of shares) {
      const observed = await lab.run(vector, { budget: { memory_bytes: bytes } });
      if (codeOf(observed) === code) {
        log.check(observed.result.outputs.length === 0, () => ({
          what: `Ended for its memory, it kept outputs.`,
          where: placeOf(bench, vector),
        }));
        continue;
      }
      const isExact = observed.result.status === 'succeeded' && frozen.includes(vector);
      const differs = isExact ? await difference(baseline, observed) : undeclaredEnd(observed, operation);
      log.check(differs === undefined, () => ({
        what: `With ${bytes} bytes of memory, ${differs}.`,
        where: placeOf(bench, vector, 'budget.memory_bytes'),
      }));
    }
  }
});
