import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { FROZEN, Sandbox, valueOf } from './sandbox.ts';

/** A program over a library as engines bundle it. It registers `{ run }`, which returns a text. */
interface Program {
  readonly library: string;
  /** The workspace package whose dependency it is. */
  readonly from: string;
  readonly source: string;
}

const register = (body: string): string => `__mex_register__({ run: async () => { ${body} } });`;

const PROGRAMS: readonly Program[] = [
  {
    library: 'zod',
    from: 'packages/host',
    source: `import { z } from 'zod'; ${register(`
      const User = z.object({ name: z.string().min(1), mail: z.email(), age: z.number().int().optional(), tags: z.array(z.string()).default([]) }).strict();
      const bad = User.safeParse({ name: '', mail: 'x', age: 1.5, extra: 1 });
      class Mine extends Error { name = 'Mine'; }
      return JSON.stringify([User.parse({ name: 'a', mail: 'a@b.cd' }), bad.error.issues, z.prettifyError(bad.error), z.toJSONSchema(User), String(new Mine('x'))]);`)}`,
  },
  {
    library: 'semver',
    from: 'packages/registry',
    source: `import semver from 'semver'; ${register(`
      return JSON.stringify([semver.satisfies('1.2.3', '^1.0.0 || >=3'), semver.sort(['2.0.0', '1.0.0-beta', '1.0.0']), semver.coerce('v2.3')?.version, semver.validRange('~1.2 - 3'), semver.inc('1.2.3', 'prerelease', 'rc')]);`)}`,
  },
  {
    library: 'js-yaml',
    from: 'engines/sbom',
    source: `import * as yaml from 'js-yaml'; ${register(`
      const text = 'a: &x {b: [1, 2.5, null, true], c: "q"}\\nd: *x\\ne: |\\n  line\\n  two\\nf: 2024-01-31\\n';
      const read = yaml.load(text); let bad = ''; try { yaml.load('a: [1'); } catch (e) { bad = e.name + e.message; }
      return JSON.stringify([read, yaml.dump(read), bad]);`)}`,
  },
  {
    library: 'smol-toml',
    from: 'engines/sbom',
    source: `import { parse, stringify } from 'smol-toml'; ${register(`
      const read = parse('a = 1\\n[b]\\nc = ["x", 1.5]\\nd = 2024-01-31T12:00:00Z\\n[[e]]\\nf = true\\n'); let bad = ''; try { parse('a = '); } catch (e) { bad = e.name + e.line; }
      return JSON.stringify([read, stringify(read), bad]);`)}`,
  },
  {
    library: '@cyclonedx/cyclonedx-library',
    from: 'engines/sbom',
    source: `import * as Enums from '@cyclonedx/cyclonedx-library/Enums'; import * as Models from '@cyclonedx/cyclonedx-library/Models';
      import { Spec1dot6 } from '@cyclonedx/cyclonedx-library/Spec'; import { Factory } from './node_modules/@cyclonedx/cyclonedx-library/dist.node/serialize/json/normalize.js'; ${register(`
      const bom = new Models.Bom(); const c = new Models.Component(Enums.ComponentType.Library, 'left', { version: '1.0.0', purl: 'pkg:npm/left@1.0.0', bomRef: 'a' });
      c.hashes.set(Enums.HashAlgorithm['SHA-256'], 'a'.repeat(64)); bom.components.add(c); bom.metadata.timestamp = new Date(0);
      const d = new Models.Component(Enums.ComponentType.Library, 'right', { bomRef: 'b' }); d.dependencies.add(c.bomRef); bom.components.add(d);
      return JSON.stringify(new Factory(Spec1dot6).makeForBom().normalize(bom, { sortLists: true }));`)}`,
  },
  {
    library: '@sinclair/typebox',
    from: 'packages/runtime',
    source: `import { Type } from '@sinclair/typebox'; import { TypeCompiler } from '@sinclair/typebox/compiler'; ${register(`
      const check = TypeCompiler.Compile(Type.Object({ a: Type.String({ minLength: 2 }), b: Type.Optional(Type.Array(Type.Integer())) }, { additionalProperties: false }));
      return JSON.stringify([check.Check({ a: 'xx', b: [1] }), [...check.Errors({ a: 'x', c: 1 })].map((e) => [e.path, e.message])]);`)}`,
  },
  {
    library: 'ajv',
    from: 'engines/sbom',
    source: `import Ajv from 'ajv'; ${register(`
      const A = Ajv.default ?? Ajv; const ajv = new A({ allErrors: true }); const check = ajv.compile({ type: 'object', properties: { a: { type: 'string', pattern: '^x' } }, required: ['a', 'b'] });
      return JSON.stringify([check({ a: 'y' }), check.errors]);`)}`,
  },
];

