import type { ArtifactHandle, EngineResult, FullBudget, ResultError, ResultStatus } from '@mex/envelope';
import { clipText } from '@mex/envelope';
import { digestJson } from '@mex/envelope/digest';
import type { GateDenial } from '@mex/gates';
import { advisoryVersion } from './advisory-version.ts';
import { emptyUsage } from './budgets.ts';
import { describeEnvironment } from './environment.ts';
import type { Grant } from './grant.ts';
import type { Planned } from './planned.ts';

/** What an operation came to, before it is written as an EngineResult. */
export interface Ending {
  readonly status: ResultStatus;
  readonly outputs: readonly ArtifactHandle[];
  readonly evidence: readonly ArtifactHandle[];
  readonly errors: readonly ResultError[];
  readonly summary: Readonly<Record<string, unknown>> | undefined;
  readonly logsRef: ArtifactHandle | undefined;
}

export function denialError(denial: GateDenial): ResultError {
  return {
    code: denial.code,
    kind: denial.kind,
    message: clipText(denial.reason, 2_000),
    retryable: denial.retryable,
    remedy: clipText(denial.remedy, 2_000),
    gate: denial.gate,
  };
}

function inputHashes(planned: Planned, inputs: readonly ArtifactHandle[] | undefined): string[] {
  if (inputs !== undefined) return inputs.map((input) => input.sha256);
  return planned.operation.inputs.flatMap((input) => ('sha256' in input ? [input.sha256] : []));
}

/** The result of an operation that never ran. */
export function deniedResult(planned: Planned, error: ResultError, budget: FullBudget, now: number): EngineResult {
  const { operation } = planned;
  return {
    schema_version: 'mex.engine_result@1.0',
    op_id: operation.op_id,
    status: 'denied',
    started_at: new Date(planned.startedAt).toISOString(),
    ended_at: new Date(now).toISOString(),
    outputs: [],
    evidence: [],
    provenance: {
      engine_id: operation.engine_id,
      operation: operation.operation,
      inputs: inputHashes(planned, undefined),
      outputs: [],
      operation_sha256: planned.sha256,
      capabilities_granted: [],
      determinism: operation.determinism,
      environment: describeEnvironment('none'),
    },
    errors: [error],
    budget,
    usage: emptyUsage(),
  };
}

/** Digest of what configured the run and may change its outcome, besides inputs and environment (CONTRACT §4). */
export function configHash(planned: Planned, policySha256: string, implementation = 'builtin'): string {
  return digestJson({
    implementation,
    operation: planned.operation.operation,
    params: planned.operation.params,
    policy: policySha256,
  });
}

/** The result of an operation that ran. */
export function ranResult(
  planned: Planned,
  grant: Grant,
  inputs: readonly ArtifactHandle[],
  config: string,
  usage: FullBudget,
  ending: Ending,
  now: number,
  toolVersions: Readonly<Record<string, string>> = {},
): EngineResult {
  const { operation } = planned;
  return {
    schema_version: 'mex.engine_result@1.0',
    op_id: operation.op_id,
    status: ending.status,
    started_at: new Date(planned.startedAt).toISOString(),
    ended_at: new Date(now).toISOString(),
    outputs: [...ending.outputs],
    evidence: [...ending.evidence],
    provenance: {
      engine_id: operation.engine_id,
      engine_version: grant.manifest.engine_version,
      operation: operation.operation,
      implementation: grant.implementation.id,
      bundle_sha256: grant.manifest.bundle.sha256,
      inputs: inputHashes(planned, inputs),
      outputs: ending.outputs.map((output) => output.sha256),
      config_hash: config,
      operation_sha256: planned.sha256,
      capabilities_granted: grant.capabilities.map(({ capabilityId, consentId }) =>
        consentId === undefined
          ? { capability_id: capabilityId }
          : { capability_id: capabilityId, consent_id: consentId },
      ),
      determinism: operation.determinism,
      environment: describeEnvironment(
        grant.tier,
        toolVersions,
        advisoryVersion([...inputs, ...ending.outputs, ...ending.evidence]),
      ),
    },
    errors: [...ending.errors],
    budget: grant.budget,
    usage: { ...usage },
    ...(ending.summary === undefined ? {} : { summary: { ...ending.summary } }),
    ...(ending.logsRef === undefined ? {} : { logs_ref: ending.logsRef }),
  };
}
