import { EVENT_SCHEMAS, isFlightEvent, SystemEvents } from '@mex/envelope';
import { canonicalJson } from '@mex/envelope/json';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EventEncoder } from '../../src/log/event-encoder.ts';
import { DEFAULT_REDACTOR } from '../../src/log/event-redactor.ts';
import { indexColumnsOf } from '../../src/log/index-columns.ts';
import { event, uuid } from '../support/samples.ts';

const SCHEMAS: readonly (readonly [string, unknown])[] = [
  ...Object.entries(EVENT_SCHEMAS),
  ...SystemEvents.map((schema) => [`system ${schema.properties.subject.const}`, schema] as const),
];

/** A pattern of the redactor takes the id next to the word "bundle" for a key, so these are looked at more closely. */
const LEFT_TO_THE_GENERAL_WAY = new Set(['debug_bundle_export']);

type Node = Readonly<Record<string, unknown>>;

/** Mostly plain texts: those with escapes are left to the general way. */
function textsOf(schema: Node): fc.Arbitrary<string> {
  const pattern = new RegExp(typeof schema['pattern'] === 'string' ? schema['pattern'] : '');
  const plain = ['abc', 'agent-1', 'a/b.c', 'ü€', 'X_Y', '1.2.3', ''].filter((text) => pattern.test(text));
  const any =
    schema['pattern'] === undefined ? fc.string({ unit: 'binary', maxLength: 20 }) : fc.stringMatching(pattern);
  if (plain.length === 0) return any;
  return fc.oneof({ weight: 30, arbitrary: fc.constantFrom(...plain) }, { weight: 1, arbitrary: any });
}

/** Values of a schema's shape; written for the tests alone, from JSON Schema's rules. */
function valuesOf(schema: Node): fc.Arbitrary<unknown> {
  if ('const' in schema) return fc.constant(schema['const']);
  if (Array.isArray(schema['anyOf'])) return fc.oneof(...schema['anyOf'].map(valuesOf));
  switch (schema['type']) {
    case 'string':
      return textsOf(schema);
    case 'integer':
      return fc.oneof(fc.nat(), fc.constant(Number.MAX_SAFE_INTEGER), fc.constant(-0));
    case 'number':
      return fc.oneof(fc.double({ min: 0, max: Number(schema['maximum'] ?? 1e21), noNaN: true }), fc.constant(-0));
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'array':
      return fc.array(valuesOf(schema['items'] as Node), { maxLength: 3 });
    default: {
      const properties = Object.entries(schema['properties'] as Record<string, Node>);
      const members = Object.fromEntries(properties.map(([name, member]) => [name, valuesOf(member)]));
      return fc.record(members, { requiredKeys: schema['required'] as never[] }).map((value) => ({ ...value }));
    }
  }
}

/** What the general way makes of a value, or `undefined`. */
function generally(value: unknown): string | undefined {
  try {
    const text = canonicalJson(value);
    return isFlightEvent(JSON.parse(text)) ? text : undefined;
  } catch {
    // No canonical form: no event.
    return undefined;
  }
}

describe('the short cut for events', () => {
  for (const [name, schema] of SCHEMAS) {
    it(`writes ${name} exactly as the general way does, the second time as the first`, () => {
      const encoder = new EventEncoder(DEFAULT_REDACTOR);
      let taken = 0;
      fc.assert(
        fc.property(valuesOf(schema as Node), (value) => {
          const expected = generally(value);
          const encoded = encoder.encode(value);
          if (encoded === undefined) return;
          taken += 1;
          expect(encoded.payload).toBe(expected);
          expect(encoded.columns).toEqual(indexColumnsOf(JSON.parse(encoded.payload)));
          expect(encoder.encode(value)?.payload).toBe(expected);
        }),
        { seed: 11, numRuns: 25 },
      );
      if (LEFT_TO_THE_GENERAL_WAY.has(name)) return;
      // A form the short cut does not know would make it useless without anybody noticing.
      expect(taken).toBeGreaterThan(5);
    });
  }

  it('gives up at everything that is not in order', () => {
    const encoder = new EventEncoder(DEFAULT_REDACTOR);
    const good = event(1);
    expect(encoder.encode(good)?.payload).toBe(canonicalJson(good));
    const bad = [
      null,
      1,
      'x',
      [],
      {},
      { ...good, extra: 1 },
      { ...good, subject: 'x' },
      { ...good, type: 'x' },
      { ...good, event_id: undefined },
      { ...good, event_id: uuid(1).toUpperCase() },
      { ...good, timestamp: 5 },
      { ...good, actor: Object.create(good.actor) },
      { ...good, actor: { ...good.actor, kind: 'robot' } },
      { ...good, wsids: ['a', undefined] },
      { ...good, wsids: [undefined] },
      { ...good, wsids: Array.from({ length: 1 }) },
      { ...good, wsids: Array.from({ length: 65 }, () => 'a') },
      { ...good, job_id: 'half \ud800' },
      { ...good, job_id: 'a b' },
      { ...good, job_id: '' },
      { ...good, body: { reason: 'x', more: 1 } },
      Object.assign(Object.create({ inherited: 1 }), good),
      new (class Event {
        type = 'system';
      })(),
    ];
    for (const value of bad) expect(encoder.encode(value), JSON.stringify(value)).toBeUndefined();
  });

  it('agrees with the general way when members are changed at random', () => {
    const encoder = new EventEncoder(DEFAULT_REDACTOR);
    const keys = fc.constantFrom(...Object.keys(event(0)), 'job_id', 'wsids', 'x', 'toString');
    fc.assert(
      fc.property(keys, fc.oneof(fc.anything(), fc.constant(undefined)), fc.boolean(), (key, value, inBody) => {
        const changed = inBody ? { ...event(1), body: { reason: 'a', [key]: value } } : { ...event(1), [key]: value };
        const encoded = encoder.encode(changed);
        if (encoded !== undefined) expect(encoded.payload).toBe(generally(changed));
      }),
      { seed: 12, numRuns: 500 },
    );
  });

  it('never remembers a secret as clean', () => {
    const encoder = new EventEncoder(DEFAULT_REDACTOR);
    const token = `ghp_${'a1B2c3D4e5F6g7H8i9J0'.repeat(2).slice(0, 36)}`;
    for (let round = 0; round < 3; round += 1) {
      expect(encoder.encode({ ...event(1), job_id: token })).toBeUndefined();
      expect(encoder.encode({ ...event(1), job_id: `x${round}`, trace_id: token })).toBeUndefined();
      expect(encoder.encode({ ...event(1), job_id: 'clean' })).toBeDefined();
    }
  });

  it('forgets, so that texts that never return cost no memory', () => {
    const encoder = new EventEncoder(DEFAULT_REDACTOR);
    for (let n = 0; n < 2_000; n += 1) {
      expect(encoder.encode({ ...event(1), job_id: `job-${n}` })?.payload).toContain(`"job-${n}"`);
    }
  });
});
