import { type Static, Type } from '@sinclair/typebox';
import { BOUNDS } from '../bounds.ts';
import {
  ArtifactName,
  CLOSED,
  Count,
  Determinism,
  EngineId,
  Mime,
  OperationName,
  Sha256,
  ShortId,
  Timestamp,
  Uuid,
  Version,
} from './primitives.ts';

export const ArtifactKind = Type.Union([
  Type.Literal('file'),
  Type.Literal('tool_output'),
  Type.Literal('transcript'),
  Type.Literal('dataset_slice'),
  Type.Literal('prompt_payload'),
  Type.Literal('report'),
  Type.Literal('bundle'),
]);
export type ArtifactKind = Static<typeof ArtifactKind>;

/** How an artifact is named on the wire (CONTRACT §16). `sha256` is over its exact bytes. */
export const ArtifactHandle = Type.Object(
  {
    artifact_id: Uuid,
    sha256: Sha256,
    size_bytes: Count,
    mime: Mime,
    kind: ArtifactKind,
    name: Type.Optional(ArtifactName),
  },
  { ...CLOSED, $id: 'mex:artifact-handle' },
);
export type ArtifactHandle = Static<typeof ArtifactHandle>;

/** A reference to something the host application knows; its resolver turns it into an artifact. */
export const EntityRef = Type.Object(
  { entity_type: ShortId, entity_id: ShortId, name: Type.Optional(ArtifactName) },
  { ...CLOSED, $id: 'mex:entity-ref' },
);
export type EntityRef = Static<typeof EntityRef>;

export const ArtifactLayer = Type.Union([
  Type.Literal('raw'),
  Type.Literal('derived'),
  Type.Literal('evidence'),
  Type.Literal('log'),
  Type.Literal('cache'),
]);
export type ArtifactLayer = Static<typeof ArtifactLayer>;

/** Who made an artifact. Absent parts mean that no engine did: a person or the host put it in. */
export const ArtifactCreator = Type.Object(
  {
    actor_id: Type.Optional(ShortId),
    op_id: Type.Optional(Uuid),
    engine_id: Type.Optional(EngineId),
    engine_version: Type.Optional(Version),
    operation: Type.Optional(OperationName),
    implementation: Type.Optional(ShortId),
    config_hash: Type.Optional(Sha256),
    input_hashes: Type.Optional(Type.Array(Sha256, { maxItems: BOUNDS.maxInputs })),
    determinism: Type.Optional(Determinism),
  },
  CLOSED,
);
export type ArtifactCreator = Static<typeof ArtifactCreator>;

/** The sidecar manifest, `artifact.json` (CONTRACT §5). */
export const ArtifactManifest = Type.Object(
  {
    schema_version: Type.Literal('mex.artifact@1.0'),
    artifact_id: Uuid,
    layer: ArtifactLayer,
    kind: ArtifactKind,
    mime: Mime,
    filename_hint: Type.Optional(ArtifactName),
    created_at: Timestamp,
    created_by: ArtifactCreator,
    content_hash: Sha256,
    size_bytes: Count,
    classification: Type.Union([Type.Literal('low'), Type.Literal('medium'), Type.Literal('high')]),
    exportable: Type.Boolean(),
    retention_ttl_days: Type.Optional(Type.Integer({ minimum: 0, maximum: 36_500 })),
    pinned: Type.Optional(Type.Boolean()),
  },
  { ...CLOSED, $id: 'mex:artifact-manifest' },
);
export type ArtifactManifest = Static<typeof ArtifactManifest>;

/** One file of a bundle: `/`-separated NFC path below the bundle's root. */
export const BundleEntry = Type.Object(
  { path: Type.String({ minLength: 1, maxLength: BOUNDS.maxPathChars }), sha256: Sha256, size_bytes: Count },
  CLOSED,
);
export type BundleEntry = Static<typeof BundleEntry>;

/** What a bundle's digest is taken over: entries sorted by path in code-unit order (CONTRACT §5). */
export const BundleIndex = Type.Object(
  { schema_version: Type.Literal('mex.bundle@1.0'), entries: Type.Array(BundleEntry) },
  { ...CLOSED, $id: 'mex:bundle-index' },
);
export type BundleIndex = Static<typeof BundleIndex>;
