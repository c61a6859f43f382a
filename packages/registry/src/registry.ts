import { type ErrorData, MexError, toErrorData } from '@mex/envelope';
import { digestJson } from '@mex/envelope/digest';
import semver from 'semver';
import { type RegisteredEngine, registerManifest } from './entry.ts';

/** Codes this package throws or reports. */
export type RegistryErrorCode =
  | 'REGISTRY_ENTRY_INVALID'
  | 'REGISTRY_DUPLICATE_ENGINE'
  | 'REGISTRY_UNREADABLE'
  | 'REGISTRY_BUNDLE_MISSING'
  | 'REGISTRY_BUNDLE_DIGEST'
  | 'HSK-4001';

/** An entry that was left out, and why. The others are there (CONTRACT §10). */
export interface DisabledEntry {
  readonly engineId: string;
  readonly error: ErrorData;
}

/** What a registry is made from. `manifest` is hostile until parsed. */
export interface EngineSource {
  readonly engineId: string;
  readonly manifest: unknown;
  /** `file:` URL or absolute path of the bundle. */
  readonly bundle: string;
  readonly origin: RegisteredEngine['origin'];
  readonly disabled?: boolean;
}

export type Resolution =
  | { readonly engine: RegisteredEngine; readonly error?: undefined }
  | { readonly engine?: undefined; readonly error: ErrorData };

export interface Registry {
  /** Usable engines, by id and then newest first. */
  readonly engines: readonly RegisteredEngine[];
  readonly disabled: readonly DisabledEntry[];
  /** Digest of everything registered: goes into records (CONTRACT §14 K). */
  readonly digest: string;
  /** The newest version of an engine that satisfies the range; without a range, the newest release. */
  resolve(engineId: string, versionRange?: string): Resolution;
}

/** Builds a registry. Never throws: a broken entry disables only itself and is listed in `disabled`. */
export function createRegistry(sources: readonly EngineSource[]): Registry {
  const disabled: DisabledEntry[] = [];
  const byId = new Map<string, RegisteredEngine[]>();
  for (const source of sources) {
    try {
      addEngine(byId, source);
    } catch (thrown) {
      disabled.push({ engineId: source.engineId, error: toErrorData(thrown) });
    }
  }
  for (const list of byId.values())
    list.sort((a, b) => semver.rcompare(a.manifest.engine_version, b.manifest.engine_version));
  const engines = [...byId.keys()].sort().flatMap((id) => byId.get(id) ?? []);
  let digest: string | undefined;
  return {
    engines,
    disabled,
    get digest() {
      digest ??= digestJson(engines.map((engine) => engine.manifestSha256));
      return digest;
    },
    resolve: (engineId, range) => resolveEngine(byId, disabled, engineId, range),
  };
}

function addEngine(byId: Map<string, RegisteredEngine[]>, source: EngineSource): void {
  if (source.disabled)
    throw entryError(source.engineId, 'it was disabled by the operator', 'Enable it in mechanical_engines.json.');
  const engine = registerManifest(source.manifest, source.bundle, source.origin);
  const id = engine.manifest.engine_id;
  if (id !== source.engineId)
    throw entryError(source.engineId, `its manifest is of ${id}`, 'Register it under its own engine_id.');
  const list = byId.get(id) ?? [];
  const twin = list.find((other) => other.manifest.engine_version === engine.manifest.engine_version);
  if (twin !== undefined || list.some((other) => other.origin !== engine.origin)) {
    throw new MexError<RegistryErrorCode>({
      code: 'REGISTRY_DUPLICATE_ENGINE',
      kind: 'integrity',
      message: `${id} ${engine.manifest.engine_version} is registered already; the first registration stays.`,
      remedy: `Remove one of the two: mex engines remove ${id}`,
    });
  }
  list.push(engine);
  byId.set(id, list);
}

function entryError(engineId: string, why: string, remedy: string): MexError<RegistryErrorCode> {
  return new MexError({
    code: 'REGISTRY_ENTRY_INVALID',
    kind: 'integrity',
    message: `Registry entry ${engineId}: ${why}.`,
    remedy,
  });
}

function resolveEngine(
  byId: ReadonlyMap<string, readonly RegisteredEngine[]>,
  disabled: readonly DisabledEntry[],
  engineId: string,
  range: string | undefined,
): Resolution {
  const list = byId.get(engineId);
  if (list === undefined) return { error: unknownEngine(disabled, engineId) };
  const wanted = range ?? '*';
  if (semver.validRange(wanted) === null) {
    return { error: versionError(engineId, `"${wanted.slice(0, 80)}" is not a semver range`, list) };
  }
  const options = {
    includePrerelease: list.every((engine) => semver.prerelease(engine.manifest.engine_version) !== null),
  };
  const engine = list.find((candidate) => semver.satisfies(candidate.manifest.engine_version, wanted, options));
  return engine ? { engine } : { error: versionError(engineId, `no registered version satisfies ${wanted}`, list) };
}

function unknownEngine(disabled: readonly DisabledEntry[], engineId: string): ErrorData {
  const broken = disabled.find((entry) => entry.engineId === engineId);
  if (broken === undefined) {
    return {
      code: 'ENGINE_UNKNOWN',
      kind: 'validation',
      message: `No engine "${engineId}" is registered.`,
      retryable: false,
      remedy: 'See what there is with: mex engines list',
    };
  }
  return { ...broken.error, code: 'ENGINE_DISABLED', message: `${engineId} is disabled: ${broken.error.message}` };
}

function versionError(engineId: string, why: string, list: readonly RegisteredEngine[]): ErrorData {
  const versions = list.map((engine) => engine.manifest.engine_version).join(', ');
  return {
    code: 'ENGINE_VERSION_UNSATISFIED',
    kind: 'validation',
    message: `${engineId}: ${why}.`,
    retryable: false,
    remedy: `Registered: ${versions}`,
  };
}
