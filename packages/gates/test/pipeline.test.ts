import type { PlannedOperation } from '@mex/envelope';
import { createPipeline, GATE_IDS, type Gate, type GateDenial, type PostFacts, type PreFacts } from '@mex/gates';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { budget, HELD, makeOperation, makePostFacts, makePreFacts, makeResult, manifest } from './facts.ts';

const pipeline = createPipeline();
const engine = (over: object) => ({ ...makePreFacts().engine, ...over }) as PreFacts['engine'];
const policy = (over: Partial<PreFacts['policy']>) => ({ policy: { ...makePreFacts().policy, ...over } });

const REFUSALS = [
  'CERTIFICATE_INVALID',
  'CERTIFICATE_UNTRUSTED',
  'CERTIFICATE_REVOKED',
  'CERTIFICATE_MISMATCH',
  'CERTIFICATE_UNSUPPORTED',
] as const;

/** gate, code, and the one thing that is wrong. */
const preCases: [string, string, Partial<PlannedOperation>, Partial<PreFacts>][] = [
  [
    'G-SCHEMA',
    'ENGINE_UNKNOWN',
    {},
    {
      engine: { found: false, error: { code: 'ENGINE_UNKNOWN', kind: 'validation', message: 'no', retryable: false } },
    },
  ],
  [
    'G-SCHEMA',
    'ENGINE_VERSION_UNSATISFIED',
    {},
    {
      engine: {
        found: false,
        error: { code: 'ENGINE_VERSION_UNSATISFIED', kind: 'validation', message: 'no', retryable: false },
      },
    },
  ],
  [
    'G-SCHEMA',
    'OPERATION_UNKNOWN',
    { operation: 'test.other' },
    { engine: engine({ operation: undefined, params: undefined }) },
  ],
  [
    'G-SCHEMA',
    'REQUIRED_GATE_MISSING',
    {},
    { engine: engine({ manifest: { ...manifest, required_gates: ['G-SECRETS'] } }) },
  ],
  ['G-SCHEMA', 'PARAMS_INVALID', { params: { depth: 10 } }, {}],
  ['G-SCHEMA', 'PARAMS_INVALID', { params: { depth: 3, human_consent_obtained: true } }, {}],
  ['G-SCHEMA', 'INPUT_COUNT', { inputs: Array.from({ length: 3 }, () => ({ entity_type: 'x', entity_id: 'y' })) }, {}],
  ['G-CAP', 'HSK-4001', { capabilities_requested: ['fs.fly:away'] }, {}],
  ['G-CAP', 'HSK-4001', { capabilities_requested: ['fs.write:anywhere'] }, {}],
  ['G-CAP', 'CAPABILITY_NOT_DECLARED', { capabilities_requested: ['proc.exec:git'] }, {}],
  ['G-CAP', 'CAPABILITY_NOT_DECLARED', { capabilities_requested: ['fs.read'] }, {}],
  ['G-CAP', 'CAPABILITY_NOT_IN_PROFILE', {}, policy({ profile: ['fs.write:artifacts'] })],
  ['G-CAP', 'CAPABILITY_NOT_IN_PROFILE', {}, policy({ profile: undefined })],
  ['G-CAP', 'CAPABILITY_DENIED_BY_POLICY', {}, policy({ denied: ['fs.read'] })],
  ['G-CAP', 'CAPABILITY_NEEDS_CONSENT', { capabilities_requested: ['net.http:api.example'] }, {}],
  ['G-INTEGRITY', 'INLINE_TOO_LARGE', {}, { paramsBytes: 32_769 }],
  ['G-INTEGRITY', 'BUNDLE_DIGEST_MISMATCH', {}, { engine: engine({ loadedBundleSha256: undefined }) }],
  ['G-INTEGRITY', 'BUNDLE_DIGEST_MISMATCH', {}, { engine: engine({ loadedBundleSha256: 'b'.repeat(64) }) }],
  ['G-INTEGRITY', 'ENGINE_UNCERTIFIED', {}, { engine: engine({ certificate: { state: 'absent' } }) }],
  ['G-INTEGRITY', 'CERTIFICATE_EXPIRED', {}, { engine: engine({ certificate: { ...HELD, expiresAt: 1_000_000 } }) }],
  [
    'G-INTEGRITY',
    'CERTIFICATE_NOT_YET_VALID',
    {},
    { engine: engine({ certificate: { ...HELD, issuedAt: 1_300_001, expiresAt: 9_999_999 } }) },
  ],
  ...REFUSALS.map((code): (typeof preCases)[number] => [
    'G-INTEGRITY',
    code,
    {},
    { engine: engine({ certificate: { state: 'refused', code, reason: 'x', remedy: 'y' } }) },
  ]),
  ['G-INTEGRITY', 'INPUT_INTEGRITY', {}, { inputs: [{ state: 'mismatch' }] }],
  ['G-BUDGET', 'BUDGET_OVER_CEILING', {}, { budget: { ...budget, wall_time_ms: 5_001 } }],
  ['G-BUDGET', 'BUDGET_OVER_CEILING', {}, policy({ ceilings: { memory_bytes: 1 } })],
  ['G-BUDGET', 'CIRCUIT_OPEN', {}, { circuit: 'open' }],
  ['G-BUDGET', 'QUOTA_EXCEEDED', {}, { quota: { exceeded: true, reason: 'busy' } }],
  ['G-BUDGET', 'POLICY_BUDGET_MISSING', {}, policy({ requireRunBudget: true })],
  ['G-BUDGET', 'QUOTA_EXCEEDED', {}, { runBudget: { exhausted: 'max_operations' } }],
  ['G-PROVENANCE', 'INPUT_UNRESOLVABLE', {}, { inputs: [{ state: 'missing' }] }],
  ['G-PROVENANCE', 'INPUT_UNRESOLVABLE', {}, { inputs: [{ state: 'unresolved-entity' }] }],
  ['G-PROVENANCE', 'ACTOR_UNKNOWN', {}, { caller: undefined }],
  ['G-PROVENANCE', 'ACTOR_UNKNOWN', { context: { actor: { kind: 'human', id: 'os:root' } } }, {}],
  ['G-DET', 'DETERMINISM_OVER_CEILING', { determinism: 'D3' }, {}],
  ['G-DET', 'EVIDENCE_POLICY_MISSING', { determinism: 'D1' }, {}],
];

