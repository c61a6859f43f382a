import { describe, expect, it } from 'vitest';
import type { JobOutcome } from '../../src/sandbox/tier.ts';
import { bundle, KINDS, makeJob, NO_JAIL, replyOf, withTier } from './tier-fixture.ts';

/** Everything an engine could learn of the machine, the moment and the sandbox it is in (CONTRACT §6). */
const WORLD = bundle({
  'test.world': `
    const order = [];
    await Promise.all([5, 1, 3].map((ms) => new Promise((done) => setTimeout(() => { order.push(ms); done(); }, ms))));
    let depth = 0;
    const dive = () => { depth += 1; dive(); };
    try { dive(); } catch {}
    let stack = '';
    try { null.x; } catch (error) { stack = String(error.stack); }
    return {
      time: [Date.now(), new Date().toString(), new Date().getTimezoneOffset(), globalThis.performance?.now?.() ?? null, typeof Temporal === 'undefined' ? null : String(Temporal.Now.instant())],
      chance: [Math.random(), Math.random(), crypto.randomUUID(), [...crypto.getRandomValues(new Uint8Array(8))]],
      locale: [Intl.DateTimeFormat().resolvedOptions(), (1234.5).toLocaleString(), ['ä', 'a', 'z'].sort((a, b) => a.localeCompare(b)), new Date(0).toLocaleString()],
      numbers: [0.1 + 0.2, 1e21, Math.sin(1), Math.exp(1), (25).toString(36), 5e-324],
      process: typeof process === 'undefined' ? null : [process.platform, process.arch, process.version, Object.keys(process.env), process.pid ?? null, process.argv, process.execPath ?? null, process.cwd?.() ?? null],
      names: Reflect.ownKeys(globalThis).map(String).sort(),
      keys: Object.keys({ b: 1, a: 2, 10: 3, 9: 4 }),
      order,
      stack,
      now: context.now(),
    };`,
});

/** @throws when the engine failed */
function summaryOf(outcome: JobOutcome): unknown {
  const reply = replyOf(outcome);
  if (reply['ok'] !== true) throw new Error(JSON.stringify(reply['error']));
  return reply['summary'];
}

describe.runIf(NO_JAIL === undefined)('an engine cannot tell its tier', () => {
  it(`[§6] D3: thread and process, fresh and used, give the same bytes${NO_JAIL === undefined ? '' : ` (skipped: ${NO_JAIL})`}`, async () => {
    const seen: string[] = [];
    for (const kind of KINDS) {
      await withTier(kind, async (tier) => {
        for (let round = 0; round < 3; round += 1)
          seen.push(JSON.stringify(summaryOf(await tier.run(makeJob(WORLD, 'test.world')))));
      });
    }
    expect(seen).toHaveLength(6);
    expect(JSON.parse(seen[0] ?? '')).toEqual(JSON.parse(seen[3] ?? ''));
    expect(new Set(seen).size).toBe(1);
  });
});
