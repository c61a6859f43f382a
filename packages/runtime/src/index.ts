export type { RuntimeErrorCode } from './errors.ts';
export type { EntityResolver, PolicySource } from './facts.ts';
export type { Caller } from './planned.ts';
export { DEFAULT_QUOTA, type QuotaLimits } from './quota.ts';
export { createRuntime, type ExecuteOptions, type Runtime, type RuntimeOptions } from './runtime.ts';
export { createThreadTier, type ThreadTierOptions } from './sandbox/thread/host.ts';
export type { EngineCode, Job, JobOutcome, KillReason, SandboxTier, TierUsage } from './sandbox/tier.ts';