const postCases: [string, string, Partial<PlannedOperation>, Partial<PostFacts>, object][] = [
  ['G-SCHEMA', 'RESULT_INVALID', {}, {}, { outputs: [{ sha256: 'short' }] }],
  ['G-SCHEMA', 'RESULT_INVALID', {}, {}, { status: 'perfect' }],
  ['G-SCHEMA', 'OUTPUT_UNDECLARED', {}, { outputNames: ['out.json', 'x'] }, {}],
  ['G-SCHEMA', 'OUTPUT_MISSING', {}, { outputNames: [] }, {}],
  ['G-SCHEMA', 'OUTPUT_TYPE', { output_spec: { types: ['text/plain'] } }, {}, {}],
  ['G-SCHEMA', 'OUTPUT_LIMIT', { output_spec: { max_count: 0 } }, {}, {}],
  ['G-SCHEMA', 'OUTPUT_LIMIT', { output_spec: { max_bytes: 99 } }, {}, {}],
  ['G-CAP', 'CAPABILITY_USED_WITHOUT_GRANT', {}, { usedCapabilities: ['net.http:api.example'] }, {}],
  ['G-INTEGRITY', 'OUTPUT_INTEGRITY', {}, { stagedSha256: new Set() }, {}],
  ['G-INTEGRITY', 'INLINE_TOO_LARGE', {}, { summaryBytes: 32_769 }, {}],
  ['G-BUDGET', 'BUDGET_EXCEEDED_OUTPUT_BYTES', {}, { usage: { ...budget, output_bytes: 10_001 } }, {}],
  ['G-BUDGET', 'BUDGET_EXCEEDED_FILE_WRITES', {}, { usage: { ...budget, file_writes: 11 } }, {}],
  ['G-PROVENANCE', 'PROVENANCE_INCOMPLETE', {}, { manifest: { ...manifest, engine_version: '9.9.9' } }, {}],
  ['G-DET', 'EVIDENCE_MISSING', { determinism: 'D1' }, {}, {}],
  ['G-DET', 'DETERMINISM_BROKEN', {}, { nondeterminism: ['network'] }, {}],
];

