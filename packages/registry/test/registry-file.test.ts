import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RegistryDocument } from '@mex/envelope';
import {
  addRegistryEntry,
  createRegistry,
  loadBundle,
  REGISTRY_FILE,
  readRegistryFile,
  registrySources,
  removeRegistryEntry,
  writeRegistryFile,
} from '@mex/registry';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BUNDLE, makeManifest } from './manifests.ts';
import { refusalOf } from './refusal-of.ts';

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'mex-registry-'));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

let count = 0;
/** A home of its own, with the registry file's name in it. */
function makeHome(): { home: string; file: string } {
  const home = join(root, String(count++));
  mkdirSync(home);
  return { home, file: join(home, REGISTRY_FILE) };
}

const EMPTY: RegistryDocument = { schema_version: 'mex.registry@1.0', engines: {} };
const entry = (version = '1.0.0', bundle_path = 'engines/one/engine.bundle') => ({
  manifest: makeManifest({ engine_version: version }),
  bundle_path,
});

describe('[§10] mechanical_engines.json', () => {
  it('there is none at first: an empty registry', () => {
    expect(readRegistryFile(makeHome().file)).toEqual(EMPTY);
  });

  it('what is written is read back, and its engines run from their bundles', () => {
    const { home, file } = makeHome();
    writeRegistryFile(file, addRegistryEntry(addRegistryEntry(EMPTY, entry()), entry('1.1.0')));
    mkdirSync(join(home, 'engines/one'), { recursive: true });
    writeFileSync(join(home, 'engines/one/engine.bundle'), BUNDLE);
    const registry = createRegistry(registrySources(readRegistryFile(file), file, 'added'));
    expect(registry.disabled).toEqual([]);
    const { engine } = registry.resolve('engine.test.one');
    expect(engine).toMatchObject({ origin: 'added', manifest: { engine_version: '1.1.0' } });
    expect(engine && loadBundle(engine.bundle, 'engine.test.one')).toBe(BUNDLE);
  });

  it('one version is there once: adding it again replaces it, also with other build metadata', () => {
    const twice = addRegistryEntry(addRegistryEntry(EMPTY, entry('1.0.0+a', 'a')), entry('1.0.0+b', 'b'));
    expect(twice.engines['engine.test.one']).toMatchObject([{ bundle_path: 'b' }]);
    const broken = { ...EMPTY, engines: { 'engine.test.one': [5] } };
    expect(addRegistryEntry(broken, entry()).engines['engine.test.one']).toHaveLength(2);
    expect(broken.engines['engine.test.one']).toEqual([5]);
  });

  it('an engine is removed with all its versions; one that is not there is said to be', () => {
    const both = addRegistryEntry(addRegistryEntry(EMPTY, entry()), entry('2.0.0'));
    expect(removeRegistryEntry(both, 'engine.test.one')).toEqual(EMPTY);
    expect(removeRegistryEntry(both, 'engine.test.two')).toBeUndefined();
    expect(removeRegistryEntry(both, 'toString')).toBeUndefined();
    expect(Object.keys(both.engines)).toEqual(['engine.test.one']);
  });
});

