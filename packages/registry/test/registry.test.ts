import { isFlightEvent } from '@mex/envelope';
import { createRegistry, type EngineSource, registerManifest } from '@mex/registry';
import fc from 'fast-check';
import semver from 'semver';
import { describe, expect, it } from 'vitest';
import { makeManifest, makeOperation, makeSource } from './manifests.ts';
import { refusalOf } from './refusal-of.ts';

const versionsOf = (...versions: string[]) => createRegistry(versions.map((version) => makeSource(version)));

describe('[§3] an engine is resolved by semver', () => {
  const registry = versionsOf('1.0.0', '1.2.0', '2.0.0-rc.1', '1.10.0', '2.0.0', '2.1.0-beta');

  it.each([
    [undefined, '2.0.0'],
    ['*', '2.0.0'],
    ['^1.0.0', '1.10.0'],
    ['~1.2.0', '1.2.0'],
    ['1.0.0', '1.0.0'],
    ['<2', '1.10.0'],
    ['>=2.0.0-rc.0 <2.0.0', '2.0.0-rc.1'],
    ['2.1.0-beta', '2.1.0-beta'],
    ['^1.0.0 || ^2.0.0', '2.0.0'],
    ['latest', undefined],
    ['not a range', undefined],
    ['^3.0.0', undefined],
    ['>2.0.0', undefined],
    ['<2.1.0-', undefined],
  ])('%s is %s', (range, version) => {
    const { engine, error } = registry.resolve('engine.test.one', range);
    expect(engine?.manifest.engine_version).toBe(version);
    if (version !== undefined) return;
    expect(error).toMatchObject({ code: 'ENGINE_VERSION_UNSATISFIED', kind: 'validation', retryable: false });
    expect(error?.remedy).toContain('1.10.0');
  });

  it('of pre-releases only, the newest is taken', () => {
    expect(
      versionsOf('1.0.0-alpha', '1.0.0-beta.2', '1.0.0-beta.10').resolve('engine.test.one').engine?.manifest
        .engine_version,
    ).toBe('1.0.0-beta.10');
  });

  it('lists engines by id, then newest first, whatever the order they came in', () => {
    fc.assert(
      fc.property(
        fc.shuffledSubarray(['1.0.0', '1.0.0-a', '1.2.0', '1.10.0', '2.0.0'], { minLength: 1 }),
        (versions) => {
          const sources = [...versions.map((version) => makeSource(version)), makeSource('1.0.0', {}, 'engine.a')];
          const { engines } = createRegistry(sources);
          expect(engines.map((engine) => engine.manifest.engine_version)).toEqual([
            '1.0.0',
            ...versions.toSorted(semver.rcompare),
          ]);
          expect(engines[0]?.manifest.engine_id).toBe('engine.a');
        },
      ),
      { seed: 71, numRuns: 200 },
    );
  });

  it('[§2] an engine that nobody registered is a typed error', () => {
    expect(registry.resolve('engine.test.two').error).toMatchObject({ code: 'ENGINE_UNKNOWN', retryable: false });
    expect(registry.resolve('constructor').error?.code).toBe('ENGINE_UNKNOWN');
    expect(registry.resolve('__proto__').error?.code).toBe('ENGINE_UNKNOWN');
  });

  it('a hostile range ends in a short, single line', () => {
    const { error } = registry.resolve('engine.test.one', `\n\u202e${'<'.repeat(100_000)}`);
    expect(error?.message).not.toMatch(/[\p{C}\n]/u);
    expect(error?.message.length).toBeLessThan(200);
  });
});