const ROOT = new URL('../../../../', import.meta.url);

async function bundleProgram(program: Program): Promise<string> {
  const resolveDir = fileURLToPath(new URL(program.from, ROOT));
  const sdk = createRequire(new URL('packages/engine-sdk/package.json', ROOT));
  const esbuild = createRequire(sdk.resolve('tsup'))('esbuild');
  const built = await esbuild.build({
    stdin: { contents: program.source, resolveDir, loader: 'js' },
    bundle: true,
    write: false,
    format: 'iife',
    platform: 'neutral',
    target: 'es2024',
    mainFields: ['module', 'main'],
    conditions: ['import', 'module', 'default'],
    logLevel: 'silent',
    nodePaths: [dirname(resolveDir)],
  });
  return built.outputFiles[0].text;
}

describe('libraries run in the realm as they run outside', () => {
  const open: Sandbox[] = [];
  afterAll(async () => {
    await Promise.all(open.map((sandbox) => sandbox.close()));
  });

  for (const program of PROGRAMS) {
    it(program.library, async () => {
      const code = await bundleProgram(program);
      const [realm, plain] = [new Sandbox('realm', code), new Sandbox('plain', code)];
      open.push(realm, plain);
      expect(await realm.load()).toBe('ok');
      const inside = valueOf(await realm.call('run'));
      expect(inside).toBe(valueOf(await plain.call('run')));
      // Again: what a call does to globals and prototypes is undone, and the library still works.
      expect(valueOf(await realm.call('run', {}, { ...FROZEN, frozen: false }))).toBe(inside);
    });
  }
});

