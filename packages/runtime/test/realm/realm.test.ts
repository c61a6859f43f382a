import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FROZEN, OPEN, Sandbox, valueOf } from './sandbox.ts';

const AUDIT = `
  const names = new Map([[globalThis, 'globalThis']]);
  const waiting = [globalThis];
  const visit = (value, name) => {
    if ((typeof value !== 'object' || value === null) && typeof value !== 'function') return;
    if (!names.has(value)) { names.set(value, name); waiting.push(value); }
  };
  for (const key of Reflect.ownKeys(globalThis)) visit(globalThis[key], String(key));
  visit(RegExp.prototype, 'RegExp.prototype');
  const caught = [];
  for (const f of [() => new URL('x'), () => new URLSearchParams([[1]]), () => atob('%'), () => new TextDecoder('no'), () => structuredClone(() => 1), () => null.x]) { try { f(); } catch (e) { caught.push(e); } }
  caught.push(await import('x').catch((e) => e));
  const samples = [...caught, function* () {}, async () => {}, async function* () {}, (function* () {})().__proto__.__proto__, (async function* () {})().__proto__.__proto__,
    [].values(), new Map().keys(), new Set().keys(), ''[Symbol.iterator](), 'a'.matchAll(/a/g), [].values().map((x) => x), Iterator.from({ next() {} }),
    new Intl.Segmenter('en').segment('a'), new Intl.Segmenter('en').segment('a')[Symbol.iterator](), new URLSearchParams().keys(), new URL('a:b'), new TextDecoder(), new AbortController().signal, crypto, process, console];
  for (const sample of samples) visit(Object.getPrototypeOf(sample), 'prototype of a sample');
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    visit(Object.getPrototypeOf(next), names.get(next) + '.__proto__');
    for (const key of Reflect.ownKeys(next)) {
      const d = Object.getOwnPropertyDescriptor(next, key);
      for (const part of [d.value, d.get, d.set]) visit(part, next === globalThis ? String(key) : names.get(next) + '.' + String(key));
    }
  }
  const open = [...names].filter(([value]) => !Object.isFrozen(value)).map(([, name]) => name).sort();
  const symbols = [...names].flatMap(([value, name]) => Object.getOwnPropertySymbols(value).filter((s) => !String(s).startsWith('Symbol(Symbol.') && String(s) !== 'Symbol(kIsNodeError)').map((s) => name + ' ' + String(s)));
  return [names.size > 700, open, symbols];`;

const bodies = {
  audit: AUDIT,
  globals: `return Object.getOwnPropertyNames(globalThis).filter((name) => !/^(Node|set|clear|global|process|console)/.test(name)).filter((name) => /Worker|Message|Channel|Wasm|Assembly|Shared|fetch|Socket|Storage|performance|navigator|Weak(Ref)|Finalization|Buffer$|gc|Temporal|Blob|Stream/.test(name)).join();`,
  console: `console.log('a', { b: 1 }, 2, undefined); console.error(new TypeError('x')); console.info('y'.repeat(5000)); return '';`,
  memory: `const a = new Uint8Array(8 * 1024 * 1024); return String(a.length);`,
  timers: `globalThis.fired = 0; setTimeout(() => { fired += 1; }, 1); return '';`,
};

describe('the realm', () => {
  let realm: Sandbox;
  beforeAll(() => {
    realm = Sandbox.of('realm', bodies);
  });
  afterAll(() => realm.close());

  it('[§9] everything that calls share is frozen, but for the three objects that are watched instead', async () => {
    expect(JSON.parse(valueOf(await realm.call('audit')))).toEqual([
      true,
      ['Error', 'RegExp.prototype', 'globalThis'],
      [],
    ]);
  });

  it('[§9] no global name gives access to anything outside', async () => {
    // Both only make memory, which is counted.
    expect(valueOf(await realm.call('globals'))).toBe('ArrayBuffer');
  });

  it('[§9] console lines go to the host’s side, capped', async () => {
    const outcome = await realm.call('console');
    const lines = outcome.kind === 'replied' ? outcome.reply.lines : [];
    expect(lines.slice(0, 2)).toEqual(['a {"b":1} 2 undefined', 'TypeError: x']);
    expect(lines[2]).toHaveLength(2_001);
  });

  it('[§9] array buffer memory is measured', async () => {
    const outcome = await realm.call('memory');
    const memory = outcome.kind === 'replied' ? outcome.reply.memory : undefined;
    expect(memory?.peak).toBeGreaterThanOrEqual(8 * 1024 * 1024);
    expect(memory?.exceeded).toBe(false);
  });

  it('[§9] timers and globals end with their call', async () => {
    valueOf(await realm.call('timers', {}, OPEN));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(valueOf(await realm.call('globals', {}, FROZEN))).not.toContain('fired');
    expect(realm.death).toBe('');
  });

  for (const [name, code, message] of [
    ['registers nothing', `'x';`, 'registered 0'],
    ['registers twice', `__mex_register__(1); __mex_register__(2);`, 'registered 2'],
    ['throws', `throw new Error('at load');`, 'at load'],
    ['does not compile', `(`, 'Unexpected'],
  ] as const) {
    it(`a bundle that ${name} does not load`, async () => {
      const sandbox = new Sandbox('realm', code);
      const loaded = await sandbox.load();
      await sandbox.close();
      expect(loaded).toContain(message);
      expect(loaded).not.toContain('file:');
    });
  }
});
