import type { ArtifactHandle, FullBudget } from '@mex/envelope';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cacheKey, isCacheable, type KeyParts } from '../../src/cache/cache-key.ts';
import { CODE_ENVIRONMENT } from '../../src/environment.ts';
import { type Planned, readPlanned } from '../../src/planned.ts';
import { BUDGET, CALLER, plan } from '../fixture.ts';

const RUN = { numRuns: 200, seed: 20261121 };
const SHA = (digit: string): string => digit.repeat(64);

/** Everything a key is made of, as plain data that a test may change anywhere. */
const ASKED = {
  operation: 'test.write',
  params: { text: 'a', deep: { list: [1, 2, 3] } },
  output_spec: { max_count: 3, types: ['text/plain'] },
  evidence_policy: { min_items: 1 },
  determinism: 'D3',
  engine: { engine_id: 'engine.test.unit', engine_version: '1.0.0', bundle: SHA('1') },
  manifestSha256: SHA('2'),
  configHash: SHA('3'),
  capabilities: ['fs.read:inputs', 'fs.write:artifacts'],
  callerId: CALLER.id as string,
  inputs: [
    { sha256: SHA('4'), size_bytes: 10, mime: 'text/plain', kind: 'file', name: 'first' },
    { sha256: SHA('5'), size_bytes: 20, mime: 'application/json', kind: 'file', name: 'second' },
  ],
  budget: { ...BUDGET } as Record<string, number>,
  environment: CODE_ENVIRONMENT,
};
type Asked = typeof ASKED;

function keyOf(asked: Asked): string {
  const { engine, inputs, capabilities, manifestSha256, configHash, environment } = asked;
  const base = readPlanned(plan('test.write'), CALLER, 0);
  const { operation, params, output_spec, evidence_policy } = asked;
  const determinism = asked.determinism === 'D2' ? 'D2' : 'D3';
  const planned: Planned = {
    ...base,
    caller: { ...CALLER, id: asked.callerId },
    operation: { ...base.operation, operation, params, output_spec, evidence_policy, determinism },
  };
  const parts = {
    grant: {
      manifest: { ...engine, bundle: { sha256: engine.bundle, size_bytes: 1 } },
      budget: asked.budget as unknown as FullBudget,
      capabilities: capabilities.map((capabilityId) => ({ capabilityId, consentId: undefined })),
    } as unknown as KeyParts['grant'],
    manifestSha256,
    configHash,
    environment,
    inputs: inputs.map((input) => ({ artifact_id: crypto.randomUUID(), ...input })) as ArtifactHandle[],
  };
  return cacheKey(planned, parts);
}

/** Paths to every value in it. */
function leavesOf(value: unknown, path: readonly string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [[...path]];
  return Object.entries(value).flatMap(([name, child]) => leavesOf(child, [...path, name]));
}

function changed(asked: Asked, path: readonly string[], change: (value: unknown) => unknown): Asked {
  const copy = structuredClone(asked);
  let place: Record<string, unknown> = copy as unknown as Record<string, unknown>;
  for (const name of path.slice(0, -1)) place = place[name] as Record<string, unknown>;
  const last = path.at(-1) ?? '';
  place[last] = change(place[last]);
  return copy;
}

describe('[§6] the key of a result', () => {
  it('is the same for the same question of the same caller, under whatever id', () => {
    expect(keyOf(ASKED)).toBe(keyOf(structuredClone(ASKED)));
  });

  it('any change to any part of it is another key', () => {
    const original = keyOf(ASKED);
    const another = (value: unknown, by: number): unknown =>
      typeof value === 'number' ? value + by : value === 'D3' ? 'D2' : `${String(value)}${by}`;
    fc.assert(
      fc.property(fc.constantFrom(...leavesOf(ASKED)), fc.integer({ min: 1, max: 1_000_000 }), (path, by) => {
        expect([path, keyOf(changed(ASKED, path, (value) => another(value, by)))]).not.toEqual([path, original]);
      }),
      RUN,
    );
  });

  it('the order of inputs, a missing one, and a missing name are other keys; the order of capabilities is not', () => {
    const [first, second] = ASKED.inputs;
    if (first === undefined || second === undefined) throw new Error('no inputs');
    const { name: _name, ...unnamed } = second;
    const others = [[second, first], [first], [], [first, unnamed as typeof second]].map((inputs) =>
      keyOf({ ...ASKED, inputs }),
    );
    expect(new Set([keyOf(ASKED), ...others]).size).toBe(5);
    expect(keyOf({ ...ASKED, capabilities: ASKED.capabilities.toReversed() })).toBe(keyOf(ASKED));
  });

  it('parts cannot be moved from one member to another', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 8 }), fc.string({ maxLength: 8 }), (left, right) => {
        const at = (version: string, operation: string): string =>
          keyOf({ ...ASKED, operation, engine: { ...ASKED.engine, engine_version: version } });
        if (left !== right) expect(at(left, right)).not.toBe(at(right, left));
      }),
      RUN,
    );
  });
});

describe('what may be served again', () => {
  const planned = (determinism: 'D0' | 'D1' | 'D2' | 'D3'): Planned =>
    readPlanned(plan('test.write', { determinism, evidence_policy: { min_items: 1 } }), CALLER, 0);
  const granted = (capabilityId: string, consentId?: string) => ({ capabilities: [{ capabilityId, consentId }] });

  it('[§6] D3 within inputs and outputs, and nothing else', () => {
    expect(isCacheable(planned('D3'), granted('fs.read:inputs'))).toBe(true);
    expect(isCacheable(planned('D3'), { capabilities: [] })).toBe(true);
    for (const level of ['D0', 'D1', 'D2'] as const)
      expect(isCacheable(planned(level), granted('fs.read:inputs'))).toBe(false);
    for (const id of [
      'fs.read',
      'fs.read:sources',
      'net.http:api.example',
      'proc.exec:git',
      'secrets.use:token',
      'device.usb',
      'gpu.compute',
    ])
      expect([id, isCacheable(planned('D3'), granted(id))]).toEqual([id, false]);
    expect(isCacheable(planned('D3'), granted('fs.read:inputs', 'a-consent'))).toBe(false);
  });
});
