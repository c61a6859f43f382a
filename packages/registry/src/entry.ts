import {
  CHECKERS,
  type Checker,
  compileParamsSchema,
  type EngineManifest,
  type OperationManifest,
  verifyCapabilities,
} from '@mex/envelope';
import { digestJson } from '@mex/envelope/digest';

/** Where a bundle's bytes come from, and what they must hash to. */
export interface BundleRef {
  /** `file:` URL or absolute path. */
  readonly location: string;
  readonly sha256: string;
  readonly sizeBytes: number;
}

/** An operation with its params checker, compiled at first use. */
export interface RegisteredOperation {
  readonly name: string;
  readonly manifest: OperationManifest;
  readonly params: () => Checker<Record<string, unknown>>;
}

/** An engine the runtime may be asked for. */
export interface RegisteredEngine {
  readonly manifest: EngineManifest;
  readonly manifestSha256: string;
  readonly bundle: BundleRef;
  readonly operations: ReadonlyMap<string, RegisteredOperation>;
  /** `absent` until a valid certificate for exactly this digest is registered (CONTRACT §10). */
  readonly certificate: 'absent';
  /** Who registered it: shipped with MEX, or added by the operator. */
  readonly origin: 'shipped' | 'added';
}

function memoize<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

/**
 * Checks a manifest and wraps it for lookups.
 * @throws MexError `ENVELOPE_INVALID`, `PARAMS_SCHEMA_UNSUPPORTED` or `HSK-4001`, when the manifest breaks the contract.
 */
export function registerManifest(
  manifest: unknown,
  location: string,
  origin: RegisteredEngine['origin'],
): RegisteredEngine {
  const parsed = CHECKERS.engineManifest.parse(manifest, 'The engine manifest');
  const operations = new Map<string, RegisteredOperation>();
  for (const [name, operation] of Object.entries(parsed.operations)) {
    verifyCapabilities(operation.capabilities, `Operation ${name} of ${parsed.engine_id}`);
    operations.set(name, {
      name,
      manifest: operation,
      params: memoize(() => compileParamsSchema(operation.params_schema)),
    });
  }
  return {
    manifest: parsed,
    manifestSha256: digestJson(parsed),
    bundle: { location, sha256: parsed.bundle.sha256, sizeBytes: parsed.bundle.size_bytes },
    operations,
    certificate: 'absent',
    origin,
  };
}
