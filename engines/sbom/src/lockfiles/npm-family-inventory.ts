import type {
  LockfileInventory,
  PackageEntry,
  PackageHash,
  PackageSource,
  ReadWarning,
  WarningCode,
} from '../model.ts';
import { type DependencyGroup, groupBit, type Marks, markReach, type ReachNode } from './npm-family-reach.ts';
import { toldByAddress, withoutBuild } from './npm-family-source.ts';
import { quote } from './npm-family-text.ts';

/** What a reader found out about one package; the same package may be found many times. */
export interface FoundPackage {
  readonly name: string;
  readonly version?: string | undefined;
  readonly source: PackageSource;
  readonly hashes?: readonly PackageHash[];
  readonly licenses?: readonly string[];
  /** The name it is installed under, whether or not that differs from `name`. */
  readonly installedAs?: string;
  /** Set when the lockfile itself marks it; otherwise reachability decides. */
  readonly marks?: Marks;
}

interface Draft extends ReachNode {
  readonly name: string;
  readonly version: string | undefined;
  source: PackageSource;
  readonly hashes: PackageHash[];
  readonly licenses: string[];
  alias: string | undefined;
  marks: Marks | undefined;
}

/** Different hashes or licenses kept for one package that is listed many times. */
const MAX_MERGED = 32;
const MAX_WARNINGS = 200;
const MAX_NAME = 1024;
const MAX_ADDRESS = 8192;

/**
 * Collects packages and edges of one lockfile, one entry per distinct (name, version, source), and turns them into an
 * inventory whose order depends on content only (by code unit).
 */
export class InventoryDraft {
  readonly #drafts = new Map<string, Draft>();
  readonly #warnings: ReadWarning[] = [];
  #suppressed = 0;

  /** Adds a package or merges it into the one already known; its key, or `undefined` when its name or version cannot be real. */
  add(found: FoundPackage): string | undefined {
    const version = found.version === '' ? undefined : found.version;
    if (!isUsable(found, version)) {
      this.warn(
        'SBOM_ENTRY_SKIPPED',
        `${quote(found.name)} ${quote(version ?? '')} is no package name and version; left out.`,
      );
      return undefined;
    }
    this.#warnOfAddress(found);
    const name = found.name.toWellFormed();
    const key = keyOf(name, version?.toWellFormed(), found.source);
    const draft = this.#drafts.get(key) ?? this.#create(key, name, version?.toWellFormed(), found);
    if (draft.source.url === undefined && found.source.url !== undefined) draft.source = wellFormed(found.source);
    for (const hash of found.hashes ?? []) {
      const isNew = draft.hashes.length < MAX_MERGED && !draft.hashes.some((known) => known.hex === hash.hex);
      if (isNew) draft.hashes.push(hash);
    }
    for (const license of found.licenses ?? []) {
      const isNew = draft.licenses.length < MAX_MERGED && !draft.licenses.includes(license.toWellFormed());
      if (isNew) draft.licenses.push(license.toWellFormed());
    }
    const alias = found.installedAs === undefined || found.installedAs === found.name ? undefined : found.installedAs;
    if (alias !== undefined && (draft.alias === undefined || alias < draft.alias)) draft.alias = alias.toWellFormed();
    if (found.marks !== undefined) this.mark(key, found.marks);
    return key;
  }

