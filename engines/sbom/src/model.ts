/**
 * What every lockfile reader produces: one ecosystem-neutral inventory. The SBOM writers
 * (CycloneDX, SPDX) know only this model and no lockfile format.
 */

/** purl types (package-url specification) of the ecosystems whose lockfiles are read. */
export type PackageType = 'npm' | 'cargo' | 'golang' | 'pypi' | 'gem' | 'composer';

/** Where a package comes from. `workspace` is a member of the scanned project itself. */
export type SourceKind = 'registry' | 'git' | 'url' | 'path' | 'workspace';

export interface PackageSource {
  readonly kind: SourceKind;
  /** Where it is fetched from, credentials removed; absent when the lockfile does not say. */
  readonly url?: string;
  /** Full commit id, for git sources that pin one. */
  readonly commit?: string;
}

/** A digest a lockfile pins, lower-case hex. */
export interface PackageHash {
  readonly algorithm: 'MD5' | 'SHA-1' | 'SHA-256' | 'SHA-384' | 'SHA-512';
  readonly hex: string;
}

export interface PackageEntry {
  /** Unique within its inventory and stable for equal input; edges refer to it. */
  readonly key: string;
  /** `other`: of an ecosystem that no reader here knows; a tool found it. */
  readonly type: PackageType | 'other';
  /** The package's real name as its registry knows it (aliases resolved): npm with scope, Go module path, Composer `vendor/name`. */
  readonly name: string;
  /** Absent when the lockfile pins none (a path dependency, say). */
  readonly version?: string;
  readonly source: PackageSource;
  readonly hashes: readonly PackageHash[];
  /** License texts as declared in the lockfile: SPDX expressions or whatever the author wrote. */
  readonly licenses: readonly string[];
  /** Reached only through development dependencies. */
  readonly dev: boolean;
  /** Reached only through optional dependencies: may be absent from an installation. */
  readonly optional: boolean;
  /** The name it is installed under, when that differs from `name`. */
  readonly alias?: string;
  /** As a tool wrote it, where it is not what `purlOf` would make of the rest. */
  readonly purl?: string;
}

export interface LockfileInventory {
  /** `/`-separated path of the lockfile below the scanned directory. */
  readonly path: string;
  /** e.g. `npm-lock-v3`, `pnpm-lock-v9`, `yarn-v1`, `yarn-berry`, `cargo-lock`. */
  readonly format: string;
  readonly type: PackageType;
  /** The project the lockfile belongs to, as far as lockfile or manifest say. */
  readonly root: { readonly name?: string; readonly version?: string; readonly licenses?: readonly string[] };
  readonly packages: readonly PackageEntry[];
  /** Keys of packages the root (and its workspaces) depend on directly. */
  readonly direct: readonly string[];
  /** key → keys it depends on. A key without an entry has no known dependencies. */
  readonly edges: ReadonlyMap<string, readonly string[]>;
  /** `complete`: the lockfile records edges for everything; `none`: the format has no edges (go.sum, requirements.txt). */
  readonly graph: 'complete' | 'partial' | 'none';
  /** Things a person should know that do not stop the reading. */
  readonly warnings: readonly ReadWarning[];
}

export interface ReadWarning {
  readonly code: WarningCode;
  readonly message: string;
  /** 1-based, where known. */
  readonly line?: number;
}

export type WarningCode =
  | 'SBOM_ENTRY_SKIPPED'
  | 'SBOM_UNRESOLVED_DEPENDENCY'
  | 'SBOM_UNPINNED_REQUIREMENT'
  | 'SBOM_LOCKFILE_BEHIND'
  | 'SBOM_ADDRESS_DIFFERS'
  | 'SBOM_CONFLICT_MARKERS'
  | 'SBOM_MANIFEST_UNREADABLE'
  | 'SBOM_TOOL_DIFFERS';

export type ReadErrorCode =
  | 'SBOM_LOCKFILE_SYNTAX'
  | 'SBOM_LOCKFILE_SHAPE'
  | 'SBOM_LOCKFILE_VERSION'
  | 'SBOM_LOCKFILE_NOT_UTF8'
  | 'SBOM_LOCKFILE_TOO_LARGE'
  | 'SBOM_LOCKFILE_TOO_DEEP'
  | 'SBOM_LOCKFILE_UNREADABLE'
  | 'SBOM_LOCKFILE_NOT_COVERED';

/** One lockfile could not be read. Other lockfiles still are. */
export class LockfileError extends Error {
  readonly code: ReadErrorCode;
  readonly path: string;
  readonly line: number | undefined;
  readonly column: number | undefined;

  constructor(
    code: ReadErrorCode,
    path: string,
    message: string,
    place: { line?: number | undefined; column?: number | undefined; cause?: unknown } = {},
  ) {
    super(message, place.cause === undefined ? undefined : { cause: place.cause });
    this.name = 'LockfileError';
    this.code = code;
    this.path = path;
    this.line = place.line;
    this.column = place.column;
  }
}

/** What a reader gets: decoded text (strict UTF-8, BOM removed) and the files beside the lockfile. */
export interface LockfileInput {
  readonly path: string;
  readonly text: string;
  /** Text of another file, by path relative to the lockfile's directory; `undefined` when it does not exist. Used for manifests. */
  readonly sibling: (relativePath: string) => Promise<string | undefined>;
  /** All file paths below the scanned directory (for workspace manifests), `/`-separated, relative to the scanned directory. */
  readonly files: readonly string[];
}

/** One lockfile format. */
export interface LockfileReader {
  readonly id: string;
  readonly type: PackageType;
  /** Matches on the base name, e.g. `package-lock.json`. */
  readonly matches: (baseName: string) => boolean;
  /** @throws LockfileError when the file as a whole cannot be understood. */
  readonly read: (input: LockfileInput) => Promise<LockfileInventory>;
}
