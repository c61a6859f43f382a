import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ENGINE_ID, openWorld, type World } from './world.ts';

/** Values that are awkward to find and to mask. */
const VALUES = [
  '-----BEGIN KEY-----\nMIIabc123DEFghi456\nJKLmno789PQRstu\n-----END KEY-----\n',
  'with "quotes" and \\ slash 7',
  'grüße-Straße-99-日本',
  'ALLUPPERCASE1234',
  '274951',
  'zzzzzzzz',
  '  spaced value 8  ',
  'tab\tin-value-x1',
  'esc\u001b[31mred-value-5',
  '"}],"log":["x"],"y":{"z":"',
  '$&$1$`value-of-regexp.*',
  '%41%42percent-value-6',
  'aGlkZGVuLXZhbHVlLTk=',
  'x'.repeat(3_000) + 'long-value-1',
  '👩‍💻-emoji-value-4',
];
const BODIES = {
  'test.log': `context.log('a' + (await context.secret(params.a)) + 'b'); return {};`,
  'test.problem': `const v = await context.secret(params.a); context.problem({ code: 'TEST_X', severity: 'info', title: v, message: 'm ' + v, locations: [{ path: v }] }); return {};`,
  'test.error': `throw new Error('failed: ' + (await context.secret(params.a)));`,
  'test.code': `throw Object.assign(new Error('x'), { code: await context.secret(params.a) });`,
  'test.summary': `const v = await context.secret(params.a); return { [v]: [v, { v }] };`,
  'test.output': `await context.write('out.txt', await context.secret(params.a)); return {};`,
  'test.halves': `const v = await context.secret(params.a); const half = v.length >> 1; context.log(v.slice(0, half)); context.log(v.slice(half)); return {};`,
};

describe('[§9] [§14 E] values that are hard to find', () => {
  let world: World;
  const ids = VALUES.map((_, at) => `v${at}`);
  beforeAll(async () => {
    world = await openWorld('thread', BODIES, {
      manifest: { readable_secrets: ids },
      outside: {
        readableSecrets: { [ENGINE_ID]: ids },
        secrets: { value: (id) => Promise.resolve(VALUES[Number(id.slice(1))]) },
      },
    });
    world.consents.set('c', 'secrets.use');
  });
  afterAll(() => world.close());

  const names = ['test.log', 'test.problem', 'test.error', 'test.code', 'test.summary', 'test.output', 'test.halves'];
  // Three ways for each value, other ones for the next value; the soak tries all of them with all.
  const isTried = (way: number, at: number) => process.env['MEX_SOAK'] !== undefined || (way + 3 * at) % 7 < 3;
  it.each(VALUES.map((value, at) => ({ value, at })))('$value', async ({ value, at }) => {
    for (const name of names.filter((_, way) => isTried(way, at))) {
      const result = await world.run(name, ['secrets.use'], { a: `v${at}` });
      expect([name, result.status, result.errors[0]?.code]).toEqual([name, 'failed', 'SECURITY_SECRET_LEAKED']);
      const log = result.logs_ref === undefined ? '' : Buffer.from(await world.store.get(result.logs_ref)).toString();
      const problems = world.recorder.problems.list({ limit: 1_000 });
      const records = JSON.stringify([result, world.events(result), problems, log]);
      const escaped = JSON.stringify(value).slice(1, -1);
      expect([name, records.includes(escaped) || log.includes(value)]).toEqual([name, false]);
    }
  });
});