/** What is wrong, the source, and the code it is disabled with. */
const BROKEN: readonly (readonly [string, EngineSource, string])[] = [
  ['no manifest', makeSource('1.0.0', { manifest: undefined }), 'ENVELOPE_INVALID'],
  ['a manifest of null', makeSource('1.0.0', { manifest: null }), 'ENVELOPE_INVALID'],
  ['an unknown member', makeSource('1.0.0', { manifest: { ...makeManifest(), run: 'x' } }), 'ENVELOPE_INVALID'],
  [
    'a version that no semver library orders',
    makeSource('1.0.0', { manifest: { ...makeManifest(), engine_version: '01.0.0' } }),
    'ENVELOPE_INVALID',
  ],
  [
    'a manifest that throws',
    makeSource('1.0.0', {
      manifest: new Proxy(
        {},
        {
          ownKeys: () => {
            throw new Error('x');
          },
        },
      ),
    }),
    'ENVELOPE_INVALID',
  ],
  [
    'a manifest with accessors',
    makeSource('1.0.0', {
      manifest: Object.defineProperty({ ...makeManifest() }, 'title', { enumerable: true, get: () => 'One' }),
    }),
    'JSON_NOT_CANONICAL',
  ],
  ['another engine id', makeSource('1.0.0', { engineId: 'engine.test.other' }), 'REGISTRY_ENTRY_INVALID'],
  [
    'an unknown capability',
    makeSource('1.0.0', {
      manifest: makeManifest({ operations: { 'a.b': makeOperation({ capabilities: ['fs.fly'] }) } }),
    }),
    'HSK-4001',
  ],
  [
    'params outside the dialect',
    makeSource('1.0.0', {
      manifest: makeManifest({ operations: { 'a.b': makeOperation({ params_schema: { type: 'object' } }) } }),
    }),
    'PARAMS_SCHEMA_UNSUPPORTED',
  ],
  [
    'an operation above its engine',
    makeSource('1.0.0', { manifest: makeManifest({ determinism_ceiling: 'D1' }) }),
    'REGISTRY_ENTRY_INVALID',
  ],
  [
    'more inputs at least than at most',
    makeSource('1.0.0', {
      manifest: makeManifest({ operations: { 'a.b': makeOperation({ inputs: { min: 2, max: 1 } }) } }),
    }),
    'REGISTRY_ENTRY_INVALID',
  ],
  [
    'two outputs of one name',
    makeSource('1.0.0', {
      manifest: makeManifest({
        operations: {
          'a.b': makeOperation({
            outputs: [
              { name: 'x', kind: 'file', mime: 'a/b' },
              { name: 'x', kind: 'file', mime: 'a/c' },
            ],
          }),
        },
      }),
    }),
    'REGISTRY_ENTRY_INVALID',
  ],
  [
    'a default budget above its ceiling',
    makeSource('1.0.0', {
      manifest: makeManifest({ default_budget: { ...makeManifest().default_budget, exec_count: 1 } }),
    }),
    'REGISTRY_ENTRY_INVALID',
  ],
  ['a fault that was seen before', makeSource('1.0.0', { fault: 'its path leaves' }), 'REGISTRY_ENTRY_INVALID'],
  ['an operator who disabled it', makeSource('1.0.0', { disabled: true }), 'ENGINE_DISABLED'],
];

