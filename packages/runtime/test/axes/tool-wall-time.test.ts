import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NO_JAIL } from '../sandbox/tier-fixture.ts';
import { openWorld, type World } from './world.ts';

const BODIES = {
  'test.spin': 'for (;;) {}',
  'test.tool': `const { stdout } = await context.exec('sh', ['-c', 'sleep 1.2; echo ok']); return { said: text(stdout) };`,
};

const jailed = NO_JAIL === undefined ? it : it.skip;
const why = NO_JAIL === undefined ? '' : ` (skipped: ${NO_JAIL})`;

describe('[§9] the wall time of a program', () => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld('thread', BODIES, {
      tiers: ['thread', 'process'],
      outside: { tools: { sh: { path: '/bin/sh', options: ['-c *'] } } },
    });
  });
  afterAll(() => world.close());

  jailed(`does not count what the operation waited for a lane${why}`, async () => {
    const before = [1, 2].map(() => world.run('test.spin', [], {}, { budget: { wall_time_ms: 2_000 } }));
    // Nobody waits longer than this; waiting and the program together take longer.
    const budget = { wall_time_ms: 2_900 };
    const begun = performance.now();
    const result = await world.run('test.tool', ['proc.exec:sh'], {}, { budget });
    const waited = performance.now() - begun - result.usage.wall_time_ms;
    expect(result).toMatchObject({ status: 'succeeded', summary: { said: 'ok\n' } });
    // Otherwise this shows nothing: there was room at once.
    expect(waited).toBeGreaterThan(1_700);
    expect((await Promise.all(before)).map(({ status }) => status)).toEqual(['timed_out', 'timed_out']);
  });
});
