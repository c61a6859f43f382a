import type { Checker, EngineManifest, ErrorData, FullBudget, Implementation, OperationManifest } from '@mex/envelope';
import type { CertificateStanding } from '@mex/registry';

/** An explicit consent record from the operator's store (CONTRACT §7). Times are ms since 1970. */
export interface ConsentFact {
  readonly consentId: string;
  readonly capabilityId: string;
  readonly actorId: string;
  readonly validUntil: number;
  readonly revoked: boolean;
}

/** Which implementation does the operation, or why the one that policy names cannot (CONTRACT §10). */
export type ImplementationFact =
  | { readonly implementation: Implementation; readonly error?: undefined }
  | { readonly implementation?: undefined; readonly error: ErrorData };

/** What the registry answered for this operation. */
export type EngineFacts =
  | { readonly found: false; readonly error: ErrorData }
  | {
      readonly found: true;
      readonly manifest: EngineManifest;
      readonly manifestSha256: string;
      /** As the implementation does it, with what that needs. Absent when the engine has no such operation. */
      readonly operation: OperationManifest | undefined;
      readonly implementation: ImplementationFact;
      readonly params: Checker<Record<string, unknown>> | undefined;
      /** Digest of the bundle bytes that would run; absent when they could not be read. */
      readonly loadedBundleSha256: string | undefined;
      /** Who vouches for exactly this bundle; whether that is in force is judged by `now`. */
      readonly certificate: CertificateStanding;
    };

/** State of one input, looked up in the store before the gates are asked. */
export interface InputFact {
  readonly state: 'present' | 'missing' | 'mismatch' | 'unresolved-entity';
  readonly detail?: string;
}

/** Policy as it applies to this caller and engine: the operator's word, never the planner's. */
export interface PolicyFacts {
  /** Capabilities of the profile in force; `undefined` when a named profile does not exist. */
  readonly profile: readonly string[] | undefined;
  readonly profileId: string;
  /** Capabilities policy takes away, whatever a profile says. */
  readonly denied: readonly string[];
  /** Development switch: engines without a certificate may run (CONTRACT §10). One that is refused or over is no such. */
  readonly allowUncertified: boolean;
  /** `prod` requires a run budget (CONTRACT §9). */
  readonly requireRunBudget: boolean;
  /** Ids of consents of the caller that are in force and that the envelope does not name: for the remedy, they allow nothing. */
  readonly unnamedConsents?: readonly string[];
  /** Most any operation may spend; `undefined` leaves the engine's own ceilings. */
  readonly ceilings: Partial<FullBudget> | undefined;
  readonly sha256: string;
}

/** Everything the pre-gates may look at besides the operation. Collected once by the runtime. */
export interface PreFacts {
  /** Ms since 1970, read once. */
  readonly now: number;
  /** UTF-8 bytes of the canonical `params`. */
  readonly paramsBytes: number;
  readonly engine: EngineFacts;
  readonly inputs: readonly InputFact[];
  readonly policy: PolicyFacts;
  readonly consents: readonly ConsentFact[];
  /** Ids of the gates of the pipeline that is asked. */
  readonly gates: readonly string[];
  /** The authenticated caller; `undefined` when nobody vouches for it. */
  readonly caller: { readonly id: string; readonly kind: 'human' | 'agent' | 'system' } | undefined;
  /** Wall clock, CPU and so on after defaults: what would be granted. */
  readonly budget: FullBudget;
  readonly quota: { readonly exceeded: false } | { readonly exceeded: true; readonly reason: string };
  readonly circuit: 'closed' | 'half-open' | 'open';
  readonly runBudget: 'absent' | 'ok' | { readonly exhausted: string };
}

/** Everything the post-gates may look at besides operation and result. */
export interface PostFacts {
  readonly manifest: EngineManifest;
  readonly operation: OperationManifest;
  readonly granted: readonly string[];
  readonly usedCapabilities: readonly string[];
  readonly budget: FullBudget;
  readonly usage: FullBudget;
  /** UTF-8 bytes of the canonical `summary`. */
  readonly summaryBytes: number;
  /** Hashes of what the host holds of the engine's writes. It goes to the store only after these gates. */
  readonly stagedSha256: ReadonlySet<string>;
  /** Names of the outputs written, as declared. */
  readonly outputNames: readonly string[];
  /** Outside influences the operation had: `network`, `process`, `device`. D2 and D3 may have none. */
  readonly nondeterminism: readonly string[];
  /** Secrets that MEX handed out and that came back in the result: where, and in which form. Never a value. */
  readonly leaks: readonly SecretLeak[];
}

export interface SecretLeak {
  readonly secretId: string;
  /** `output "name"`, `log`, `summary`, `problem`, `name of an output`, `error`. */
  readonly where: string;
  readonly form: string;
}
