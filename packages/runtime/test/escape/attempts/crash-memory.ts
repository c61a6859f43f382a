import type { Attempt, AttemptFile } from '../attempt.ts';

const MIB = 1024 * 1024;
const budget = { memory_bytes: 32 * MIB, wall_time_ms: 1_200 };
/** An unprotected worker takes this much; bounded, so that the machine of the test survives the control. */
const MANY = 400;

const hog = (name: string, body: string, noControl?: string): Attempt => ({
  name,
  body: `const a = []; ${body} return a.length;`,
  budget,
  ...(noControl === undefined ? {} : { noControl }),
});
const many = (expression: string, count = MANY): string => `for (let i = 0; i < ${count}; i++) a.push(${expression});`;

/** Memory beyond the budget, in every form that is not an object of the heap, and the heap itself. */
const attempts: readonly Attempt[] = [
  hog('an array buffer over the limit', `a.push(new Uint8Array(${MANY * MIB}).fill(1));`),
  hog('many array buffers', many(`new Uint8Array(${MIB}).fill(1)`)),
  hog(
    'many array buffers, the errors caught',
    `for (let i = 0; i < ${MANY}; i++) try { a.push(new Uint8Array(${MIB}).fill(1)); } catch {}`,
  ),
  hog('small array buffers', many(`new Uint8Array(1000).fill(1)`, MANY * 1000)),
  hog(
    'a resizable array buffer',
    `const b = new ArrayBuffer(1, { maxByteLength: ${MANY * MIB} }); a.push(b); for (let n = ${MIB}; n <= ${MANY * MIB}; n += ${MIB}) { b.resize(n); new Uint8Array(b).fill(1, n - ${MIB}); }`,
  ),
  hog(
    'many resizable array buffers of one byte',
    `for (let i = 0; i < 150000; i++) { const b = new ArrayBuffer(1, { maxByteLength: 4096 }); new Uint8Array(b)[0] = 1; a.push(b); }`,
  ),
  hog(
    'address space',
    `for (let i = 0; i < 100000; i++) a.push(new ArrayBuffer(1, { maxByteLength: 2 ** 32 })); for (const b of a) new Uint8Array(b)[0] = 1;`,
    'what becomes of a process without addresses differs',
  ),
  hog(
    'a resizable array buffer whose size changes its mind',
    `let n = 0; for (let i = 0; i < 300000; i++) { const b = new ArrayBuffer(1, { get maxByteLength() { return n++ % 2 ? 1 : 4096; } }); new Uint8Array(b)[0] = 1; a.push(b); }`,
  ),
  hog(
    'array buffers by transfer',
    `let b = new ArrayBuffer(1); for (let n = ${MIB}; n <= ${MANY * MIB}; n += 20 * ${MIB}) { b = b.transfer(n); new Uint8Array(b).fill(1); } a.push(b);`,
  ),
  hog('array buffers by toSorted', `a.push(new Uint8Array(${MIB}).fill(1)); ${many('a[0].toSorted()')}`),
  hog('array buffers by with', `a.push(new Uint8Array(${MIB}).fill(1)); ${many('a[0].with(0, 2)')}`),
  hog('array buffers by slice', `a.push(new Uint8Array(${MIB}).fill(1).buffer); ${many('a[0].slice(0)')}`),
  hog('array buffers by slice of a view', `a.push(new Uint8Array(${MIB}).fill(1)); ${many('a[0].slice()')}`),
  hog(
    'array buffers by map',
    `a.push(new Uint8Array(${MIB}).fill(1)); ${many('a[0].map((x) => x)', 120)} ${many('new Uint8Array(a[0])')}`,
  ),
  hog(
    'array buffers by filter',
    `a.push(new Uint8Array(${MIB}).fill(1)); ${many('a[0].filter(() => true)', 100)} ${many('a[0].subarray().slice()')}`,
  ),
  hog(
    'array buffers by Uint8Array.from',
    `const like = { length: ${MIB} }; ${many('Uint8Array.from(like)', 20)} ${many('Uint8Array.of(1)')} ${many(`new Uint8Array(new Uint8Array(${MIB}).fill(1))`)}`,
  ),
  hog('array buffers by structuredClone', `a.push(new Uint8Array(${MIB}).fill(1)); ${many('structuredClone(a[0])')}`),
  hog('array buffers by TextEncoder', `const s = 'x'.repeat(${MIB}); ${many('new TextEncoder().encode(s)')}`),
  hog('array buffers by fromBase64', `const s = 'A'.repeat(${MIB}); ${many('Uint8Array.fromBase64(s)', 800)}`),
  hog('array buffers by fromHex', `const s = 'a0'.repeat(${MIB}); ${many('Uint8Array.fromHex(s)')}`),
  hog(
    'array buffers by an array-like that lies',
    many(`new Uint8Array({ get length() { return ${MIB}; } }).fill(1)`, 200),
  ),
  hog('array buffers by a subclass', `class Mine extends Float64Array {} ${many(`new Mine(${MIB / 8}).fill(1)`)}`),
  hog(
    'array buffers by a species of one’s own',
    `class Mine extends Uint8Array { static get [Symbol.species]() { return Float64Array; } } const m = new Mine(${MIB / 8}); ${many('m.map(() => 1)', 100)} ${many(`m.slice().fill(1)`)}`,
  ),
  hog(
    'array buffers by the constructor of an instance',
    `const C = new Uint8Array(0).toReversed().constructor; ${many(`new C(${MIB}).fill(1)`)}`,
  ),
  hog(
    'array buffers by Reflect.construct',
    many(`Reflect.construct(ArrayBuffer, [${MIB}], Array)`, 1000) +
      many(`Reflect.construct(Uint8Array, [${MIB}], Map).constructor`, 1000),
  ),
  hog(
    'input read and kept',
    `for (let i = 0; i < 3000; i++) a.push(await context.inputs[0].bytes());`,
    'the input is small',
  ),
  hog(
    'texts decoded',
    `const b = new Uint8Array(${MIB}).fill(97); ${many("new TextDecoder('latin1').decode(b) + i")} `,
  ),
  hog(
    'texts decoded as UTF-16',
    `const b = new Uint8Array(2 * ${MIB}).fill(97); ${many("new TextDecoder('utf-16le').decode(b)", 350)} `,
  ),
  hog('texts by btoa and atob', `const s = 'a'.repeat(${MIB}); ${many('btoa(s)', 300)} ${many('atob(s)', 300)}`),
  hog('texts by JSON', `const s = 'a'.repeat(${MIB}); ${many('JSON.stringify(s + i)')}`),
  hog('texts by repeat', many(`('x' + i).repeat(200000) + 'y'`) + ' for (const s of a) s.charCodeAt(3);'),
  hog('texts by join', `const s = 'a'.repeat(1000); const l = new Array(1000).fill(s); ${many('l.join()')}`),
  hog('objects', `for (let i = 0; i < 2e7; i++) a.push({ x: i });`),
  hog('numbers', `for (let i = 0; i < 300; i++) a.push(new Array(200000).fill(i + 0.5));`),
  hog(
    'maps',
    `for (let i = 0; i < 200; i++) { const m = new Map(); for (let j = 0; j < 100000; j++) m.set(j, i); a.push(m); }`,
  ),
  hog('closures', `for (let i = 0; i < 1e7; i++) a.push(() => i);`),
  hog('big integers', many(`(1n << ${8n * 1024n * 1024n}n) + BigInt(i)`)),
  hog(
    'regular expressions',
    `for (let i = 0; i < 30000; i++) { const r = new RegExp('(a|b|c){1,50}' + i + '[a-z]{1,90}'); r.test('abc'.repeat(30) + i); a.push(r); }`,
  ),
  hog(
    'functions compiled',
    `for (let i = 0; i < 60000; i++) { const f = new Function('return (x) => { ' + 'x += ' + i + ';'.repeat(20) + 'return [' + 'x,'.repeat(200) + ']; }')(); f(1); a.push(f); }`,
  ),
  hog(
    'formatters of dates',
    `for (let i = 0; i < 20000; i++) a.push(new Intl.DateTimeFormat('de', { dateStyle: 'full', timeZone: 'Asia/Tokyo' }));`,
  ),
  hog(
    'formatters of numbers',
    `for (let i = 0; i < 60000; i++) a.push(new Intl.NumberFormat('de', { style: 'currency', currency: 'EUR', notation: 'compact' }));`,
    'they share what is large',
  ),
  hog('collators', `for (let i = 0; i < 60000; i++) a.push(new Intl.Collator('de-u-co-phonebk'));`),
  hog('segmenters', `for (let i = 0; i < 60000; i++) a.push(new Intl.Segmenter('th', { granularity: 'word' }));`),
  hog(
    'segments of a long text',
    `const s = 'ก '.repeat(50000); for (let i = 0; i < 3000; i++) a.push(new Intl.Segmenter('th').segment(s)[Symbol.iterator]());`,
  ),
  hog('addresses', `for (let i = 0; i < 400000; i++) a.push(new URL('http://a.example/' + i + 'x'.repeat(900)));`),
  hog('decoders', `for (let i = 0; i < 400000; i++) a.push(new TextDecoder('gb18030'));`, 'they share what is large'),
  hog('pending promises', `for (let i = 0; i < 1e7; i++) a.push(new Promise(() => {}));`),
  hog('symbols', `for (let i = 0; i < 3e6; i++) a.push(Symbol.for('s' + i + 'x'.repeat(60)));`),
  hog('names of properties', `const o = {}; for (let i = 0; i < 3e6; i++) o['n' + i + 'x'.repeat(60)] = 1; a.push(o);`),
  hog('microtasks that pile up', `for (let i = 0; i < 1e7; i++) Promise.resolve().then(() => a);`),
  hog(
    'stacks of errors',
    `Error.stackTraceLimit = 1000; const f = (n) => (n ? f(n - 1) : new Error('x')); for (let i = 0; i < 30000; i++) a.push(f(900));`,
  ),
  hog(
    'outputs nobody waits for',
    `const b = new Uint8Array(${MIB}).fill(1); for (let i = 0; i < ${MANY}; i++) a.push(context.write('o' + i, b).catch(() => {})); await Promise.all(a);`,
  ),
];

export default {
  class: 'host crash and hang',
  attempts: attempts.map((attempt) => ({ ...attempt, name: `memory: ${attempt.name}` })),
} satisfies AttemptFile;
