export type { GateErrorCode } from './added-gate.ts';
export { budgetExceededCode } from './budget-gate.ts';
export { checkCapability, findConsent } from './capability-gate.ts';
export type {
  ConsentFact,
  EngineFacts,
  ImplementationFact,
  InputFact,
  PolicyFacts,
  PostFacts,
  PreFacts,
  SecretLeak,
} from './facts.ts';
export { GATE_IDS, type Gate, type GateCode, type GateDenial, type GateId, type Verdict } from './gate.ts';
export { createPipeline, type GateOutcome, type Pipeline, type PipelineOutcome } from './pipeline.ts';
export { secretsGate } from './secrets-gate.ts';
