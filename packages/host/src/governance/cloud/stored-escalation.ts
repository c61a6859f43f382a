import type { ArtifactStore } from '@mex/artifacts';
import {
  type ArtifactHandle,
  CHECKERS,
  canonicalBytes,
  MexError,
  type PlannedOperation,
  type ProjectionPlan,
  parseOperation,
  parseStrictJson,
} from '@mex/envelope';
import { cloudError } from './cloud-errors.ts';

/** An escalation as it waits for a person, in the artifact store; what approves it is bound to its operation's digest. */
export interface StoredEscalation {
  readonly operation: PlannedOperation;
  readonly plan: ProjectionPlan;
}

const NAME = 'escalation.json';

export async function keepEscalation(store: ArtifactStore, escalation: StoredEscalation): Promise<void> {
  await store.put(canonicalBytes({ ...escalation }), {
    kind: 'report',
    mime: 'application/json',
    layer: 'evidence',
    name: NAME,
    created_by: { op_id: escalation.operation.op_id },
    exportable: false,
    pinned: true,
  });
}

export async function keepPayload(
  store: ArtifactStore,
  payload: Uint8Array,
  requestId: string,
): Promise<ArtifactHandle> {
  return store.put(payload, {
    kind: 'prompt_payload',
    mime: 'application/json',
    layer: 'evidence',
    name: 'payload.json',
    created_by: { op_id: requestId },
    pinned: true,
  });
}

/**
 * Finds an escalation by its request. That it is the one that was held, the approval says: it fits its exact operation only.
 * @throws MexError `CLOUD_REQUEST_UNKNOWN`
 */
export async function findEscalation(store: ArtifactStore, requestId: string): Promise<StoredEscalation> {
  const { artifacts } = await store.list({ op: requestId, kind: 'report', limit: 100 });
  for (const { content_hash, filename_hint } of artifacts) {
    const found = filename_hint === NAME ? readEscalation(await store.get(content_hash)) : undefined;
    if (found?.operation.op_id === requestId) return found;
  }
  throw cloudError(
    'CLOUD_REQUEST_UNKNOWN',
    `This home knows no escalation ${requestId.slice(0, 64)}.`,
    'Begin it again with what is to be sent.',
  );
}

function readEscalation(bytes: Uint8Array): StoredEscalation | undefined {
  try {
    const value = parseStrictJson(bytes);
    if (typeof value !== 'object' || value === null || !('plan' in value) || !('operation' in value)) return undefined;
    const { plan, operation } = value;
    if (!CHECKERS.projectionPlan.check(plan) || typeof operation !== 'object' || operation === null) return undefined;
    return { plan, operation: parseOperation(operation) };
  } catch (error) {
    // Something else under that name.
    if (error instanceof MexError) return undefined;
    throw error;
  }
}