describe('writing', () => {
  it('leaves one file and nothing beside it', () => {
    const { home, file } = makeHome();
    for (let round = 0; round < 3; round++) writeRegistryFile(file, addRegistryEntry(EMPTY, entry(`1.${round}.0`)));
    expect(readdirSync(home)).toEqual([REGISTRY_FILE]);
    expect(readFileSync(file, 'utf8').endsWith('}\n')).toBe(true);
  });

  it('replaces a symbolic link instead of writing through it', () => {
    const { home, file } = makeHome();
    const target = join(home, 'precious');
    writeFileSync(target, 'precious');
    symlinkSync(target, file);
    writeRegistryFile(file, EMPTY);
    expect(readFileSync(target, 'utf8')).toBe('precious');
    expect(readRegistryFile(file)).toEqual(EMPTY);
  });

  it.each<[string, unknown]>([
    ['another shape', { schema_version: 'mex.registry@1.0', engines: [] }],
    ['an unknown member', { ...EMPTY, plugins: [] }],
    ['more than can be read', { ...EMPTY, engines: { 'engine.x': [{ text: 'x'.repeat(1_100_000) }] } }],
    ['__proto__', { ...EMPTY, engines: JSON.parse('{"__proto__":[]}') }],
    ['half a character', { ...EMPTY, engines: { x: ['\ud800'] } }],
  ])('refuses %s before it touches the file', (_what, document) => {
    const { file } = makeHome();
    writeRegistryFile(file, EMPTY);
    const before = readFileSync(file, 'utf8');
    expect(refusalOf(() => writeRegistryFile(file, document as RegistryDocument)).code).toMatch(
      /^(ENVELOPE_INVALID|JSON_)/,
    );
    expect(readFileSync(file, 'utf8')).toBe(before);
  });

  it('a file system that refuses is a typed error, and nothing is left behind', () => {
    const { home } = makeHome();
    const inTheWay = join(home, 'dir');
    mkdirSync(join(inTheWay, 'full'), { recursive: true });
    const refusal = refusalOf(() => writeRegistryFile(inTheWay, EMPTY));
    expect(refusal).toMatchObject({ code: 'REGISTRY_UNWRITABLE', retryable: true });
    expect(readdirSync(home)).toEqual(['dir']);
    expect(refusalOf(() => writeRegistryFile(join(home, 'no/such/dir'), EMPTY)).code).toBe('REGISTRY_UNWRITABLE');
  });
});

describe('[§2] a hostile registry file is a typed error', () => {
  it.each<[string, string | Uint8Array]>([
    ['nothing', ''],
    ['garbage', Uint8Array.of(0, 255, 1)],
    ['half a document', '{"schema_version":"mex.registry@1.0","engi'],
    ['a list', '[]'],
    ['null', 'null'],
    ['another version', '{"schema_version":"mex.registry@9.0","engines":{}}'],
    ['an unknown member', '{"schema_version":"mex.registry@1.0","engines":{},"x":1}'],
    ['a repeated engine', '{"schema_version":"mex.registry@1.0","engines":{"a":[],"a":[]}}'],
    ['__proto__', '{"schema_version":"mex.registry@1.0","engines":{"__proto__":[]}}'],
    ['an engine that is no list', '{"schema_version":"mex.registry@1.0","engines":{"engine.x":{}}}'],
    ['one behind a line break that is no list', '{"schema_version":"mex.registry@1.0","engines":{"x\\ny":5}}'],
    ['deep nesting', `{"schema_version":"mex.registry@1.0","engines":{"x":${'['.repeat(5_000)}${']'.repeat(5_000)}}}`],
    ['a byte order mark', '\ufeff{"schema_version":"mex.registry@1.0","engines":{}}'],
  ])('%s', (_what, content) => {
    const { file } = makeHome();
    writeFileSync(file, content);
    const refusal = refusalOf(() => readRegistryFile(file));
    expect(refusal).toMatchObject({ code: 'REGISTRY_UNREADABLE', kind: 'integrity' });
    expect(refusal.message).toContain(file);
    expect(refusal.cause).toBeInstanceOf(Error);
  });

  it('a directory and a huge file', () => {
    const { home, file } = makeHome();
    expect(refusalOf(() => readRegistryFile(home)).code).toBe('REGISTRY_UNREADABLE');
    writeFileSync(file, '');
    truncateSync(file, 5 * 1024 * 1024);
    expect(refusalOf(() => readRegistryFile(file)).message).toContain('4194304');
  });

  it.each([
    '..',
    '.',
    './',
    '../engine.bundle',
    'a/../../engine.bundle',
    'a/../..',
    '/etc/passwd',
    '..\\engine.bundle',
    'a\\..\\..\\b',
    'C:\\engine.bundle',
  ])('[§14 B] bundle_path %j does not lead out: the entry is disabled', (bundle_path) => {
    const { file } = makeHome();
    const document = { ...EMPTY, engines: { 'engine.test.one': [entry('1.0.0', bundle_path)] } };
    const registry = createRegistry(registrySources(document, file, 'added'));
    expect(registry.engines).toEqual([]);
    expect(registry.disabled[0]?.error).toMatchObject({
      code: 'REGISTRY_ENTRY_INVALID',
      message: expect.stringContaining('bundle_path'),
    });
  });

  it.each(['engine.bundle', 'a/b', 'a/../b', '..a/b', './a', '...'])(
    '[§14 B] bundle_path %j stays inside',
    (bundle_path) => {
      const { home, file } = makeHome();
      const [source] = registrySources(
        { ...EMPTY, engines: { 'engine.test.one': [entry('1.0.0', bundle_path)] } },
        file,
        'added',
      );
      expect(source?.fault).toBeUndefined();
      expect(source?.bundle.startsWith(`${home}/`)).toBe(true);
    },
  );

  it('an absolute path is refused even when it leads inside', () => {
    const { home, file } = makeHome();
    const [source] = registrySources({ ...EMPTY, engines: { x: [entry('1.0.0', join(home, 'b'))] } }, file, 'added');
    expect(source?.fault).toContain('bundle_path');
  });

  it('entries that are anything at all disable themselves only, and say what is wrong', () => {
    const { file } = makeHome();
    const engines = { 'engine.test.one': [null, 5, {}, entry()], 'no id': [entry()], 'engine.test.two': [] };
    const registry = createRegistry(registrySources({ ...EMPTY, engines }, file, 'added'));
    expect(registry.engines.map((engine) => engine.manifest.engine_id)).toEqual(['engine.test.one']);
    expect(registry.disabled.map((disabled) => disabled.error.code)).toEqual(
      Array.from({ length: 4 }, () => 'REGISTRY_ENTRY_INVALID'),
    );
    expect(registry.disabled[2]?.error.message).toContain('/manifest');
  });
});

