import { type Static, Type } from '@sinclair/typebox';
import { createChecker } from '../checker.ts';
import { ArtifactKind, ArtifactLayer } from './artifact.ts';
import { ArtifactName, CLOSED, Code, Count, EngineId, OperationName, Sha256, Timestamp, Uuid } from './primitives.ts';

const Days = Type.Integer({ minimum: 0, maximum: 36_500 });

/**
 * How long artifacts stay, in days, by layer or by kind; the longest window that applies to an artifact counts. What
 * has no window stays.
 */
export const RetentionDays = Type.Object(
  {
    raw: Type.Optional(Days),
    derived: Type.Optional(Days),
    evidence: Type.Optional(Days),
    log: Type.Optional(Days),
    cache: Type.Optional(Days),
    file: Type.Optional(Days),
    tool_output: Type.Optional(Days),
    transcript: Type.Optional(Days),
    dataset_slice: Type.Optional(Days),
    prompt_payload: Type.Optional(Days),
    report: Type.Optional(Days),
    bundle: Type.Optional(Days),
  },
  CLOSED,
);
export type RetentionDays = Static<typeof RetentionDays>;

/** What a collection has to know of one artifact. */
export const InventoryItem = Type.Object(
  {
    artifact_id: Uuid,
    sha256: Sha256,
    size_bytes: Count,
    layer: ArtifactLayer,
    kind: ArtifactKind,
    created_at: Timestamp,
    name: Type.Optional(ArtifactName),
    engine_id: Type.Optional(EngineId),
    operation: Type.Optional(OperationName),
    retention_ttl_days: Type.Optional(Days),
    pinned: Type.Optional(Type.Boolean()),
    /** What still needs it, e.g. `APPROVAL_OPEN`; the host's finding. */
    held_by: Type.Optional(Code),
  },
  CLOSED,
);
export type InventoryItem = Static<typeof InventoryItem>;

/** What a store held at one moment, as the janitor gets it (CONTRACT §5). */
export const ArtifactInventory = Type.Object(
  {
    schema_version: Type.Literal('mex.inventory@1.0'),
    taken_at: Timestamp,
    /** `false`: the store holds more, newer ones. */
    complete: Type.Boolean(),
    /** The oldest first. */
    artifacts: Type.Array(InventoryItem),
  },
  { ...CLOSED, $id: 'mex:artifact-inventory' },
);
export type ArtifactInventory = Static<typeof ArtifactInventory>;

/** `window`: younger than its window, or without one. `held`: something still needs it. */
export const SpareReason = Type.Union([
  Type.Literal('pinned'),
  Type.Literal('held'),
  Type.Literal('window'),
  Type.Literal('min_versions'),
]);
export type SpareReason = Static<typeof SpareReason>;

/** What a collection removes, and what it leaves and why; on the disk before anything is removed (CONTRACT §5). */
export const PruneReport = Type.Object(
  {
    schema_version: Type.Literal('mex.prune_report@1.0'),
    dry_run: Type.Boolean(),
    /** The moment that ages are measured at. */
    now: Timestamp,
    /** Digest of the inventory that was judged. */
    inventory_sha256: Sha256,
    policy: Type.Object({ retention_days: RetentionDays, min_versions: Count }, CLOSED),
    pruned: Type.Array(
      Type.Object(
        {
          artifact_id: Uuid,
          sha256: Sha256,
          size_bytes: Count,
          layer: ArtifactLayer,
          kind: ArtifactKind,
          created_at: Timestamp,
          name: Type.Optional(ArtifactName),
          /** The window that it is older than. */
          window_days: Days,
        },
        CLOSED,
      ),
    ),
    spared: Type.Array(
      Type.Object(
        {
          artifact_id: Uuid,
          reason: SpareReason,
          /** For `window`: until when; absent, it has no window. */
          until: Type.Optional(Timestamp),
          /** For `held`. */
          held_by: Type.Optional(Code),
        },
        CLOSED,
      ),
    ),
    totals: Type.Object(
      {
        scanned: Count,
        pruned: Count,
        /** Of contents that no spared artifact shares. */
        bytes: Count,
        pinned: Count,
        held: Count,
        window: Count,
        min_versions: Count,
      },
      CLOSED,
    ),
  },
  { ...CLOSED, $id: 'mex:prune-report' },
);
export type PruneReport = Static<typeof PruneReport>;

/** One checker a document, compiled at first use. */
export const RETENTION_CHECKERS = {
  inventory: createChecker(ArtifactInventory),
  pruneReport: createChecker(PruneReport),
} as const;
