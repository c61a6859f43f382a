import type { LockfileInventory, PackageEntry, PackageHash } from '../model.ts';
import { purlOf } from './purl.ts';

/** What a document describes: the scanned project. */
export interface DocumentSubject {
  readonly name: string;
  readonly version?: string;
  /** License texts as the project declares them. */
  readonly licenses?: readonly string[];
}

export interface DocumentOptions {
  /** Instant the document says it was made at, RFC 3339 in UTC. Part of the content: equal input gives equal bytes. */
  readonly timestamp: string;
  /** Version of the engine that writes the document. */
  readonly toolVersion: string;
  /** Paths of lockfiles that could not be read: the document then says that it is incomplete. */
  readonly unread?: readonly string[];
  /** The program that found the packages, when it was not this engine. */
  readonly foundBy?: { readonly name: string; readonly version: string | undefined };
  /** Spaces of indentation, 0 to 8. Default 2. */
  readonly indent?: number;
}

/** One package of a document, put together from every lockfile that lists it. */
export interface BillItem {
  /** Unique within the document, equal for equal input. The purl where there is one. */
  readonly ref: string;
  readonly entry: PackageEntry;
  readonly purl: string | undefined;
  /** Lockfiles that list it, sorted. */
  readonly lockfiles: readonly string[];
  readonly dependsOn: readonly string[];
  /** Whether every lockfile that lists it records all it depends on. */
  readonly hasAllEdges: boolean;
}

/** One lockfile's project. */
export interface BillProject {
  readonly ref: string;
  readonly inventory: LockfileInventory;
  /** Workspace members: parts of the project, not dependencies. */
  readonly members: readonly BillItem[];
  readonly dependsOn: readonly string[];
}

/** The content of a document, before any format. */
export interface Bill {
  readonly rootRef: string;
  readonly projects: readonly BillProject[];
  /** Everything that is not a workspace member, sorted by reference. */
  readonly packages: readonly BillItem[];
}

interface Draft {
  readonly ref: string;
  readonly purl: string | undefined;
  entry: PackageEntry;
  readonly lockfiles: Set<string>;
  readonly dependsOn: Set<string>;
  hasAllEdges: boolean;
}

/** Reference of the scanned project itself. No purl and no lockfile path looks like it. */
const ROOT_REF = 'mex:subject';

/**
 * Merges inventories: the same package from several lockfiles, or from several places of one installation, becomes one
 * item with all its hashes and edges. Development-only means: for every lockfile.
 */
export function createBill(inventories: readonly LockfileInventory[]): Bill {
  const drafts = new Map<string, Draft>();
  const sorted = inventories.toSorted((a, b) => compareText(a.path, b.path) || compareText(a.format, b.format));
  const projects = sorted.map((inventory) => collect(inventory, drafts));
  const items = new Map<string, BillItem>();
  for (const draft of drafts.values()) items.set(draft.ref, finish(draft));
  return {
    rootRef: ROOT_REF,
    projects: projects.map(({ inventory, memberRefs, dependsOn }) => ({
      ref: `mex:project/${inventory.path}`,
      inventory,
      members: memberRefs.map((ref) => items.get(ref)).filter((item) => item !== undefined),
      dependsOn,
    })),
    packages: [...items.values()]
      .filter((item) => item.entry.source.kind !== 'workspace')
      .toSorted((a, b) => compareText(a.ref, b.ref)),
  };
}

/** Code-unit order: the same on every machine, unlike `localeCompare`. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function collect(inventory: LockfileInventory, drafts: Map<string, Draft>) {
  const refs = new Map<string, string>();
  const memberRefs: string[] = [];
  for (const entry of inventory.packages) {
    const purl = purlOf(entry);
    const ref = purl ?? `mex:local/${inventory.path}#${entry.key}`;
    refs.set(entry.key, ref);
    add(drafts, { ref, purl, entry, inventory });
    if (entry.source.kind === 'workspace') memberRefs.push(ref);
  }
  for (const [key, targets] of inventory.edges) {
    const draft = drafts.get(refs.get(key) ?? '');
    if (draft !== undefined) for (const ref of known(targets, refs)) if (ref !== draft.ref) draft.dependsOn.add(ref);
  }
  return { inventory, memberRefs: memberRefs.toSorted(compareText), dependsOn: known(inventory.direct, refs) };
}

function add(
  drafts: Map<string, Draft>,
  found: { ref: string; purl: string | undefined; entry: PackageEntry; inventory: LockfileInventory },
): void {
  const { ref, purl, entry, inventory } = found;
  const hasAllEdges = inventory.graph === 'complete';
  const draft = drafts.get(ref);
  if (draft === undefined) {
    drafts.set(ref, { ref, purl, entry, lockfiles: new Set([inventory.path]), dependsOn: new Set(), hasAllEdges });
    return;
  }
  draft.entry = merge(draft.entry, entry);
  draft.lockfiles.add(inventory.path);
  draft.hasAllEdges &&= hasAllEdges;
}

function merge(a: PackageEntry, b: PackageEntry): PackageEntry {
  const hashes = new Map<string, PackageHash>();
  for (const hash of [...a.hashes, ...b.hashes]) hashes.set(`${hash.algorithm}:${hash.hex}`, hash);
  return {
    ...a,
    hashes: [...hashes.values()],
    licenses: [...new Set([...a.licenses, ...b.licenses])],
    dev: a.dev && b.dev,
    optional: a.optional && b.optional,
  };
}

function finish(draft: Draft): BillItem {
  const { ref, purl, entry, hasAllEdges } = draft;
  const hashes = entry.hashes.toSorted((a, b) => compareText(a.algorithm, b.algorithm) || compareText(a.hex, b.hex));
  return {
    ref,
    purl,
    entry: { ...entry, hashes, licenses: entry.licenses.toSorted(compareText) },
    lockfiles: [...draft.lockfiles].toSorted(compareText),
    dependsOn: [...draft.dependsOn].toSorted(compareText),
    hasAllEdges,
  };
}

function known(keys: readonly string[], refs: ReadonlyMap<string, string>): string[] {
  const found = new Set<string>();
  for (const key of keys) {
    const ref = refs.get(key);
    if (ref !== undefined) found.add(ref);
  }
  return [...found].toSorted(compareText);
}