describe('[§8] the six gates before a run', () => {
  it('let a sound operation pass, each gate heard once and in the fixed order', () => {
    const { denial, outcomes } = pipeline.checkBefore(makeOperation(), makePreFacts());
    expect(denial).toBeUndefined();
    expect(outcomes.map((outcome) => outcome.gate)).toEqual([...GATE_IDS]);
  });

  it.each(preCases)('%s denies with %s', (gate, code, operation, facts) => {
    const { denial, outcomes } = pipeline.checkBefore(makeOperation(operation), makePreFacts(facts));
    expect(denial).toMatchObject({ gate, code });
    expect(denial?.remedy).not.toBe('');
    expect(outcomes.at(-1)).toMatchObject({ gate, outcome: 'deny', code });
    expect(outcomes.length).toBe(GATE_IDS.findIndex((id) => id === gate) + 1);
  });

  it('[§8] the development switch lets an uncertified engine run', () => {
    const facts = makePreFacts({
      engine: engine({ certificate: { state: 'absent' } }),
      ...policy({ allowUncertified: true }),
    });
    expect(pipeline.checkBefore(makeOperation(), facts).denial).toBeUndefined();
  });

  it.each([
    ...REFUSALS.map((code) => [code, { state: 'refused', code, reason: 'x', remedy: 'y' }] as const),
    ['CERTIFICATE_EXPIRED', { ...HELD, expiresAt: 999_999 }] as const,
    ['CERTIFICATE_NOT_YET_VALID', { ...HELD, issuedAt: 5_000_000, expiresAt: 9_999_999 }] as const,
  ])('[§10] the development switch does not cover %s', (code, certificate) => {
    const facts = makePreFacts({ engine: engine({ certificate }), ...policy({ allowUncertified: true }) });
    expect(pipeline.checkBefore(makeOperation(), facts).denial?.code).toBe(code);
  });

  it('[§10] a certificate is in force until the moment it expires, and five minutes of clock skew are forgiven', () => {
    const code = (over: object) =>
      pipeline.checkBefore(makeOperation(), makePreFacts({ engine: engine({ certificate: { ...HELD, ...over } }) }))
        .denial?.code;
    expect(code({ expiresAt: 1_000_001 })).toBeUndefined();
    expect(code({ issuedAt: 1_300_000, expiresAt: 9_999_999 })).toBeUndefined();
    expect(code({ expiresAt: Number.NaN })).toBeDefined();
    expect(code({ issuedAt: Number.NaN })).toBeDefined();
  });

  it('[§2] what a planner puts in an envelope grants it nothing: consents count only from the store, for this caller, in time', () => {
    const operation = makeOperation({
      capabilities_requested: ['net.http:api.example'],
      context: { consent_refs: ['c1'] },
    });
    const consent = {
      consentId: 'c1',
      capabilityId: 'net.http:api.example',
      actorId: 'os:alice',
      validUntil: 1_000_001,
      revoked: false,
    };
    const ask = (over: object) =>
      pipeline.checkBefore(operation, makePreFacts({ consents: [{ ...consent, ...over }] })).denial?.code;
    expect(ask({})).toBeUndefined();
    expect(ask({ capabilityId: 'net.http' })).toBeUndefined();
    for (const wrong of [
      { consentId: 'c2' },
      { capabilityId: 'net.http:other.example' },
      { actorId: 'os:bob' },
      { validUntil: 1_000_000 },
      { revoked: true },
    ]) {
      expect(ask(wrong)).toBe('CAPABILITY_NEEDS_CONSENT');
    }
  });

  it('[§7] policy that denies one scope denies a request for the whole axis', () => {
    const declared = engine({ operation: { ...manifest.operations['test.run'], capabilities: ['fs.read'] } });
    const facts = makePreFacts({ engine: declared, ...policy({ denied: ['fs.read:secrets'] }) });
    expect(pipeline.checkBefore(makeOperation({ capabilities_requested: ['fs.read'] }), facts).denial?.code).toBe(
      'CAPABILITY_DENIED_BY_POLICY',
    );
  });
});

