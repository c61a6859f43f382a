import type { ArtifactHandle } from '@mex/envelope';
import { digestJson } from '@mex/envelope/digest';
import type { CODE_ENVIRONMENT } from '../environment.ts';
import type { Grant } from '../grant.ts';
import { type Planned, tenantOf } from '../planned.ts';

/** Capabilities whose use is a function of inputs and params alone. With any other an operation is never cached. */
const CLOSED_WORLD: ReadonlySet<string> = new Set(['fs.read:inputs', 'fs.write:artifacts']);

/**
 * Whether a result may answer an operation again (CONTRACT §6): D3, and nothing was granted that leads out of inputs and
 * outputs: no network, program, scope, device or secret, and nothing that rests on a consent.
 *
 * D2 is left out. It promises the same meaning, not the same bytes, and no manifest says yet in which form that meaning
 * is compared: a second run may give other bytes, and whoever keeps both could not say which one the engine stands for.
 */
export function isCacheable({ operation }: Planned, { capabilities }: Pick<Grant, 'capabilities'>): boolean {
  return (
    operation.determinism === 'D3' &&
    capabilities.every(({ capabilityId, consentId }) => consentId === undefined && CLOSED_WORLD.has(capabilityId))
  );
}

/** What a key is made of, besides the operation itself. */
export interface KeyParts {
  readonly grant: Pick<Grant, 'manifest' | 'budget' | 'capabilities'>;
  readonly manifestSha256: string;
  /** Resolved, in order. */
  readonly inputs: readonly ArtifactHandle[];
  /** Params, implementation and policy, by their digest. */
  readonly configHash: string;
  /** What the code runs on. */
  readonly environment: typeof CODE_ENVIRONMENT;
}

/**
 * Digest over everything that can matter to a result. In doubt a part is in it: a needless miss costs a run.
 *
 * - The budget is the granted one, as a whole: a run with less might have been ended, and what the cache answers must not
 *   depend on who ran it first with how much.
 * - The policy is in `configHash`, as a whole.
 * - The tier is not in it: D3 promises the same bytes in every tier. The served result names the tier it was made in.
 * - The caller is in it. A sandbox serves one tenant, because an engine keeps its module state from job to job; a result
 *   out of a sandbox that somebody else could prepare must not become the answer to everybody (CONTRACT §2).
 */
export function cacheKey({ operation, caller }: Planned, parts: KeyParts): string {
  const { grant, manifestSha256, inputs, configHash, environment } = parts;
  const { manifest, budget, capabilities } = grant;
  return digestJson({
    schema: 'mex.result_cache@2',
    tenant: tenantOf(caller),
    engine: [manifest.engine_id, manifest.engine_version, manifest.bundle.sha256, manifestSha256],
    operation: operation.operation,
    params: operation.params,
    inputs: inputs.map(({ sha256, size_bytes, mime, kind, name }) => [sha256, size_bytes, mime, kind, name ?? null]),
    output_spec: operation.output_spec,
    evidence_policy: operation.evidence_policy ?? null,
    determinism: operation.determinism,
    capabilities: capabilities.map(({ capabilityId }) => capabilityId).sort(),
    budget,
    config: configHash,
    environment,
  });
}
