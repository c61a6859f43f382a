import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Sandbox, valueOf } from './sandbox.ts';

/** Calls every function that names lead to, on and with all kinds of values, and looks at what comes back or is thrown. */
const CRAWL = `
  const roots = new Map();
  const queue = [];
  const isObject = (v) => (typeof v === 'object' && v !== null) || typeof v === 'function';
  const add = (v, name) => { if (isObject(v) && !roots.has(v)) { roots.set(v, name); queue.push(v); } };
  const walk = () => {
    for (let o = queue.pop(); o; o = queue.pop()) {
      const name = roots.get(o);
      add(Object.getPrototypeOf(o), name + '.__proto__');
      for (const key of Reflect.ownKeys(o)) {
        const d = Object.getOwnPropertyDescriptor(o, key);
        for (const part of ['value', 'get', 'set']) add(d[part], name + '.' + String(key));
      }
    }
  };
  for (const key of Reflect.ownKeys(globalThis)) add(globalThis[key], String(key));
  walk();
  const later = new Set([setTimeout, setInterval, setImmediate]);
  const functions = [...roots].filter(([v, name]) => typeof v === 'function' && !later.has(v) && !/repeat|pad/.test(name));
  const args = [[], [{}], ['a'], [1], [[1]], [() => 1], [new Map([[1, 2]])], ['a', 'b'], [{}, 'x'], [[1], () => 1], ['en', { type: 'language' }],
    [Promise.resolve(1)], [(function* () { yield 1; })()], [null], [{ then() {} }], [{ [Symbol.dispose]() {}, [Symbol.asyncDispose]() {} }], [2n], [0, 1], ['a', 'b', 'c'], ['']];
  const on = [undefined, {}, [1, 2], 'abc', 5, 5n, new Map([[1, 2]]), new Set([1]), new Date(0), /a/g, new Uint8Array(4), new ArrayBuffer(8), new DataView(new ArrayBuffer(8)),
    Promise.resolve(1), (function* () { yield 1; })(), (async function* () { yield 1; })(), new URL('http://a/?b=c'), new URLSearchParams('a=b'), new Intl.DateTimeFormat('en'),
    new Intl.NumberFormat('en'), new Intl.Segmenter('en'), new Intl.Locale('en'), new Intl.PluralRules('en'), new Intl.DurationFormat('en'), new Intl.Collator('en'), new TextDecoder(),
    new TextEncoder(), new AbortController(), AbortSignal.abort(1), new EventTarget(), new Event('x'), new Error('x'), new WeakMap(), new DisposableStack(), new AsyncDisposableStack(),
    new Proxy({}, {}), () => 1, class A {}, [].values(), new Map([[1, 2]]).entries(), 'a'.matchAll(/a/g), [1].values().map((x) => x), Iterator.from({ next: () => ({ done: true }) }),
    JSON.rawJSON('1'), new Intl.Segmenter('en').segment('ab'), new DOMException('x')];
  // What is made here may be open.
  for (const mine of [...on, ...args.flat()]) add(mine, 'mine');
  walk();
  const found = new Map();
  const look = (v, name) => {
    for (let p = isObject(v) ? Object.getPrototypeOf(v) : null; p !== null; p = Object.getPrototypeOf(p)) {
      if (roots.has(p) || Object.isFrozen(p)) continue;
      found.set(p, [...(found.get(p) ?? []), name]);
    }
  };
  let calls = 0;
  const attempt = (name, f) => {
    calls++;
    try { const r = f(); look(r, name); if (r instanceof Promise) r.then((v) => look(v, name), (e) => look(e, name)); } catch (e) { look(e, name); }
  };
  for (const [f, name] of functions) for (const a of args) {
    for (const o of on) attempt(name, () => Reflect.apply(f, o, a));
    attempt('new ' + name, () => Reflect.construct(f, a));
  }
  await new Promise((r) => setTimeout(r, 1));
  // A prototype that two calls gave is shared by all.
  return [calls > 300000, [...found.values()].filter((names) => names.length > 1).map(([name]) => name)];`;

describe('whatever the realm’s functions are called with', () => {
  let realm: Sandbox;
  beforeAll(() => {
    realm = Sandbox.of('realm', { crawl: CRAWL });
  });
  afterAll(() => realm.close());

  it('[§9] nothing comes back that calls share and that is not frozen', async () => {
    expect(JSON.parse(valueOf(await realm.call('crawl', {}, undefined, 25_000)))).toEqual([true, []]);
  });
});
