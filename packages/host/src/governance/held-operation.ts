import { canonicalJson, coversCapability, type PlannedOperation, parseStrictJson } from '@mex/envelope';
import { digestJson } from '@mex/envelope/digest';
import { targetRef } from '@mex/governance';
import { redactJson } from '@mex/guard';
import type { ApprovalRule } from './governance-policy.ts';

/** The code that would run. */
export interface EngineIdentity {
  readonly version: string;
  readonly bundleSha256: string;
}

function fitsEngine(pattern: string, id: string): boolean {
  return pattern.endsWith('.*') ? id.startsWith(pattern.slice(0, -1)) : pattern === id;
}

function touches(capability: string, id: string): boolean {
  return coversCapability(capability, id) || coversCapability(id, capability);
}

/** The first rule that wants a decision about this operation. */
export function findRule(
  rules: readonly ApprovalRule[],
  operation: PlannedOperation,
  actorId: string,
): ApprovalRule | undefined {
  return rules.find(({ when: { engine, operation: name, capability, actor } }) => {
    if (engine !== undefined && !fitsEngine(engine, operation.engine_id)) return false;
    if (name !== undefined && name !== operation.operation) return false;
    if (actor !== undefined && actor !== actorId) return false;
    return capability === undefined || operation.capabilities_requested.some((id) => touches(capability, id));
  });
}

/**
 * What an approval is for: all that decides what will happen, and the code that does it. Ids of the message itself
 * (op_id, trace, job), artifact ids, and consents, which the gates look up again, are no part of it: two operations
 * that would do the same are asked about once.
 */
export function exactTarget(operation: PlannedOperation, actorId: string, engine: EngineIdentity): string {
  const inputs = operation.inputs.map((input) => ('sha256' in input ? { ...input, artifact_id: null } : input));
  const { engine_id, params, capabilities_requested, budget, determinism, evidence_policy, output_spec } = operation;
  const digest = digestJson({
    actor: actorId,
    engine: { ...engine },
    engine_id,
    operation: operation.operation,
    inputs,
    params,
    capabilities_requested,
    budget,
    determinism,
    evidence_policy: evidence_policy ?? null,
    output_spec,
    profile: operation.context?.capability_profile_id ?? null,
  });
  return targetRef('operation', digest);
}

/** What a wider approval is for: this caller, this code and operation, these capabilities, under this rule; any params. */
export function kindTarget(
  operation: PlannedOperation,
  actorId: string,
  engine: EngineIdentity,
  rule: ApprovalRule,
): string {
  const { engine_id, capabilities_requested } = operation;
  const digest = digestJson({
    actor: actorId,
    engine: { ...engine },
    engine_id,
    operation: operation.operation,
    capabilities: [...capabilities_requested].toSorted(),
    profile: operation.context?.capability_profile_id ?? null,
    rule: { ...rule, approvers: [...rule.approvers] },
  });
  return targetRef('kind', digest);
}

/** What the people who are asked are shown: the operation whole, secrets masked, and the code that would run. */
export function describeHeld(operation: PlannedOperation, engine: EngineIdentity): string {
  return canonicalJson(redactJson(parseStrictJson(canonicalJson({ engine: { ...engine }, operation }))));
}
