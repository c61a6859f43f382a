import { canonicalJson, MexError, type PlannedOperation, parseOperation } from '@mex/envelope';
import type { AutomationLevel, Binding, DecisionRequest } from '@mex/governance';
import type { Registry } from '@mex/registry';
import type { Caller } from '@mex/runtime';
import { subjectRef } from './approval-view.ts';
import type { ApprovalRule, GovernancePolicy } from './governance-policy.ts';
import { describeHeld, type EngineIdentity, exactTarget, findRule, kindTarget } from './held-operation.ts';

/** One operation that a rule fits. */
export interface Candidate {
  readonly operation: PlannedOperation;
  readonly caller: Caller;
  readonly rule: ApprovalRule;
  readonly engine: EngineIdentity;
  readonly targetRef: string;
  /** Absent where only exactly this can be approved. */
  readonly kindRef?: string;
  /** The policy's, or its run's where that is stricter. */
  readonly level: AutomationLevel;
}

/** What policy wants a decision about. Input that is no operation, or has no engine, is for the gates to refuse. */
export function findCandidate(
  input: string | Uint8Array | object,
  caller: Caller,
  rules: readonly ApprovalRule[],
  registry: Registry,
  levelOf: (runId: string | undefined) => AutomationLevel,
): Candidate | undefined {
  const operation = readPlan(input);
  const rule = operation && findRule(rules, operation, caller.id);
  if (operation === undefined || rule === undefined) return undefined;
  const { engine: found } = registry.resolve(operation.engine_id, operation.engine_version_req);
  if (found === undefined) return undefined;
  const engine = { version: found.manifest.engine_version, bundleSha256: found.bundle.sha256 };
  return {
    operation,
    caller,
    rule,
    engine,
    level: levelOf(operation.context?.run_id),
    targetRef: exactTarget(operation, caller.id, engine),
    // One payload, one consent (CONTRACT §12): no approval reaches further.
    ...(rule.gateType === 'CloudEscalation' ? {} : { kindRef: kindTarget(operation, caller.id, engine, rule) }),
  };
}

function readPlan(operation: string | Uint8Array | object): PlannedOperation | undefined {
  try {
    const isText = typeof operation === 'string' || operation instanceof Uint8Array;
    return parseOperation(isText ? operation : canonicalJson(operation));
  } catch (error) {
    // The runtime refuses it in words, with an event and a Problem.
    if (error instanceof MexError) return undefined;
    throw error;
  }
}

/** What a decision has to fit to be used for it. */
export function bindingOf({ rule, targetRef, kindRef, operation, level }: Candidate): Binding {
  const runId = operation.context?.run_id;
  return {
    gateType: rule.gateType,
    targetRef,
    ...(kindRef === undefined ? {} : { kindRef }),
    usedBy: operation.op_id,
    level,
    ...(runId === undefined ? {} : { runId }),
  };
}

/** How it is put up for decision. */
export function requestFor(candidate: Candidate, decisionId: string, policy: GovernancePolicy): DecisionRequest {
  const { operation, caller, rule, engine, targetRef, kindRef, level } = candidate;
  const { run_id, actor } = operation.context ?? {};
  return {
    decisionId,
    gateType: rule.gateType,
    level,
    targetRef,
    ...(kindRef === undefined ? {} : { kindRef }),
    detail: describeHeld(operation, engine),
    // The planner's word on itself is no evidence (CONTRACT §2).
    confidence: 0,
    rationale: rule.reason,
    evidenceRefs: [subjectRef(operation.engine_id, operation.operation), `op:${operation.op_id}`],
    actor: { id: caller.id, kind: caller.kind },
    ...(actor?.model_id === undefined ? {} : { modelId: actor.model_id }),
    ...(run_id === undefined ? {} : { runId: run_id }),
    approvals: rule.approvals,
    approvers: rule.approvers,
    lastsMs: policy.requestLastsMs,
  };
}
