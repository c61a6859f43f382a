import { preparsePolicySet, statefulIsAuthorized } from '@cedar-policy/cedar-wasm/nodejs';
import type { PlannedOperation } from '@mex/envelope';
import type { PreFacts } from '@mex/gates';

/** What the pre-gates ask, as far as Cedar can say it: no schema of params, no digests of its own. */
const POLICIES = `
permit (principal, action == Action::"run", resource)
when { ["fs.read:inputs", "fs.write:artifacts"].containsAll(context.capabilities) };
forbid (principal, action, resource) when { context.denied.containsAny(context.capabilities) };
forbid (principal, action, resource) when { context.params_bytes > 32768 };
forbid (principal, action, resource) when { context.inputs < 1 || context.inputs > 1 };
forbid (principal, action, resource) unless { context.bundle_sha256 == context.loaded_sha256 };
forbid (principal, action, resource)
when { context.wall_time_ms > 600000 || context.memory_bytes > 2147483648 || context.output_bytes > 1073741824 };
forbid (principal, action, resource) when { context.quota_exceeded || context.circuit_open };
forbid (principal, action, resource) unless { ["D0", "D1", "D2", "D3"].contains(context.determinism) };
`;

const POLICY_SET = 'six-gates';

/** A decision by Cedar about an operation. @throws Error when Cedar refuses the policies or denies. */
export function createCedarDecision(): (operation: PlannedOperation, facts: PreFacts) => void {
  const parsed = preparsePolicySet(POLICY_SET, { staticPolicies: POLICIES });
  if (parsed.type === 'failure') throw new Error(parsed.errors.map((error) => error.message).join('; '));
  return (operation, facts) => {
    if (!facts.engine.found) throw new Error('the typical operation has an engine');
    const answer = statefulIsAuthorized({
      principal: { type: 'Caller', id: facts.caller?.id ?? 'unknown' },
      action: { type: 'Action', id: 'run' },
      resource: { type: 'Operation', id: operation.operation },
      context: {
        capabilities: [...operation.capabilities_requested],
        denied: [...facts.policy.denied],
        params_bytes: facts.paramsBytes,
        inputs: facts.inputs.length,
        bundle_sha256: facts.engine.manifest.bundle.sha256,
        loaded_sha256: facts.engine.loadedBundleSha256 ?? '',
        wall_time_ms: facts.budget.wall_time_ms,
        memory_bytes: facts.budget.memory_bytes,
        output_bytes: facts.budget.output_bytes,
        quota_exceeded: facts.quota.exceeded,
        circuit_open: facts.circuit === 'open',
        determinism: operation.determinism,
      },
      entities: [],
      preparsedPolicySetId: POLICY_SET,
    });
    if (answer.type === 'success' && answer.response.decision === 'allow') return;
    throw new Error(`Cedar did not allow: ${JSON.stringify(answer)}`);
  };
}
