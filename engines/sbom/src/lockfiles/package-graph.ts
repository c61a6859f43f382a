import type {
  LockfileInventory,
  PackageEntry,
  PackageHash,
  PackageSource,
  PackageType,
  ReadWarning,
  WarningCode,
} from '../model.ts';
import { type DependencyGroup, groupBit, type Marks, markReach, type ReachNode } from './npm-family-reach.ts';
import { quote } from './npm-family-text.ts';

/** One package as a lockfile lists it. */
export interface ListedPackage {
  readonly name: string;
  readonly version?: string | undefined;
  readonly source: PackageSource;
  readonly hashes?: readonly PackageHash[];
  readonly licenses?: readonly string[];
  readonly alias?: string | undefined;
  /** Set when the lockfile itself marks its packages; otherwise reachability from the direct dependencies decides. */
  readonly marks?: Marks;
}

interface Node extends ReachNode {
  readonly edges: Map<string, boolean>;
  readonly listed: ListedPackage;
  readonly hashes: Map<string, PackageHash>;
  marks: Marks | undefined;
}

/** Beyond these bounds a text is no package name, version or address. */
const MAX_NAME = 1024;
const MAX_ADDRESS = 4096;
const MAX_WARNINGS = 200;
/** Packages of one name (or one name and version) that a dependency can mean; real lockfiles have a dozen at most. */
const MAX_NAMESAKES = 100;

/**
 * Collects the packages and edges of one lockfile into an inventory: one entry per distinct (name, version, source),
 * in an order that depends on content only.
 */
export class PackageGraph {
  readonly #type: PackageType;
  readonly #nodes = new Map<string, Node>();
  readonly #byName = new Map<string, string[]>();
  readonly #warnings: ReadWarning[] = [];
  #suppressed = 0;

  constructor(type: PackageType) {
    this.#type = type;
  }

  /** Adds a package or merges it into the one already known; its key, or `undefined` when it cannot be a package. */
  add(found: ListedPackage): string | undefined {
    const listed = wellFormed(found);
    if (!isUsable(listed)) {
      this.warn('SBOM_ENTRY_SKIPPED', `${quote(listed.name)} ${quote(listed.version ?? '')} is no package; left out.`);
      return undefined;
    }
    const key = keyOf(listed);
    let node = this.#nodes.get(key);
    if (node === undefined) {
      const isRoot = listed.source.kind === 'workspace';
      node = { listed, hashes: new Map(), marks: listed.marks, edges: new Map(), groups: 0, isRoot };
      this.#nodes.set(key, node);
      this.#index(listed.name, key);
      if (listed.version !== undefined) this.#index(`${listed.name} ${listed.version}`, key);
    } else if (listed.marks !== undefined) {
      const { dev = true, optional = true } = node.marks ?? {};
      node.marks = { dev: dev && listed.marks.dev, optional: optional && listed.marks.optional };
    }
    for (const hash of listed.hashes ?? []) node.hashes.set(`${hash.algorithm} ${hash.hex}`, hash);
    return key;
  }