describe('[§8] the six gates after a run', () => {
  it('let a sound result pass', () => {
    expect(pipeline.checkAfter(makeOperation(), makeResult(), makePostFacts()).denial).toBeUndefined();
  });

  it.each(postCases)('%s denies with %s', (gate, code, operation, facts, result) => {
    const { denial } = pipeline.checkAfter(makeOperation(operation), makeResult(result), makePostFacts(facts));
    expect(denial).toMatchObject({ gate, code });
  });
});

describe('[§8] third-party gates', () => {
  const denial = {
    gate: 'x',
    code: 'MINE',
    kind: 'policy',
    reason: 'r',
    severity: 'error',
    remedy: 'm',
    retryable: false,
  } as const;

  const mine = (id: string): Gate => ({ id, pre: () => undefined });
  const askOdd = (pre: () => unknown) =>
    createPipeline([{ id: 'G-ODD', pre } as unknown as Gate]).checkBefore(makeOperation(), makePreFacts()).denial;

  it('written as a class are asked, with their own state', () => {
    class Counting implements Gate {
      readonly id = 'G-COUNT';
      readonly #left: (GateDenial | undefined)[] = [undefined, denial];
      pre(): GateDenial | undefined {
        return this.#left.shift();
      }
      post(): GateDenial | undefined {
        return this.#left.shift();
      }
    }
    const extra = createPipeline([new Counting()]);
    expect(extra.checkBefore(makeOperation(), makePreFacts()).denial).toBeUndefined();
    expect(extra.checkAfter(makeOperation(), makeResult(), makePostFacts()).denial?.code).toBe('MINE');
  });

  it.each<[string, object]>([
    ['without a check', { id: 'G-NONE' }],
    ['with a check that is no function', { id: 'G-ODD', pre: true }],
    ['with an id that no record takes', { id: 'G ODD', pre: () => undefined }],
    ['without an id', { pre: () => undefined }],
  ])('%s are refused', (_what, gate) => {
    expect(() => createPipeline([gate as unknown as Gate])).toThrow(expect.objectContaining({ code: 'GATE_INVALID' }));
  });

  it.each([
    ['no remedy', { remedy: undefined }],
    ['a code that no result takes', { code: 'my-code' }],
    ['an unknown kind', { kind: 'mood' }],
    ['an unknown severity', { severity: 'loud' }],
    ['no word on a retry', { retryable: undefined }],
  ])('a denial with %s denies as GATE_FAILED, which can be recorded', (_what, change) => {
    expect(askOdd(() => ({ ...denial, ...change }))).toMatchObject({ gate: 'G-ODD', code: 'GATE_FAILED' });
  });

  it('a denial is clipped to what a record takes, and only its known members are kept', () => {
    const long = askOdd(() => ({ ...denial, reason: '\u{1f600}'.repeat(5_000), extra: 1 }));
    expect(long?.reason.length).toBeLessThanOrEqual(4_096);
    expect(long?.reason.isWellFormed()).toBe(true);
    expect(long).not.toHaveProperty('extra');
  });

  it('an asynchronous gate that rejects denies and leaves no unhandled rejection', async () => {
    const unhandled: unknown[] = [];
    const listener = (reason: unknown) => unhandled.push(reason);
    process.on('unhandledRejection', listener);
    expect(askOdd(async () => Promise.reject(new Error('late')))?.code).toBe('GATE_FAILED');
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', listener);
    expect(unhandled).toEqual([]);
  });

  it('come after the six and can deny, under their own id', () => {
    const extra = createPipeline([{ id: 'G-MINE', pre: () => denial }]);
    expect(extra.gates).toEqual([...GATE_IDS, 'G-MINE']);
    expect(extra.checkBefore(makeOperation(), makePreFacts()).denial).toMatchObject({ gate: 'G-MINE', code: 'MINE' });
  });

  it.each([...GATE_IDS, 'G-TWICE'])('cannot take the id %s', (id) => {
    expect(() => createPipeline([mine('G-TWICE'), mine(id)])).toThrow(
      expect.objectContaining({ code: 'GATE_ID_TAKEN' }),
    );
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('x');
      },
    ],
    ['answers true', () => true],
    ['answers null', () => null],
    ['answers a promise', () => Promise.resolve(undefined)],
  ])('a gate that %s denies: fail closed', (_what, pre) => {
    const odd = { id: 'G-ODD', pre } as unknown as Gate;
    expect(createPipeline([odd]).checkBefore(makeOperation(), makePreFacts()).denial?.code).toBe('GATE_FAILED');
  });

  it('cannot be changed or taken away once the pipeline stands', () => {
    const gate: { id: string; pre: NonNullable<Gate['pre']> } = { id: 'G-MINE', pre: () => denial };
    const gates = [gate];
    const extra = createPipeline(gates);
    gate.pre = () => undefined;
    gates.length = 0;
    expect(extra.checkBefore(makeOperation(), makePreFacts()).denial?.code).toBe('MINE');
    expect(Object.isFrozen(extra)).toBe(true);
  });
});

