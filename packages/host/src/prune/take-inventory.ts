import type { ArtifactStore } from '@mex/artifacts';
import type { ArtifactManifest } from '@mex/envelope';
import type { ArtifactInventory, InventoryItem } from '@mex/envelope/retention';
import type { Holds } from './holds.ts';

/** What one collection looks at; the rest is left to the next one. */
const MAX_INVENTORY = 200_000;

/**
 * Writes down what a store holds. Artifacts whose manifest cannot be read are not in it, so they stay.
 * @param now ms since 1970
 */
export async function takeInventory(store: ArtifactStore, holds: Holds, now: number): Promise<ArtifactInventory> {
  const artifacts: InventoryItem[] = [];
  let complete = true;
  for await (const page of store.walk()) {
    const room = MAX_INVENTORY - artifacts.length;
    artifacts.push(...page.artifacts.slice(0, room).map((manifest) => itemOf(manifest, holds)));
    complete = page.artifacts.length <= room;
    if (!complete) break;
  }
  return { schema_version: 'mex.inventory@1.0', taken_at: new Date(now).toISOString(), complete, artifacts };
}

function itemOf(manifest: ArtifactManifest, holds: Holds): InventoryItem {
  const { artifact_id, content_hash, size_bytes, layer, kind, created_at, created_by } = manifest;
  const { filename_hint: name, retention_ttl_days, pinned } = manifest;
  const held_by = holds.heldBy(manifest);
  return {
    artifact_id,
    sha256: content_hash,
    size_bytes,
    layer,
    kind,
    created_at,
    ...(name === undefined ? {} : { name }),
    ...(created_by.engine_id === undefined ? {} : { engine_id: created_by.engine_id }),
    ...(created_by.operation === undefined ? {} : { operation: created_by.operation }),
    ...(retention_ttl_days === undefined ? {} : { retention_ttl_days }),
    ...(pinned === true ? { pinned } : {}),
    ...(held_by === undefined ? {} : { held_by }),
  };
}
