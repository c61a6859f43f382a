/** A change that one call makes, and the question a later call asks; `clean` is the answer of a world nobody touched. */
export interface Poison {
  readonly name: string;
  readonly poison: string;
  readonly probe: string;
  readonly clean: string;
}

export const POISONS: readonly Poison[] = [
  {
    name: 'Object.prototype',
    poison: `Object.prototype.evil = 1;`,
    probe: `return String({}.evil);`,
    clean: 'undefined',
  },
  {
    name: 'Object.prototype by __proto__',
    poison: `({}).__proto__.evil = 1;`,
    probe: `return String([].evil);`,
    clean: 'undefined',
  },
  {
    name: 'Array.prototype.map',
    poison: `Array.prototype.map = () => ['evil'];`,
    probe: `return [1].map((x) => x).join();`,
    clean: '1',
  },
  {
    name: 'Array.prototype[0]',
    poison: `Object.defineProperty(Array.prototype, 0, { set() {} });`,
    probe: `const a = []; a[0] = 1; return String(a[0]);`,
    clean: '1',
  },
  {
    name: 'Array.isArray',
    poison: `Array.isArray = () => true;`,
    probe: `return String(Array.isArray(1));`,
    clean: 'false',
  },
  {
    name: 'Promise.prototype.then',
    poison: `Promise.prototype.then = function () { return 'evil'; };`,
    probe: `return String(Promise.resolve(1).then(() => 2) instanceof Promise);`,
    clean: 'true',
  },
  {
    name: 'JSON.stringify',
    poison: `JSON.stringify = () => 'evil';`,
    probe: `return JSON.stringify([1]);`,
    clean: '[1]',
  },
  {
    name: 'the global JSON',
    poison: `globalThis.JSON = { stringify: () => 'evil' };`,
    probe: `return JSON.stringify([1]);`,
    clean: '[1]',
  },
  {
    name: 'the iterator of arrays',
    poison: `[][Symbol.iterator]().__proto__.next = () => ({ done: true });`,
    probe: `return [...[1, 2]].join();`,
    clean: '1,2',
  },
  {
    name: 'the iterator of maps',
    poison: `new Map().entries().__proto__.next = () => ({ done: true });`,
    probe: `return [...new Map([[1, 2]])].join();`,
    clean: '1,2',
  },
  {
    name: 'the iterator of strings',
    poison: `''[Symbol.iterator]().__proto__.next = () => ({ done: true });`,
    probe: `return [...'ab'].join();`,
    clean: 'a,b',
  },
  {
    name: 'the iterator of matchAll',
    poison: `'a'.matchAll(/a/g).__proto__.next = () => ({ done: true });`,
    probe: `return [...'aa'.matchAll(/a/g)].join();`,
    clean: 'a,a',
  },
  {
    name: 'generators',
    poison: `(function* () {}).__proto__.prototype.next = () => 0;`,
    probe: `return String((function* () { yield 1; })().next().value);`,
    clean: '1',
  },
  {
    name: 'async functions',
    poison: `(async () => {}).__proto__.evil = 1;`,
    probe: `return String((async () => {}).evil);`,
    clean: 'undefined',
  },
  {
    name: 'async generators',
    poison: `(async function* () {}).prototype.__proto__.next = () => 0;`,
    probe: `return String((await (async function* () { yield 1; })().next()).value);`,
    clean: '1',
  },
  {
    name: 'typed arrays',
    poison: `Object.getPrototypeOf(Uint8Array).prototype.fill = () => 'evil';`,
    probe: `return new Uint8Array(2).fill(7).join();`,
    clean: '7,7',
  },
  {
    name: 'the species of arrays',
    poison: `Object.defineProperty(Array, Symbol.species, { value: Object });`,
    probe: `return String(Array.isArray([1].map((x) => x)));`,
    clean: 'true',
  },
  {
    name: 'RegExp.prototype.exec',
    poison: `RegExp.prototype.exec = () => null;`,
    probe: `return String(/a/.test('a'));`,
    clean: 'true',
  },
  {
    name: 'RegExp.prototype[Symbol.replace]',
    poison: `RegExp.prototype[Symbol.replace] = () => 'evil';`,
    probe: `return 'a'.replace(/a/, 'b');`,
    clean: 'b',
  },
  {
    name: 'a new property of RegExp.prototype',
    poison: `RegExp.prototype.evil = 1;`,
    probe: `return String(/a/.evil);`,
    clean: 'undefined',
  },
  {
    name: 'the prototype of RegExp.prototype',
    poison: `Object.setPrototypeOf(RegExp.prototype, { evil: 1 });`,
    probe: `return String(/a/.evil);`,
    clean: 'undefined',
  },
  {
    name: 'RegExp.$1',
    poison: `/(secret)/.exec('a secret');`,
    probe: `return String(RegExp.$1) + String(RegExp.lastMatch) + String(RegExp['$_']);`,
    clean: 'undefinedundefinedundefined',
  },
  {
    name: 'Error.prepareStackTrace',
    poison: `Error.prepareStackTrace = () => 'evil';`,
    probe: `return new Error('x').stack.split('\\n')[0];`,
    clean: 'Error: x',
  },
  {
    name: 'Error.stackTraceLimit',
    poison: `Error.stackTraceLimit = 0;`,
    probe: `return String(Error.stackTraceLimit);`,
    clean: '10',
  },
  {
    name: 'Error.prototype.toString',
    poison: `Error.prototype.toString = () => 'evil';`,
    probe: `return String(new Error('x'));`,
    clean: 'Error: x',
  },
  {
    name: 'Function.prototype.call',
    poison: `Function.prototype.call = () => 'evil';`,
    probe: `return Array.prototype.join.call([1, 2], '+');`,
    clean: '1+2',
  },
  { name: 'Math.random', poison: `Math.random = () => 4;`, probe: `return String(Math.random() < 1);`, clean: 'true' },
  { name: 'Date.now', poison: `Date.now = () => 4;`, probe: `return String(Date.now());`, clean: '1700000000000' },
  {
    name: 'the global Date',
    poison: `globalThis.Date = class {};`,
    probe: `return String(new Date().getTime());`,
    clean: '1700000000000',
  },
  {
    name: 'URL.prototype',
    poison: `Object.defineProperty(URL.prototype, 'host', { value: 'evil' });`,
    probe: `return new URL('http://a/').host;`,
    clean: 'a',
  },
  {
    name: 'TextDecoder.prototype',
    poison: `TextDecoder.prototype.decode = () => 'evil';`,
    probe: `return new TextDecoder().decode(new Uint8Array([65]));`,
    clean: 'A',
  },
  { name: 'console', poison: `console.log = 1;`, probe: `return typeof console.log;`, clean: 'function' },
  {
    name: 'process.env',
    poison: `process.env.EVIL = '1'; process.env.NODE_ENV = 'x';`,
    probe: `return JSON.stringify(process.env);`,
    clean: '{}',
  },
  {
    name: 'a new global',
    poison: `globalThis.evil = 1; var alsoEvil = 1; (0, eval)('var third = 1');`,
    probe: `return typeof evil + typeof alsoEvil + typeof third;`,
    clean: 'undefinedundefinedundefined',
  },
  { name: 'a global by a sloppy assignment', poison: `evil2 = 1;`, probe: `return typeof evil2;`, clean: 'undefined' },
  {
    name: 'the symbol of iteration on numbers',
    poison: `Number.prototype[Symbol.iterator] = function* () { yield 1; };`,
    probe: `return String(Number.prototype[Symbol.iterator]);`,
    clean: 'undefined',
  },
  {
    name: 'a timer left behind',
    poison: `globalThis.t0 = setInterval(() => { globalThis.evil3 = 1; }, 1);`,
    probe: `await new Promise((r) => setTimeout(r, 20)); return typeof evil3;`,
    clean: 'undefined',
  },
  {
    name: 'a chain of promises left behind',
    poison: `const seen = RegExp.prototype; void (async () => { for (let i = 0; i < 1e4; i++) { await null; if (i > 10) Math.random(); } })();`,
    probe: `return [Math.random(), Math.random()].join();`,
    clean: '',
  },
  {
    name: 'Intl.DateTimeFormat',
    poison: `Intl.DateTimeFormat = function () {};`,
    probe: `return new Intl.DateTimeFormat().format(0);`,
    clean: '1/1/1970',
  },
  {
    name: 'the wrappers of array buffers',
    poison: `Uint8Array.prototype.constructor = Object; ArrayBuffer.prototype.slice = () => 1;`,
    probe: `return new Uint8Array(2).slice(0, 1).constructor.name + new ArrayBuffer(4).slice(1).byteLength;`,
    clean: 'Uint8Array3',
  },
];
