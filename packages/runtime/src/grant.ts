import type { EngineManifest, FullBudget, Implementation, IsolationTier, OperationManifest } from '@mex/envelope';

export interface GrantedCapability {
  readonly capabilityId: string;
  readonly consentId: string | undefined;
}

/** What one operation may do, decided once and carried (ARCHITECTURE "Decide once, carry the Grant"). */
export interface Grant {
  readonly opId: string;
  readonly tier: Exclude<IsolationTier, 'none'>;
  readonly capabilities: readonly GrantedCapability[];
  readonly budget: FullBudget;
  readonly manifest: EngineManifest;
  /** As the implementation does it. */
  readonly operation: OperationManifest;
  readonly implementation: Implementation;
  /** Digest of the grant and of everything it was based on. */
  readonly sha256: string;
}
