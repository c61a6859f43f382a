import { type Static, Type } from '@sinclair/typebox';
import { ArtifactKind } from './artifact.ts';
import { Budget, FullBudget } from './budget.ts';
import {
  ArtifactName,
  CapabilityId,
  CLOSED,
  Code,
  Count,
  Determinism,
  EngineId,
  Message,
  Mime,
  mapOf,
  OperationName,
  Sha256,
  ShortId,
  Timestamp,
  Version,
} from './primitives.ts';

/** A JSON Schema (draft 2020-12) in the dialect that `compileParamsSchema` accepts. */
const ParamsSchema = mapOf(Type.Unknown());

export const OutputDeclaration = Type.Object(
  {
    /** Label of the output, or its pattern's fixed part; what a planner looks for in `outputs[].name`. */
    name: ArtifactName,
    /** Any kind but `bundle`: an engine writes bytes, and only the store makes bundles. */
    kind: Type.Exclude(ArtifactKind, Type.Literal('bundle')),
    mime: Mime,
    description: Type.Optional(Message),
    /** Whether it is evidence rather than an output. */
    evidence: Type.Optional(Type.Boolean()),
    optional: Type.Optional(Type.Boolean()),
  },
  CLOSED,
);
export type OutputDeclaration = Static<typeof OutputDeclaration>;

export const OperationManifest = Type.Object(
  {
    title: Message,
    description: Message,
    params_schema: ParamsSchema,
    inputs: Type.Object(
      {
        min: Type.Integer({ minimum: 0, maximum: 1_000 }),
        max: Type.Integer({ minimum: 0, maximum: 1_000 }),
        description: Type.Optional(Message),
      },
      CLOSED,
    ),
    outputs: Type.Array(OutputDeclaration, { maxItems: 64 }),
    /** Capabilities the operation may use; a planner must ask for those it wants used. */
    capabilities: Type.Array(CapabilityId, { maxItems: 64 }),
    determinism_ceiling: Determinism,
    /** Codes the operation may end with besides the runtime's own (CONTRACT §15). */
    error_codes: Type.Array(Code, { maxItems: 128 }),
    /** Ids of secrets whose value the engine wants to see itself. Policy must allow each (CONTRACT §9). */
    readable_secrets: Type.Optional(Type.Array(ShortId, { maxItems: 32, uniqueItems: true })),
  },
  CLOSED,
);
export type OperationManifest = Static<typeof OperationManifest>;

export const Implementation = Type.Object(
  {
    id: ShortId,
    kind: Type.Union([Type.Literal('builtin'), Type.Literal('external')]),
    /** External tool, for `external`; started only through the subprocess wrapper. */
    tool: Type.Optional(ShortId),
    description: Type.Optional(Message),
    /** Operations it does; absent: all of the engine. */
    operations: Type.Optional(Type.Array(OperationName, { minItems: 1, maxItems: 64, uniqueItems: true })),
    /** The most it promises, where that is less than its operations do: what a tool does is D1 at best (CONTRACT §6). */
    determinism_ceiling: Type.Optional(Determinism),
    /** What it needs besides the capabilities of the operation; `proc.exec:<tool>` for an external one. */
    capabilities: Type.Optional(Type.Array(CapabilityId, { maxItems: 16 })),
    /** Fields that take the place of the engine's default budget. */
    default_budget: Type.Optional(Budget),
  },
  CLOSED,
);
export type Implementation = Static<typeof Implementation>;

/** What an engine says of itself. Written by the SDK's build from `defineEngine`; never hand-edited. */
export const EngineManifest = Type.Object(
  {
    schema_version: Type.Literal('mex.engine@1.0'),
    engine_id: EngineId,
    engine_version: Version,
    title: Message,
    description: Message,
    package: Type.Object({ name: ShortId, version: Version }, CLOSED),
    contract_version: Type.Literal('mex-1.0'),
    operations: Type.Record(OperationName, OperationManifest, { ...CLOSED, minProperties: 1 }),
    implementations: Type.Array(Implementation, { minItems: 1, maxItems: 16 }),
    determinism_ceiling: Determinism,
    /** Gates beyond the six that must pass, e.g. `G-SECRETS`. */
    required_gates: Type.Array(ShortId, { maxItems: 16 }),
    default_budget: FullBudget,
    budget_ceilings: FullBudget,
    bundle: Type.Object({ sha256: Sha256, size_bytes: Count }, CLOSED),
    /** WebAssembly modules in the bundle that the engine wants to run. Only those that the runtime knows are served. */
    webassembly: Type.Optional(Type.Array(Sha256, { minItems: 1, maxItems: 4, uniqueItems: true })),
    /**
     * The engine's own vectors: digest of the canonical bundle index of the package's folder `conformance/`, and how many
     * there are. Written by the build, so that what binds this manifest binds the vectors (CONTRACT §15).
     */
    conformance_vectors: Type.Optional(Type.Object({ sha256: Sha256, count: Count }, CLOSED)),
  },
  { ...CLOSED, $id: 'mex:engine-manifest' },
);
export type EngineManifest = Static<typeof EngineManifest>;

/** One registered engine: its manifest, and where the bundle is (relative to the registry file, `/`-separated). */
export const RegistryEntry = Type.Object(
  {
    manifest: EngineManifest,
    bundle_path: Type.String({ minLength: 1, maxLength: 4_096 }),
    added_at: Type.Optional(Timestamp),
    disabled: Type.Optional(Type.Boolean()),
    /** DSSE envelope; checked against the digest when certificates are required. */
    certificate: Type.Optional(Type.Unknown()),
  },
  { ...CLOSED, $id: 'mex:registry-entry' },
);
export type RegistryEntry = Static<typeof RegistryEntry>;

/** `mechanical_engines.json` (CONTRACT §10). Entries are parsed one by one, so that a broken one disables only itself. */
export const RegistryDocument = Type.Object(
  {
    schema_version: Type.Literal('mex.registry@1.0'),
    engines: mapOf(Type.Array(Type.Unknown(), { maxItems: 64 })),
  },
  { ...CLOSED, $id: 'mex:registry' },
);
export type RegistryDocument = Static<typeof RegistryDocument>;