  /** Package managers install what lies at the address: a name or version beside it that says something else is a lie. */
  #warnOfAddress({ name, version, source }: FoundPackage): void {
    const told = source.kind === 'registry' || source.kind === 'url' ? toldByAddress(source.url ?? '') : undefined;
    if (told === undefined || (told.name === name && withoutBuild(told.version) === withoutBuild(version ?? '')))
      return;
    const message = `${quote(`${name}@${version ?? ''}`)} is fetched from ${quote(source.url ?? '')}, the address of ${quote(`${told.name}@${told.version}`)}.`;
    this.warn('SBOM_ADDRESS_DIFFERS', message);
  }

  /** Marks one instance of a package: the package is `dev` or `optional` only if all its instances are. */
  mark(key: string, marks: Marks): void {
    const draft = this.#drafts.get(key);
    if (draft === undefined) return;
    const before = draft.marks ?? { dev: true, optional: true };
    draft.marks = { dev: before.dev && marks.dev, optional: before.optional && marks.optional };
  }

  #create(key: string, name: string, version: string | undefined, found: FoundPackage): Draft {
    const draft: Draft = {
      name,
      version,
      source: wellFormed(found.source),
      hashes: [],
      licenses: [],
      alias: undefined,
      marks: undefined,
      edges: undefined,
      groups: 0,
      isRoot: found.source.kind === 'workspace',
    };
    this.#drafts.set(key, draft);
    return draft;
  }

  /** Records that `from` depends on `to`; an edge found both ways counts as not optional. */
  addEdge(from: string, to: string, optional: boolean): void {
    const draft = this.#drafts.get(from);
    if (draft === undefined || from === to) return;
    draft.edges ??= new Map();
    draft.edges.set(to, (draft.edges.get(to) ?? true) && optional);
  }

  /** Records that the project (its root or a workspace member) depends on `key`. */
  addDirect(key: string, group: DependencyGroup): void {
    const draft = this.#drafts.get(key);
    if (draft !== undefined) draft.groups |= groupBit(group);
  }

  warn(code: WarningCode, message: string, line?: number): void {
    if (this.#warnings.length >= MAX_WARNINGS) this.#suppressed++;
    else this.#warnings.push(line === undefined ? { code, message } : { code, message, line });
  }

  warnAll(warnings: readonly (ReadWarning | undefined)[]): void {
    for (const warning of warnings) if (warning !== undefined) this.warn(warning.code, warning.message, warning.line);
  }

  /** Keys without an incoming edge: the best guess at direct dependencies when no manifest says. */
  undemanded(): string[] {
    const demanded = new Set<string>();
    for (const draft of this.#drafts.values()) for (const to of draft.edges?.keys() ?? []) demanded.add(to);
    return [...this.#drafts.keys()].filter((key) => !demanded.has(key));
  }

  finish(about: Pick<LockfileInventory, 'path' | 'format' | 'root' | 'graph'>): LockfileInventory {
    const isMarked = [...this.#drafts.values()].every((draft) => draft.marks !== undefined);
    const marks = isMarked ? undefined : markReach(this.#drafts);
    const keys = [...this.#drafts.keys()].sort();
    const packages: PackageEntry[] = [];
    const direct: string[] = [];
    const edges = new Map<string, readonly string[]>();
    for (const key of keys) {
      const draft = this.#drafts.get(key);
      if (draft === undefined) continue;
      packages.push(entryOf(key, draft, draft.marks ?? marks?.get(key) ?? { dev: false, optional: false }));
      if (draft.groups !== 0) direct.push(key);
      if (draft.edges !== undefined) edges.set(key, [...draft.edges.keys()].sort());
    }
    return { ...about, type: 'npm', packages, direct, edges, warnings: this.#allWarnings() };
  }

  #allWarnings(): ReadWarning[] {
    if (this.#suppressed === 0) return this.#warnings;
    const message = `${this.#suppressed} further warnings about this file are not listed.`;
    return [...this.#warnings, { code: 'SBOM_ENTRY_SKIPPED', message }];
  }
}

function byAlgorithm(a: PackageHash, b: PackageHash): number {
  const [left, right] = [`${a.algorithm} ${a.hex}`, `${b.algorithm} ${b.hex}`];
  return left < right ? -1 : left > right ? 1 : 0;
}

function entryOf(key: string, draft: Draft, marks: Marks): PackageEntry {
  return {
    key,
    type: 'npm',
    name: draft.name,
    ...(draft.version === undefined ? {} : { version: draft.version }),
    source: draft.source,
    hashes: draft.hashes.length > 1 ? draft.hashes.sort(byAlgorithm) : draft.hashes,
    licenses: draft.licenses.length > 1 ? draft.licenses.sort() : draft.licenses,
    dev: marks.dev,
    optional: marks.optional,
    ...(draft.alias === undefined ? {} : { alias: draft.alias }),
  };
}

/** A registry's name and version say it all; everything else needs its source to be told apart. */
function keyOf(name: string, version: string | undefined, source: PackageSource): string {
  const pinned = version === undefined ? name : `${name}@${version}`;
  if (source.kind === 'registry') return pinned;
  return `${pinned}|${source.kind}:${(source.url ?? '').toWellFormed()}${source.commit === undefined ? '' : `#${source.commit}`}`;
}

function wellFormed(source: PackageSource): PackageSource {
  return source.url === undefined ? source : { ...source, url: source.url.toWellFormed() };
}

function isUsable(found: FoundPackage, version: string | undefined): boolean {
  if (found.name.length > MAX_NAME || (version?.length ?? 0) > MAX_NAME) return false;
  if ((found.source.url?.length ?? 0) > MAX_ADDRESS) return false;
  // eslint-disable-next-line no-control-regex -- these are what must not get in
  if (/[\u0000-\u0020\u007f|]/.test(version ?? '') || /[\u0000-\u001f\u007f]/.test(found.name)) return false;
  // Local directories may be known by their path only; what is fetched has a package name.
  if (found.source.kind === 'workspace' || found.source.kind === 'path') return found.name !== '';
  return /^(?:@[^/@|\s\\]+\/)?[^/@|\s\\]+$/.test(found.name) && !/(?:^|\/)\.{1,2}$/.test(found.name);
}