  /** Names hold no space, so a name and a version together cannot be mistaken for a name. */
  #index(id: string, key: string): void {
    const known = this.#byName.get(id);
    if (known === undefined) this.#byName.set(id, [key]);
    else if (known.length < MAX_NAMESAKES) known.push(key);
  }

  /** Keys of the packages of a name, or of a name and version, in the order they were added; 100 at most. */
  keysOf(name: string, version?: string): readonly string[] {
    return this.#byName.get(version === undefined ? name : `${name} ${version}`) ?? [];
  }

  get(key: string): ListedPackage | undefined {
    return this.#nodes.get(key)?.listed;
  }

  /** Adds digests to a package that is already known. */
  addHashes(key: string, hashes: readonly PackageHash[]): void {
    const node = this.#nodes.get(key);
    for (const hash of hashes) node?.hashes.set(`${hash.algorithm} ${hash.hex}`, hash);
  }

  /** Records that `from` depends on `to`; an edge found both ways counts as not optional. */
  addEdge(from: string, to: string, optional = false): void {
    const edges = this.#nodes.get(from)?.edges;
    if (edges === undefined || from === to) return;
    edges.set(to, (edges.get(to) ?? true) && optional);
  }

  /** Records that the project itself depends on `key`. */
  addDirect(key: string, group: DependencyGroup = 'prod'): void {
    const node = this.#nodes.get(key);
    if (node !== undefined) node.groups |= groupBit(group);
  }

  /** Makes what nothing depends on direct: the best guess when no manifest says. */
  addUndemandedAsDirect(): void {
    const demanded = new Set<string>();
    for (const node of this.#nodes.values()) for (const to of node.edges.keys()) demanded.add(to);
    for (const key of this.#nodes.keys()) if (!demanded.has(key)) this.addDirect(key);
  }

  warn(code: WarningCode, message: string, line?: number): void {
    if (this.#warnings.length >= MAX_WARNINGS) this.#suppressed++;
    else this.#warnings.push(line === undefined ? { code, message } : { code, message, line });
  }

  finish(about: Pick<LockfileInventory, 'path' | 'format' | 'root' | 'graph'>): LockfileInventory {
    const reached = markReach(this.#nodes);
    const packages: PackageEntry[] = [];
    const direct: string[] = [];
    const edges = new Map<string, readonly string[]>();
    for (const key of [...this.#nodes.keys()].sort()) {
      const node = this.#nodes.get(key);
      if (node === undefined) continue;
      packages.push(this.#entry(key, node, node.marks ?? reached.get(key) ?? { dev: false, optional: false }));
      if (node.groups !== 0) direct.push(key);
      if (node.edges.size > 0) edges.set(key, [...node.edges.keys()].sort());
    }
    return { ...about, type: this.#type, packages, direct, edges, warnings: this.#allWarnings() };
  }

  #entry(key: string, { listed, hashes }: Node, marks: Marks): PackageEntry {
    const { name, version, source, licenses = [], alias } = listed;
    return {
      key,
      type: this.#type,
      name,
      ...(version === undefined ? {} : { version }),
      source,
      hashes: [...hashes.keys()].sort().flatMap((id) => hashes.get(id) ?? []),
      licenses,
      dev: marks.dev,
      optional: marks.optional,
      ...(alias === undefined ? {} : { alias }),
    };
  }

  #allWarnings(): ReadWarning[] {
    if (this.#suppressed === 0) return this.#warnings;
    const message = `${this.#suppressed} further warnings about this file are not listed.`;
    return [...this.#warnings, { code: 'SBOM_ENTRY_SKIPPED', message }];
  }
}

function wellFormed(found: ListedPackage): ListedPackage {
  const { url } = found.source;
  return {
    ...found,
    name: found.name.toWellFormed(),
    version: found.version === '' ? undefined : found.version?.toWellFormed(),
    source: url === undefined ? found.source : { ...found.source, url: url.toWellFormed() },
  };
}

/** A registry's name and version say it all; everything else needs its source to be told apart. */
function keyOf({ name, version, source }: ListedPackage): string {
  const pinned = version === undefined ? name : `${name}@${version}`;
  if (source.kind === 'registry') return pinned;
  return `${pinned}|${source.kind}:${source.url ?? ''}${source.commit === undefined ? '' : `#${source.commit}`}`;
}

function isUsable({ name, version, source }: ListedPackage): boolean {
  if (name === '' || name.length > MAX_NAME || (version?.length ?? 0) > MAX_NAME) return false;
  if ((source.url?.length ?? 0) > MAX_ADDRESS) return false;
  // eslint-disable-next-line no-control-regex -- these are what must not get in
  return !/[\u0000-\u0020\u007f|]/.test(name) && !/[\u0000-\u0020\u007f|]/.test(version ?? '');
}