describe('laws', () => {
  const factsArbitrary = fc.record({
    certified: fc.boolean(),
    allowUncertified: fc.boolean(),
    paramsBytes: fc.integer({ min: 0, max: 70_000 }),
    circuit: fc.constantFrom('closed', 'half-open', 'open'),
    denied: fc.subarray(['fs.read', 'fs.write:artifacts', 'net.http']),
    profile: fc.subarray(['fs.read', 'fs.read:inputs', 'fs.write:artifacts', 'net.http']),
  });

  it('[§7] the most restrictive wins: taking a capability from the profile or adding a denial never turns a denial into a pass', () => {
    fc.assert(
      fc.property(factsArbitrary, fc.subarray(['fs.read:inputs', 'fs.write:artifacts']), (random, requested) => {
        const build = (profile: string[], denied: string[]) =>
          makePreFacts({
            engine: engine({ certificate: random.certified ? HELD : { state: 'absent' } }),
            paramsBytes: random.paramsBytes,
            circuit: random.circuit as 'open',
            ...policy({ profile, denied, allowUncertified: random.allowUncertified }),
          });
        const operation = makeOperation({ capabilities_requested: requested });
        const wide = pipeline.checkBefore(operation, build(random.profile, random.denied)).denial;
        const narrow = pipeline.checkBefore(
          operation,
          build(random.profile.slice(1), [...random.denied, 'net.http']),
        ).denial;
        return wide === undefined || narrow !== undefined;
      }),
      { seed: 8, numRuns: 500 },
    );
  });

  it('[§8] are pure: the same question gets the same answer, and facts stay as they were', () => {
    const facts = makePreFacts();
    const before = JSON.stringify(facts);
    const first = pipeline.checkBefore(makeOperation(), facts);
    expect(pipeline.checkBefore(makeOperation(), facts)).toEqual(first);
    expect(JSON.stringify(facts)).toBe(before);
  });
});
