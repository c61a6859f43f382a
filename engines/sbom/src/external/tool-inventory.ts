import { toUri } from '../documents/uri.ts';
import type { LockfileInventory, PackageEntry, PackageHash, PackageType, ReadWarning } from '../model.ts';
import type { ToolBill, ToolComponent } from './tool-bill.ts';
import { readToolPurl } from './tool-purl.ts';

const ALGORITHMS: ReadonlySet<string> = new Set(['MD5', 'SHA-1', 'SHA-256', 'SHA-384', 'SHA-512']);

/**
 * What a tool found, as inventories: one for each lockfile it names, so that its packages carry the file they come from
 * as those of a reader of ours do.
 * @param own inventories that MEX read itself: they know which names are parts of the project, and what the project is called
 */
export function inventoriesOf(bill: ToolBill, own: readonly LockfileInventory[]): LockfileInventory[] {
  const local = localNames(own);
  const entries = new Map<string, PackageEntry>();
  const byFile = new Map<string, PackageEntry[]>();
  for (const component of bill.components) {
    const entry = toEntry(component);
    if (bill.roots.has(component.ref) || local.has(labelOf(entry))) continue;
    entries.set(component.ref, entry);
    for (const file of component.files.length === 0 ? ['.'] : component.files) {
      const listed = byFile.get(file);
      if (listed === undefined) byFile.set(file, [entry]);
      else listed.push(entry);
    }
  }
  const known = new Map(own.map((inventory) => [inventory.path, inventory]));
  return [...byFile].map(([path, packages]) => {
    const keys = new Set(packages.map(({ key }) => key));
    const mine = known.get(path);
    const { type = 'npm', root = {} } = mine ?? {};
    const graph = graphOf(bill, entries, keys) ?? (mine === undefined ? NO_GRAPH : ownGraph(mine, packages));
    return {
      path,
      format: `cyclonedx-${bill.tool.name}`,
      type: packages.map((entry) => entry.type).find((one): one is PackageType => one !== 'other') ?? type,
      root,
      packages: distinct(packages),
      ...graph,
      warnings: [],
    };
  });
}

function labelOf({ name, version }: Pick<PackageEntry, 'name' | 'version'>): string {
  return `${name}@${version ?? ''}`;
}

/** Tools list the project and its workspace members among the packages; looked up in a registry they would be blamed for namesakes. */
function localNames(own: readonly LockfileInventory[]): Set<string> {
  const members = own.flatMap(({ packages }) => packages.filter(({ source }) => source.kind === 'workspace'));
  const roots = own.flatMap(({ root: { name, version } }) =>
    name === undefined ? [] : [{ name, ...(version === undefined ? {} : { version }) }],
  );
  return new Set([...members, ...roots].map(labelOf));
}

function toEntry(component: ToolComponent): PackageEntry {
  const { ref, purl: text, hashes, licenses, dev, optional } = component;
  const purl = text === undefined ? undefined : readToolPurl(text);
  const version = purl?.version ?? component.version;
  const elsewhere = purl?.elsewhere;
  const isKnown = purl !== undefined && purl.type !== 'other' && elsewhere === undefined;
  return {
    key: ref,
    type: purl?.type ?? 'other',
    name: purl?.name ?? component.name,
    ...(version === undefined ? {} : { version }),
    source: elsewhere === undefined ? { kind: 'registry' } : sourceOf(elsewhere),
    hashes: hashes.flatMap(hashOf),
    licenses,
    dev,
    optional,
    // What our readers would write themselves is written as they write it; the rest as the tool has it.
    ...(isKnown || text === undefined || purl === undefined ? {} : { purl: text }),
  };
}

function sourceOf({ kind, url }: { kind: 'git' | 'url'; url: string }): PackageEntry['source'] {
  const uri = toUri(url);
  return uri === undefined ? { kind } : { kind, url: uri };
}

