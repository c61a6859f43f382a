import type { EngineResult, ErrorKind, PlannedOperation, Severity } from '@mex/envelope';
import type { CertificateErrorCode } from '@mex/registry';
import type { PostFacts, PreFacts } from './facts.ts';

/** The six gates every operation passes, in their fixed order (CONTRACT §8). */
export const GATE_IDS = ['G-SCHEMA', 'G-CAP', 'G-INTEGRITY', 'G-BUDGET', 'G-PROVENANCE', 'G-DET'] as const;
export type GateId = (typeof GATE_IDS)[number];

/** Codes the six gates deny with. Third-party gates bring their own. */
export type GateCode =
  | 'ENGINE_UNKNOWN'
  | 'ENGINE_DISABLED'
  | 'ENGINE_VERSION_UNSATISFIED'
  | 'ENGINE_UNCERTIFIED'
  | CertificateErrorCode
  | 'CERTIFICATE_EXPIRED'
  | 'CERTIFICATE_NOT_YET_VALID'
  | 'OPERATION_UNKNOWN'
  | 'IMPLEMENTATION_UNKNOWN'
  | 'IMPLEMENTATION_UNAVAILABLE'
  | 'REQUIRED_GATE_MISSING'
  | 'PARAMS_INVALID'
  | 'INPUT_COUNT'
  | 'RESULT_INVALID'
  | 'OUTPUT_UNDECLARED'
  | 'OUTPUT_MISSING'
  | 'OUTPUT_TYPE'
  | 'OUTPUT_LIMIT'
  | 'HSK-4001'
  | 'CAPABILITY_NOT_DECLARED'
  | 'CAPABILITY_NOT_IN_PROFILE'
  | 'CAPABILITY_DENIED_BY_POLICY'
  | 'CAPABILITY_NEEDS_CONSENT'
  | 'CAPABILITY_USED_WITHOUT_GRANT'
  | 'INLINE_TOO_LARGE'
  | 'BUNDLE_DIGEST_MISMATCH'
  | 'INPUT_INTEGRITY'
  | 'OUTPUT_INTEGRITY'
  | 'BUDGET_OVER_CEILING'
  | 'QUOTA_EXCEEDED'
  | 'CIRCUIT_OPEN'
  | 'POLICY_BUDGET_MISSING'
  | 'INPUT_UNRESOLVABLE'
  | 'ACTOR_UNKNOWN'
  | 'PROVENANCE_INCOMPLETE'
  | 'DETERMINISM_OVER_CEILING'
  | 'EVIDENCE_POLICY_MISSING'
  | 'EVIDENCE_MISSING'
  | 'DETERMINISM_BROKEN'
  | `BUDGET_EXCEEDED_${Uppercase<string>}`
  | 'SECURITY_SECRET_LEAKED'
  | 'GATE_FAILED';

/** A refusal: by whom, why, how bad, and what to do about it. */
export interface GateDenial {
  readonly gate: string;
  readonly code: string;
  readonly kind: ErrorKind;
  readonly reason: string;
  readonly severity: Severity;
  readonly remedy: string;
  readonly retryable: boolean;
}

/** What a check answers: nothing wrong, or a denial. */
export type Verdict = GateDenial | undefined;

/** A gate looks at an operation before it runs, at its result after, or both. Pure: no clock, files or network. */
export interface Gate {
  /** `G-…`; the six ids of the contract are taken. */
  readonly id: string;
  readonly pre?: (operation: PlannedOperation, facts: PreFacts) => Verdict;
  readonly post?: (operation: PlannedOperation, result: EngineResult, facts: PostFacts) => Verdict;
}

/** A denial maker for one gate. */
export function denier(gate: GateId, kind: ErrorKind) {
  return (
    code: GateCode,
    reason: string,
    remedy: string,
    more: { severity?: Severity; retryable?: boolean; kind?: ErrorKind } = {},
  ): GateDenial => ({
    gate,
    code,
    kind: more.kind ?? kind,
    reason,
    severity: more.severity ?? 'error',
    remedy,
    retryable: more.retryable ?? false,
  });
}