describe('[§10] a broken entry disables that engine; the others load', () => {
  it.each(BROKEN)('%s', (_what, source, code) => {
    const registry = createRegistry([source, makeSource('3.0.0', {}, 'engine.test.fine')]);
    expect(registry.disabled).toHaveLength(1);
    expect(registry.disabled[0]?.error.code).toBe(code);
    expect(registry.resolve(source.engineId).error).toMatchObject({ code: 'ENGINE_DISABLED' });
    expect(registry.resolve('engine.test.fine').engine?.manifest.engine_version).toBe('3.0.0');
    expect(registry.engines).toHaveLength(1);
  });

  it('another version of the same engine stays', () => {
    const registry = createRegistry([makeSource('1.0.0'), makeSource('2.0.0', { manifest: {} })]);
    expect(registry.resolve('engine.test.one').engine?.manifest.engine_version).toBe('1.0.0');
    expect(registry.disabled).toHaveLength(1);
  });

  it.each(['1.0.0', '1.0.0+build.7'])('the same version twice (%s): the first stays', (again) => {
    const first = makeSource('1.0.0', { bundle: '/first' });
    const registry = createRegistry([first, makeSource(again, { bundle: '/second' })]);
    expect(registry.resolve('engine.test.one').engine?.bundle.location).toBe('/first');
    expect(registry.disabled.map((entry) => entry.error.code)).toEqual(['REGISTRY_DUPLICATE_ENGINE']);
  });

  it('an added engine cannot stand in for a shipped one, not even with a newer version', () => {
    const registry = createRegistry([makeSource('1.0.0'), makeSource('9.0.0', { origin: 'added' })]);
    expect(registry.resolve('engine.test.one').engine).toMatchObject({
      origin: 'shipped',
      manifest: { engine_version: '1.0.0' },
    });
    expect(registry.disabled[0]?.error).toMatchObject({
      code: 'REGISTRY_DUPLICATE_ENGINE',
      message: expect.stringContaining('shipped with MEX'),
    });
  });

  it('[§11] whatever an entry is called, an event can say that it was disabled', () => {
    for (const engineId of ['', 'a b', 'x\ny', '\u0000', 'x'.repeat(1_000), '😀\u202e', '\u00a0']) {
      const [entry] = createRegistry([makeSource('1.0.0', { engineId })]).disabled;
      const event = {
        event_id: '00000000-0000-4000-8000-000000000001',
        timestamp: '2026-11-21T10:00:00.000Z',
        actor: { kind: 'system', id: 'mex' },
        type: 'system',
        subject: 'registry.entry_disabled',
        body: { engine_id: entry?.engineId, code: entry?.error.code },
      };
      expect(isFlightEvent(event)).toBe(true);
      expect(entry?.error.message).not.toMatch(/[\p{C}\n]/u);
    }
  });

  it('whatever the sources are, nothing is thrown', () => {
    const source = fc.record({
      engineId: fc.oneof(fc.string(), fc.constant('engine.test.one')),
      manifest: fc.oneof(
        fc.anything({ withNullPrototype: true, withBigInt: true, withDate: true }),
        fc.constant(makeManifest()),
      ),
      bundle: fc.string(),
      origin: fc.constantFrom('shipped' as const, 'added' as const),
      disabled: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(source, { maxLength: 6 }), fc.string(), (sources, range) => {
        const registry = createRegistry(sources);
        expect(registry.engines.length + registry.disabled.length).toBe(sources.length);
        registry.resolve('engine.test.one', range);
      }),
      { seed: 72, numRuns: 500 },
    );
  });
});

describe('what is registered', () => {
  it('[§8] is a copy: changing the manifest afterwards changes nothing, and the copy cannot be changed', () => {
    const manifest = makeManifest();
    const engine = registerManifest(manifest, '/x', 'added');
    manifest.operations['test.run']?.capabilities.push('net.http');
    expect(engine.manifest.operations['test.run']?.capabilities).toEqual(['fs.write:artifacts']);
    expect(() => engine.manifest.operations['test.run']?.capabilities.push('net.http')).toThrow(TypeError);
    expect(engine.operations.get('test.run')?.params().check({ depth: 1 })).toBe(true);
    expect(engine.operations.get('test.run')?.params().check({ depth: 1, more: 1 })).toBe(false);
  });

  it('[§14 K] has a digest that names exactly what is registered, in any order', () => {
    const a = makeSource('1.0.0');
    const b = makeSource('1.1.0');
    const digest = createRegistry([a, b]).digest;
    expect(digest).toMatch(/^[0-9a-f]{64}$/);
    expect(createRegistry([b, a]).digest).toBe(digest);
    expect(createRegistry([a, b, makeSource('1.2.0', { disabled: true })]).digest).toBe(digest);
    expect(createRegistry([a]).digest).not.toBe(digest);
    const changed = makeSource('1.1.0', { manifest: makeManifest({ engine_version: '1.1.0', title: 'Other' }) });
    expect(createRegistry([a, changed]).digest).not.toBe(digest);
  });

  it('[§7] no capability that the capability registry does not know: HSK-4001', () => {
    const manifest = makeManifest({ operations: { 'a.b': makeOperation({ capabilities: ['fs.write:anywhere'] }) } });
    expect(refusalOf(() => registerManifest(manifest, '/x', 'added')).code).toBe('HSK-4001');
  });
});