function hashOf({ alg, content }: { alg: string; content: string }): PackageHash[] {
  const hex = content.toLowerCase();
  return isAlgorithm(alg) && /^[0-9a-f]{32,128}$/.test(hex) ? [{ algorithm: alg, hex }] : [];
}

function isAlgorithm(text: string): text is PackageHash['algorithm'] {
  return ALGORITHMS.has(text);
}

function distinct(packages: readonly PackageEntry[]): PackageEntry[] {
  return [...new Map(packages.map((entry) => [entry.key, entry])).values()];
}

type Graph = Pick<LockfileInventory, 'direct' | 'edges' | 'graph'>;

const NO_GRAPH: Graph = { direct: [], edges: new Map(), graph: 'none' };

/** The tool's own edges; it does not say for which packages it knows everything that they depend on. */
function graphOf(
  bill: ToolBill,
  entries: ReadonlyMap<string, PackageEntry>,
  keys: ReadonlySet<string>,
): Graph | undefined {
  const edges = new Map<string, string[]>();
  for (const [from, targets] of bill.edges) {
    if (!entries.has(from) || !keys.has(from)) continue;
    edges.set(
      from,
      targets.filter((ref) => keys.has(ref)),
    );
  }
  if (edges.size === 0) return undefined;
  const direct = [...bill.roots].flatMap((ref) => bill.edges.get(ref) ?? []);
  return { direct: [...new Set(direct)].filter((ref) => keys.has(ref)), edges, graph: 'partial' };
}

/** Of packages that a tool lists without saying what pulls them in, the lockfile says it. */
function ownGraph(mine: LockfileInventory, packages: readonly PackageEntry[]): Graph {
  const told = new Map(packages.map((entry) => [labelOf(entry), entry.key]));
  const keyOf = new Map(mine.packages.map((entry) => [entry.key, told.get(labelOf(entry))]));
  const known = (keys: readonly string[]): string[] => keys.flatMap((key) => keyOf.get(key) ?? []);
  const edges = new Map<string, string[]>();
  for (const [from, targets] of mine.edges) {
    const key = keyOf.get(from);
    if (key !== undefined) edges.set(key, [...(edges.get(key) ?? []), ...known(targets)]);
  }
  return { direct: known(mine.direct), edges, graph: mine.graph === 'none' ? 'none' : 'partial' };
}

/** A lockfile in which our own reader finds packages and of which the tool tells none. */
export interface MissedLockfile {
  readonly path: string;
  readonly packages: number;
}

/**
 * Compares what a tool lists with what our readers find. A tool that does not know a format says nothing about it, and
 * that silence would pass for "no packages" (CONTRACT §14 E).
 */
export function compareInventories(
  told: readonly LockfileInventory[],
  own: readonly LockfileInventory[],
): { readonly missed: readonly MissedLockfile[]; readonly warnings: ReadonlyMap<string, readonly ReadWarning[]> } {
  // By ecosystem, too: a namesake elsewhere would hide a lockfile that the tool passed over.
  const identityOf = (entry: PackageEntry): string => `${entry.type} ${labelOf(entry)}`;
  const listed = new Set(told.flatMap(({ packages }) => packages.map(identityOf)));
  const missed: MissedLockfile[] = [];
  const warnings = new Map<string, readonly ReadWarning[]>();
  for (const { path, packages } of own) {
    const expected = new Map(
      packages.filter(({ source }) => source.kind === 'registry').map((entry) => [identityOf(entry), labelOf(entry)]),
    );
    const absent = [...expected].flatMap(([identity, label]) => (listed.has(identity) ? [] : [label]));
    if (absent.length === 0) continue;
    const first = absent.slice(0, 10).join(', ');
    if (absent.length === expected.size) missed.push({ path, packages: absent.length });
    else
      warnings.set(path, [
        {
          code: 'SBOM_TOOL_DIFFERS',
          message: `The tool does not list ${absent.length} packages that this lockfile names: ${first}${absent.length > 10 ? ' and more' : ''}.`,
        },
      ]);
  }
  return { missed, warnings };
}