describe('what ordinary code assigns', () => {
  const bodies = {
    'error names': `class A extends Error { name = 'A'; } class B extends TypeError { constructor(m) { super(m); this.name = 'B'; this.message += '!'; } } const e = new Error('x'); e.name = 'E'; e.toString = () => 'T'; return [new A('x') + '', new B('x') + '', e + ''].join();`,
    'methods on objects': `const o = {}; o.toString = () => 'T'; o.constructor = 1; o.hasOwnProperty = 2; o.valueOf = 3; const p = Object.create(o); p.toString = () => 'P'; return o + '' + p + o.constructor + Object.keys(o).length;`,
    'prototypes of old classes': `function A() {} A.prototype = Object.create(Object.prototype); A.prototype.constructor = A; A.prototype.toString = function () { return 'A'; }; function B() {} B.prototype = new A(); B.prototype.constructor = B; B.prototype.toString = () => 'B'; return new A() + '' + new B() + new B().constructor.name;`,
    'errors of old classes': `function M(m) { this.message = m; this.name = 'M'; } M.prototype = Object.create(Error.prototype); M.prototype.constructor = M; M.prototype.name = 'M'; return new M('x') + '' + (new M('x') instanceof Error);`,
    'methods on arrays': `const a = [1, 2]; a.toString = () => 'A'; a.at = () => 9; return a + '' + a.at(0);`,
    'methods on functions': `const f = () => 1; f.toString = () => 'F'; f.bind = 1; return f + '' + f.bind;`,
    'classes with such fields': `class X { constructor() { this.toString = () => 'X'; } valueOf = () => 4; get isPrototypeOf() { return 5; } } const x = new X(); return x.toString() + x + x.isPrototypeOf;`,
    'dates and promises': `const d = new Date(0); d.toJSON = () => 'D'; const p = Promise.resolve(1); p.catch = 2; return JSON.stringify(d) + p.catch;`,
    'globals of one’s own': `globalThis.myRegistry ??= new Map(); myRegistry.set(1, 2); return String(globalThis.myRegistry.size);`,
    'abort signals': `const c = new AbortController(); let seen = 0; c.signal.addEventListener('abort', () => seen++); const any = AbortSignal.any([c.signal]); c.abort(); c.abort(); let thrown; try { c.signal.throwIfAborted(); } catch (e) { thrown = e.name; } return [seen, any.aborted, thrown, AbortSignal.abort(7).reason].join();`,
    'event targets': `const t2 = new EventTarget(); const seen = []; t2.addEventListener('x', (e) => seen.push(e.type), { once: true }); t2.dispatchEvent(new Event('x')); t2.dispatchEvent(new Event('x')); return seen.join();`,
    'structured clones': `const o = { d: new Date(5), m: new Map([[1, { a: new Set([2]) }]]), u: new Uint8Array([1, 2]).subarray(1), r: /x/gi, e: new RangeError('x'), n: 1n, list: [1, , 3] }; o.self = o; const c = structuredClone(o); let refused = ''; try { structuredClone(() => 1); } catch (e) { refused = e.name; } return [c !== o, c.self === c, +c.d, [...c.m.get(1).a], c.u.length + c.u[0], c.r.flags, c.e instanceof RangeError, c.n === 1n, 1 in c.list, refused].join();`,
    'text and addresses': `const u = new URL('/b?x=1#y', 'https://a.example'); u.searchParams.append('z', 'ä'); return [u.href, atob(btoa('hi')), new TextDecoder('utf-16le').decode(new Uint8Array([65, 0])), [...new URLSearchParams('a=1&b=2')].join(';'), new TextEncoder().encode('ä').length].join();`,
    timers: `const seen = []; const i = setInterval(() => { seen.push('i'); if (seen.length > 2) clearInterval(i); }, 1); await new Promise((r) => setTimeout(r, 30, 1).unref()); clearTimeout(setTimeout(() => seen.push('no'), 1)); await new Promise((r) => setImmediate(r)); queueMicrotask(() => seen.push('m')); await null; await null; process.nextTick((x) => seen.push(x), 'n'); await new Promise((r) => setImmediate(r)); return seen.join('');`,
    'views and buffers': `class V extends Uint8Array {} const v = new V([1, 2, 3]); return [v instanceof V, v.slice(1) instanceof V, Uint8Array.from('12').join(), Uint8Array.of(1).constructor === Uint8Array, new Float64Array(new Uint8Array([1]).buffer.transfer(8)).length, new Uint16Array(new ArrayBuffer(4), 2, 1).length, new Uint8Array(new Set([1, 2])).length, Object.prototype.toString.call(new Uint8Array())].join();`,
  };
  const expected: Record<keyof typeof bodies, string> = {
    'error names': 'A: x,B: x!,T',
    'methods on objects': 'TP14',
    'prototypes of old classes': 'ABB',
    'errors of old classes': 'M: xtrue',
    'methods on arrays': 'A9',
    'methods on functions': 'F1',
    'classes with such fields': 'X45',
    'dates and promises': '"D"2',
    'globals of one’s own': '1',
    'abort signals': '1,true,AbortError,7',
    'event targets': 'x',
    'structured clones': 'true,true,5,2,3,gi,true,true,false,DataCloneError',
    'text and addresses': 'https://a.example/b?x=1&z=%C3%A4#y,hi,A,a,1;b,2,2',
    timers: 'iiimn',
    'views and buffers': 'true,true,1,2,true,1,1,2,[object Uint8Array]',
  };
  const names = Object.keys(bodies) as (keyof typeof bodies)[];
  const realm = Sandbox.of('realm', bodies);
  const plain = Sandbox.of('plain', bodies);
  afterAll(async () => {
    await Promise.all([realm.close(), plain.close()]);
  });
  for (const name of names) {
    it(`${name} work as in a plain worker`, async () => {
      expect(await realm.load()).toBe('ok');
      expect(valueOf(await plain.call(name))).toBe(expected[name]);
      expect(valueOf(await realm.call(name))).toBe(expected[name]);
    });
  }
});
