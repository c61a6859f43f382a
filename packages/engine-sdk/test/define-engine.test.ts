import { defineEngine, defineOperation, type EngineDefinition, Type } from '@mex/engine-sdk';
import { revealEngine } from '@mex/engine-sdk/bundle';
import { describe, expect, it } from 'vitest';
import { createManifest } from '../src/manifest.ts';

const operation = defineOperation({
  title: 'Count words',
  description: 'Counts words.',
  params: Type.Object({ text: Type.String({ maxLength: 100 }) }, { additionalProperties: false }),
  outputs: [],
  capabilities: [],
  run: (_context, params) => ({ words: params.text.split(' ').length }),
});
const definition: EngineDefinition = {
  id: 'engine.test.sdk',
  version: '1.0.0',
  title: 'Test',
  description: 'Test',
  determinism: 'D3',
  operations: { 'count.words': operation },
};
const PACKAGE = { name: '@mex/test', version: '1.0.0' };
const BUNDLE = { sha256: 'a'.repeat(64), size_bytes: 10 };

/** Everything callable that can be reached from a value, prototypes of the language aside. */
function functionsIn(value: unknown, seen = new Set<unknown>()): unknown[] {
  if (typeof value === 'function') return [value];
  if (typeof value !== 'object' || value === null || value === Object.prototype || seen.has(value)) return [];
  seen.add(value);
  const members = Reflect.ownKeys(value).map((key) => Reflect.get(value, key));
  return [...members, Object.getPrototypeOf(value)].flatMap((member) => functionsIn(member, seen));
}

describe('[§2] defineEngine', () => {
  it('gives a token that names the engine and holds nothing callable', () => {
    const token = defineEngine(definition);
    expect(token).toEqual({ engineId: 'engine.test.sdk' });
    expect(functionsIn(token)).toEqual([]);
    expect(Object.isFrozen(token)).toBe(true);
    expect(functionsIn(definition)).not.toEqual([]);
  });

  it('is revealed by its own token only, never by one that looks the same', () => {
    const token = defineEngine(definition);
    expect(revealEngine(token)).toBe(definition);
    expect(() => revealEngine({ ...token })).toThrow('defineEngine');
  });
});

describe('[§10] createManifest', () => {
  it('carries the plain JSON Schema of params, defaults, and the digest it was given', () => {
    const manifest = createManifest(definition, PACKAGE, BUNDLE);
    expect(manifest).toMatchObject({ engine_id: definition.id, bundle: BUNDLE, package: PACKAGE, required_gates: [] });
    expect(manifest.operations['count.words']).toMatchObject({
      params_schema: { type: 'object', required: ['text'], additionalProperties: false },
      inputs: { min: 0, max: 0 },
      determinism_ceiling: 'D3',
      error_codes: [],
    });
    expect(JSON.parse(JSON.stringify(manifest))).toEqual(manifest);
  });

  const withOperation = (change: object): EngineDefinition => ({
    ...definition,
    operations: { 'count.words': { ...operation, ...change } },
  });
  it.each<[string, string, EngineDefinition]>([
    ['an id of another form', 'ENVELOPE_INVALID', { ...definition, id: 'Sbom' }],
    ['a version that is none', 'ENVELOPE_INVALID', { ...definition, version: 'latest' }],
    ['an operation name of another form', 'ENVELOPE_INVALID', { ...definition, operations: { Count: operation } }],
    [
      'an output whose name is a path',
      'ENVELOPE_INVALID',
      withOperation({ outputs: [{ name: '../x', kind: 'file', mime: 'text/plain' }] }),
    ],
    ['a negative budget', 'ENVELOPE_INVALID', { ...definition, budget: { default: { wall_time_ms: -1 } } }],
    [
      'params that let unknown members in',
      'PARAMS_SCHEMA_UNSUPPORTED',
      withOperation({ params: Type.Object({}, { additionalProperties: true }) }),
    ],
    [
      'params beyond the dialect',
      'PARAMS_SCHEMA_UNSUPPORTED',
      withOperation({
        params: Type.Object({ a: Type.Unsafe({ type: 'string', pattern: '(a+)+$' }) }, { additionalProperties: false }),
      }),
    ],
  ])('refuses %s with %s', (_what, code, wrong) => {
    expect(() => createManifest(wrong, PACKAGE, BUNDLE)).toThrow(expect.objectContaining({ code }));
  });
});
