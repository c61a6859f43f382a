import type { Gate, Verdict } from './gate.ts';

/**
 * G-SECRETS (CONTRACT §8, §9): no value of a secret that MEX handed out leaves with a result, in any form the guard
 * knows. An added gate, not one of the six; the runtime always asks it, and collects the facts.
 */
export const secretsGate: Gate = {
  id: 'G-SECRETS',
  post(operation, _result, facts): Verdict {
    const [leak] = facts.leaks;
    if (leak === undefined) return undefined;
    const others = facts.leaks.length === 1 ? '' : ` and ${facts.leaks.length - 1} more`;
    return {
      gate: 'G-SECRETS',
      code: 'SECURITY_SECRET_LEAKED',
      kind: 'policy',
      reason: `${operation.engine_id} put the secret "${leak.secretId}" into ${leak.where} (${leak.form})${others}. Nothing of it was kept.`,
      severity: 'fatal',
      remedy:
        'Take the secret away from the engine (mex grants revoke), replace it where it is used, and treat the engine as hostile.',
      retryable: false,
    };
  },
};
