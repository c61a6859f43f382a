import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FROZEN, OPEN, Sandbox, valueOf } from './sandbox.ts';

/** Each gives a text that depends on the machine, the moment or chance in a plain worker. */
const SOURCES: Readonly<Record<string, string>> = {
  'Date.now': `await new Promise((r) => setTimeout(r, 3)); return Date.now();`,
  'new Date': `await new Promise((r) => setTimeout(r, 3)); return new Date().toISOString();`,
  'Date()': `return Date() + new Date().getHours();`,
  'Math.random': `return [Math.random(), Math.random(), Math.random()];`,
  'crypto.getRandomValues': `return [...crypto.getRandomValues(new Uint8Array(40))];`,
  'crypto.randomUUID': `return crypto.randomUUID() + crypto.randomUUID();`,
  'the stack of an error': `return new Error('x').stack;`,
  'a format of no date': `const f = new Intl.DateTimeFormat('en', { second: 'numeric', fractionalSecondDigits: 3 }); await new Promise((r) => setTimeout(r, 3)); return [f.format(), f.formatToParts(), f.format === f.format, f.format(0)];`,
  'a timed wait': `const from = Date.now(); await new Promise((r) => setTimeout(r, 7)); return Date.now() - from;`,
  'the order of timers': `const order = []; const add = (x, ms) => new Promise((r) => setTimeout(() => { order.push(x); r(); }, ms));
    const busy = (n) => { let s = 0; for (let i = 0; i < n; i++) s += i; return s; };
    const a = add('a', 5); busy(Math.trunc(performanceNoise * 1e6)); const b = add('b', 4); const c = add('c', 6); await Promise.all([a, b, c]); return order;`,
};
const bodies = Object.fromEntries(
  Object.entries(SOURCES).map(([name, body]) => [name, body.replace('performanceNoise', '(t.noise ?? 0)')]),
);

/** Local time and locale: the same everywhere, whatever the host is set to. */
const PLACES: Readonly<Record<string, readonly [body: string, text: string]>> = {
  'a local date': [
    `return new Date(2024, 0, 31, 12).toString();`,
    'Wed Jan 31 2024 12:00:00 GMT+0000 (Coordinated Universal Time)',
  ],
  'a zoneless text': [`return new Date('2024-01-31T12:00:00').toISOString();`, '2024-01-31T12:00:00.000Z'],
  'a text of another form': [`return new Date('Jan 31, 2024 12:00').toISOString();`, '2024-01-31T12:00:00.000Z'],
  'a text with an offset': [`return new Date('2024-01-31T12:00:00+02:00').toISOString();`, '2024-01-31T10:00:00.000Z'],
  'a text of RFC 2822': [
    `return new Date('Wed, 31 Jan 2024 12:00:00 -0500').toISOString();`,
    '2024-01-31T17:00:00.000Z',
  ],
  'a text of toString': [`const d = new Date(1e12); return String(new Date(String(d)).getTime());`, '1000000000000'],
  'an invalid date': [`return String(new Date('no date')) + new Date(NaN).getTimezoneOffset();`, 'Invalid DateNaN'],
  'years before 100': [`return new Date(99, 0).getFullYear() + '/' + new Date(-1, 0).getFullYear();`, '1999/-1'],
  'a date far back': [`return new Date(-1e15).toDateString();`, 'Tue Apr 05 -29719'],
  'the parts of a date': [
    `const d = new Date(0); d.setHours(5); return [d.getHours(), d.getDay(), d.getTimezoneOffset(), d.getTime()].join();`,
    '5,4,0,18000000',
  ],
  'a date copied': [
    `class D extends Date {} return new Date(new D(5)).getTime() + '' + (new D(5) instanceof Date);`,
    '5true',
  ],
  'a year set': [
    `const d = new Date(Date.UTC(2024, 6, 1, 12)); d.setYear(1900); d.setYear(20.5); return d.toISOString();`,
    '1920-07-01T12:00:00.000Z',
  ],
  'a date of Temporal': [`return typeof Temporal + typeof new Date(0).toTemporalInstant;`, 'undefinedundefined'],
  'a locale date': [
    `return new Date(0).toLocaleString() + '|' + new Date(0).toLocaleDateString(undefined, { month: 'long' });`,
    '1/1/1970, 12:00:00 AM|January',
  ],
  'a number format': [
    `return (1234.5).toLocaleString() + '|' + new Intl.NumberFormat().format(1234.5);`,
    '1,234.5|1,234.5',
  ],
  'the default zone': [
    `return Intl.DateTimeFormat().resolvedOptions().timeZone + new Intl.Collator().resolvedOptions().locale;`,
    'UTCen-US',
  ],
  'a zone asked for': [
    `return new Intl.DateTimeFormat('de', { timeZone: 'Asia/Tokyo', hour: 'numeric' }).format(0);`,
    '09 Uhr',
  ],
  'a comparison': [`return ['b', 'a', 'C', 'ä'].sort((x, y) => x.localeCompare(y)).join();`, 'a,ä,b,C'],
  'upper case': [`return 'i'.toLocaleUpperCase() + 'I'.toLocaleLowerCase('tr');`, 'Iı'],
};

describe('time and randomness', () => {
  const all = { ...bodies, ...Object.fromEntries(Object.entries(PLACES).map(([name, [body]]) => [name, body])) };
  // Zones of the two workers are the process's: the second realm starts after it changed.
  let first: Sandbox;
  let second: Sandbox;
  const zone = process.env['TZ'];
  beforeAll(async () => {
    process.env['TZ'] = 'Asia/Kolkata';
    first = Sandbox.of('realm', all);
    expect(await first.load()).toBe('ok');
    second = Sandbox.of('realm', all);
    expect(await second.load()).toBe('ok');
  });
  afterAll(async () => {
    if (zone === undefined) delete process.env['TZ'];
    else process.env['TZ'] = zone;
    await Promise.all([first.close(), second.close()]);
  });

  for (const name of Object.keys(SOURCES)) {
    it(`[§6] ${name} is a function of the call’s clock and seed`, async () => {
      const a = valueOf(await first.call(name, { noise: 1 }));
      expect(valueOf(await second.call(name, { noise: 0 }))).toBe(a);
      expect(valueOf(await first.call(name, { noise: 5 }))).toBe(a);
    });
  }
  for (const name of ['Math.random', 'crypto.getRandomValues', 'crypto.randomUUID']) {
    it(`[§6] ${name} differs with another seed`, async () => {
      const a = valueOf(await first.call(name));
      expect(valueOf(await first.call(name, {}, { ...FROZEN, seedHex: 'beef' }))).not.toBe(a);
    });
  }
  for (const name of ['Date.now', 'Math.random', 'crypto.randomUUID', 'crypto.getRandomValues']) {
    it(`[§6] control: ${name} differs between two calls that are not frozen`, async () => {
      const a = valueOf(await first.call(name, {}, OPEN));
      expect(valueOf(await first.call(name, {}, OPEN))).not.toBe(a);
    });
  }
  for (const [name, [, text]] of Object.entries(PLACES)) {
    it(`[§6] ${name} does not depend on the host’s zone and locale`, async () => {
      expect(valueOf(await first.call(name))).toBe(text);
    });
  }

  it('[§6] a call that is not frozen says which influences it used', async () => {
    const outcome = await first.call('Date.now', {}, OPEN);
    expect(outcome.kind === 'replied' ? outcome.reply.influences : []).toEqual(['timers', 'clock']);
    const frozen = await first.call('Math.random');
    expect(frozen.kind === 'replied' ? frozen.reply.influences : ['?']).toEqual([]);
  });
});