describe('laws', () => {
  const original = JSON.stringify({ ...EMPTY, engines: { 'engine.test.one': [entry()] } });

  it('however the bytes of a registry file are changed: it is read, or refused by its code; never anything else', () => {
    const { file } = makeHome();
    const change = fc.record({
      at: fc.nat({ max: original.length - 1 }),
      cut: fc.nat({ max: 40 }),
      put: fc.oneof(
        fc.string({ maxLength: 8 }),
        fc.constantFrom('{', '}', '[', ']', '"', ',', 'null', '"__proto__":1,', '\\ud800', '1e999', '\n', '\u0000'),
      ),
    });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        let text = original;
        for (const { at, cut, put } of changes) text = text.slice(0, at) + put + text.slice(at + cut);
        writeFileSync(file, text);
        try {
          createRegistry(registrySources(readRegistryFile(file), file, 'added')).resolve('engine.test.one');
        } catch (thrown) {
          expect(thrown).toMatchObject({ name: 'MexError', code: 'REGISTRY_UNREADABLE' });
        }
      }),
      { seed: 81, numRuns: 1_000 },
    );
  });

  it('any JSON in the place of any value: read or refused by its code, and every entry is usable or disabled', () => {
    const { file } = makeHome();
    const document: RegistryDocument = JSON.parse(original);
    fc.assert(
      fc.property(fc.string(), fc.array(fc.jsonValue(), { maxLength: 3 }), fc.jsonValue(), (id, entries, schema) => {
        const engines = {
          ...document.engines,
          [`x${id}`]: entries,
          'engine.odd': [{ ...entry(), manifest: { ...makeManifest(), operations: schema } }],
        };
        writeFileSync(file, JSON.stringify({ ...document, engines }));
        try {
          const sources = registrySources(readRegistryFile(file), file, 'added');
          const registry = createRegistry(sources);
          expect(registry.engines.length + registry.disabled.length).toBe(sources.length);
        } catch (thrown) {
          expect(thrown).toMatchObject({ name: 'MexError', code: 'REGISTRY_UNREADABLE' });
        }
      }),
      { seed: 82, numRuns: 500 },
    );
  });
});
