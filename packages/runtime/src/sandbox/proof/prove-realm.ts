import { existsSync } from 'node:fs';
import { clipText, parseStrictJson } from '@mex/envelope';
import { sha256Hex } from '@mex/envelope/digest';
import type { Job, JobOutcome, SandboxTier } from '../tier.ts';
import { OutsideWitness, type ProofTarget } from './outside-witness.ts';
import type { ProvenAttempt, TierProof } from './proof.ts';
import { REALM_ATTEMPTS } from './realm-attempts.ts';

const EXPECTED = 13;

/** Runs an engine that tries to leave its realm in a tier, as the tier runs any engine. Never rejects. */
export async function proveRealm(name: TierProof['tier'], tier: Pick<SandboxTier, 'run'>): Promise<TierProof> {
  const begun = performance.now();
  try {
    const attempts = await tryRealm(tier);
    const held = attempts.every((attempt) => attempt.stopped);
    return { tier: name, held, attempts, ms: performance.now() - begun };
  } catch (error) {
    const failure = error instanceof Error ? error.message : 'unknown cause';
    return { tier: name, held: false, attempts: [], failure, ms: performance.now() - begun };
  }
}

/** @throws Error when the tier did not run it to its end, or its report is not whole */
async function tryRealm(tier: Pick<SandboxTier, 'run'>): Promise<ProvenAttempt[]> {
  const witness = await OutsideWitness.open();
  try {
    const outcome = await tier.run(proofJob(witness.target));
    const attempts = readReport(outcome);
    const { visitors, target, canary } = witness;
    const leaked = outcome.kind === 'replied' && outcome.text.includes(canary);
    return [
      ...attempts,
      { name: 'outside: a connection arrived', stopped: visitors === 0, detail: `${visitors} connections` },
      { name: 'outside: a file appeared', stopped: !existsSync(target.newFile), detail: '' },
      { name: 'outside: content of the host came out', stopped: !leaked, detail: '' },
    ];
  } finally {
    witness.close();
  }
}

function proofJob(target: ProofTarget): Job {
  const request = {
    session: 0,
    op_id: 'proof',
    operation: 'proof.run',
    determinism: 'D0',
    now_ms: 0,
    seed: '0',
    params: { ...target },
    inputs: [],
  };
  return {
    opId: 'proof',
    session: 0,
    tenant: 'mex',
    code: { engineId: 'engine.mex.proof', sha256: sha256Hex(REALM_ATTEMPTS), text: REALM_ATTEMPTS },
    request: JSON.stringify(request),
    limits: { wall_time_ms: 10_000, cpu_time_ms: 10_000, memory_bytes: 64 * 1024 * 1024 },
    onCall: () => Promise.reject(new Error('the proof calls nobody')),
    signal: undefined,
  };
}

function readReport(outcome: JobOutcome): ProvenAttempt[] {
  if (outcome.kind !== 'replied') throw new Error(`the sandbox ended: ${outcome.reason}`);
  const reply: unknown = parseStrictJson(outcome.text);
  const summary: unknown = Object(reply).summary;
  const list: unknown = Object(summary).attempts;
  if (!Array.isArray(list) || list.length < EXPECTED) throw new Error('the report from inside is not whole');
  return list.map((entry: unknown) => {
    const { name, escaped, detail } = Object(entry) as Record<string, unknown>;
    return { name: clipText(String(name), 80), stopped: escaped === false, detail: clipText(String(detail), 80) };
  });
}
