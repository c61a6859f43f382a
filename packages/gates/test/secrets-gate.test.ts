import { createPipeline, GATE_IDS, type SecretLeak, secretsGate } from '@mex/gates';
import { describe, expect, it } from 'vitest';
import { makeOperation, makePostFacts, makePreFacts, makeResult } from './facts.ts';

const pipeline = createPipeline([secretsGate]);
const leak = (over: Partial<SecretLeak> = {}): SecretLeak => ({
  secretId: 'deploy-key',
  where: 'output "out.json"',
  form: 'base64',
  ...over,
});
const after = (leaks: readonly SecretLeak[]) =>
  pipeline.checkAfter(makeOperation(), makeResult(), makePostFacts({ leaks }));

describe('[§8] [§14 E] G-SECRETS', () => {
  it('comes after the six, and passes what is clean', () => {
    expect(pipeline.gates).toEqual([...GATE_IDS, 'G-SECRETS']);
    expect(after([])).toMatchObject({ denial: undefined });
    expect(after([]).outcomes.at(-1)).toEqual({ gate: 'G-SECRETS', outcome: 'pass' });
    expect(pipeline.checkBefore(makeOperation(), makePreFacts()).denial).toBeUndefined();
  });

  it('denies one leak: which secret, where, in which form, and what to do; a BLOCK', () => {
    const { denial, outcomes } = after([leak()]);
    expect(denial).toMatchObject({
      gate: 'G-SECRETS',
      code: 'SECURITY_SECRET_LEAKED',
      kind: 'policy',
      severity: 'fatal',
      retryable: false,
    });
    expect(denial?.reason).toContain('engine.test.gates put the secret "deploy-key" into output "out.json" (base64).');
    expect(denial?.remedy).toContain('mex grants revoke');
    expect(outcomes.at(-1)).toMatchObject({ gate: 'G-SECRETS', outcome: 'deny', code: 'SECURITY_SECRET_LEAKED' });
  });

  it('counts further leaks', () => {
    const reason = after([leak(), leak({ form: 'hex' }), leak({ where: 'log' })]).denial?.reason;
    expect(reason).toContain('and 2 more. Nothing of it was kept.');
  });

  it('an engine may require it by name, and is refused where it is not asked', () => {
    const facts = makePreFacts({ gates: pipeline.gates });
    if (!facts.engine.found) throw new Error('fixture');
    const engine = { ...facts.engine, manifest: { ...facts.engine.manifest, required_gates: ['G-SECRETS'] } };
    expect(pipeline.checkBefore(makeOperation(), { ...facts, engine }).denial).toBeUndefined();
    const without = createPipeline().checkBefore(makeOperation(), makePreFacts({ engine }));
    expect(without.denial?.code).toBe('REQUIRED_GATE_MISSING');
  });

  it('none of the six is denied in its place: the first denial is the one that is told', () => {
    const facts = makePostFacts({ leaks: [leak()], usedCapabilities: ['net.http:evil.example'] });
    expect(pipeline.checkAfter(makeOperation(), makeResult(), facts).denial?.code).toBe(
      'CAPABILITY_USED_WITHOUT_GRANT',
    );
  });
});
