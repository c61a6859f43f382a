import { type ErrorData, MexError, quoteText, toErrorData } from '@mex/envelope';
import { digestJson } from '@mex/envelope/digest';
import compare from 'semver/functions/compare.js';
import prerelease from 'semver/functions/prerelease.js';
import rcompare from 'semver/functions/rcompare.js';
import satisfies from 'semver/functions/satisfies.js';
import subset from 'semver/ranges/subset.js';
import validRange from 'semver/ranges/valid.js';
import { checkCertificates } from './certificate.ts';
import { type RegisteredEngine, registerManifest } from './entry.ts';
import { entryError, type RegistryErrorCode } from './errors.ts';
import type { CertificateTrust } from './read-certificate.ts';

/** An entry that was left out, and why. The others are there (CONTRACT §10). */
export interface DisabledEntry {
  /** The id it was registered under, with `?` for characters that no record takes. */
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
  /** DSSE envelopes, as text or JSON value; hostile until checked. The best one counts. */
  readonly certificates?: readonly unknown[];
  /** Why the entry cannot be used, when whoever read it saw that already. */
  readonly fault?: string;
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

/** Nobody's word counts. */
const NO_TRUST: CertificateTrust = { keys: [], revoked: [] };

/**
 * Builds a registry. Never throws: a broken entry disables only itself and is listed in `disabled`.
 * @param trust whose certificates count; nobody's by default
 */
export function createRegistry(sources: readonly EngineSource[], trust: CertificateTrust = NO_TRUST): Registry {
  const disabled: DisabledEntry[] = [];
  const byId = new Map<string, RegisteredEngine[]>();
  for (const source of sources) {
    try {
      addEngine(byId, source, trust);
    } catch (thrown) {
      disabled.push({ engineId: recordableId(source.engineId), error: toErrorData(thrown) });
    }
  }
  for (const list of byId.values()) list.sort((a, b) => rcompare(versionOf(a), versionOf(b)));
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

/** Ids of a registry file are any text; events and Problems take short ones without white space (CONTRACT §11). */
function recordableId(engineId: string): string {
  const id = engineId.slice(0, 256).replace(/[\s\p{C}]/gu, '?');
  return id === '' ? '?' : id;
}

/** Whether every version of one range is one of another, too. */
export function isRangeWithin(range: string, whole: string): boolean {
  return subset(range, whole, { includePrerelease: true });
}

/** Whether a text is a semver range that versions can be held against. */
export function isVersionRange(text: string): boolean {
  return text.trim() !== '' && validRange(text) !== null;
}

function versionOf(engine: RegisteredEngine): string {
  return engine.manifest.engine_version;
}

function addEngine(byId: Map<string, RegisteredEngine[]>, source: EngineSource, trust: CertificateTrust): void {
  const { engineId, disabled, fault, certificates = [] } = source;
  if (disabled) throw disabledByOperator(engineId);
  if (fault !== undefined)
    throw entryError(engineId, fault, `Remove it and add it again: mex engines remove ${engineId}`);
  const engine = registerManifest(source.manifest, source.bundle, source.origin, (certified) =>
    checkCertificates(certificates, certified, trust),
  );
  const id = engine.manifest.engine_id;
  if (id !== engineId) throw entryError(engineId, `its manifest is of ${id}`, 'Register it under its own engine_id.');
  const list = byId.get(id) ?? [];
  verifyNew(list, engine);
  list.push(engine);
  byId.set(id, list);
}

function disabledByOperator(engineId: string): MexError<RegistryErrorCode> {
  const message = 'the operator disabled it.';
  return new MexError({
    code: 'ENGINE_DISABLED',
    kind: 'policy',
    message,
    remedy: `Enable it: mex engines enable ${engineId}`,
  });
}

/** Versions that differ in build metadata only have no order, so there would be no telling which one runs. */
function verifyNew(list: readonly RegisteredEngine[], engine: RegisteredEngine): void {
  const id = engine.manifest.engine_id;
  const twin = list.find((other) => compare(versionOf(other), versionOf(engine)) === 0);
  const first = list[0];
  const isForeign = first !== undefined && first.origin !== engine.origin;
  if (twin === undefined && !isForeign) return;
  const there = isForeign
    ? `${id} is ${first.origin === 'shipped' ? 'shipped with MEX' : 'registered by the operator'}`
    : `${id} ${versionOf(engine)} is registered`;
  throw new MexError<RegistryErrorCode>({
    code: 'REGISTRY_DUPLICATE_ENGINE',
    kind: 'integrity',
    message: `${there} already; the first registration stays.`,
    remedy: `Remove one of the two (mex engines remove ${id}), or give it an id or a version of its own.`,
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
  const wanted = validRange(range ?? '*');
  if (wanted === null)
    return { error: versionError(engineId, `${quoteText(range ?? '')} is not a semver range`, list) };
  const options = { includePrerelease: list.every((engine) => prerelease(versionOf(engine)) !== null) };
  const engine = list.find((candidate) => satisfies(versionOf(candidate), wanted, options));
  return engine
    ? { engine }
    : { error: versionError(engineId, `no registered version satisfies ${wanted || '*'}`, list) };
}

function unknownEngine(disabled: readonly DisabledEntry[], engineId: string): ErrorData {
  const broken = disabled.find((entry) => entry.engineId === engineId);
  if (broken === undefined) {
    return {
      code: 'ENGINE_UNKNOWN' satisfies RegistryErrorCode,
      kind: 'validation',
      message: `No engine ${quoteText(engineId)} is registered.`,
      retryable: false,
      remedy: 'See what there is with: mex engines list',
    };
  }
  const code = 'ENGINE_DISABLED' satisfies RegistryErrorCode;
  return { ...broken.error, code, message: `${engineId} is disabled: ${broken.error.message}` };
}

function versionError(engineId: string, why: string, list: readonly RegisteredEngine[]): ErrorData {
  return {
    code: 'ENGINE_VERSION_UNSATISFIED' satisfies RegistryErrorCode,
    kind: 'validation',
    message: `${engineId}: ${why}.`,
    retryable: false,
    remedy: `Registered: ${list.map(versionOf).join(', ')}`,
  };
}
