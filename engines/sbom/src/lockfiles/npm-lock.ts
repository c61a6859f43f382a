import {
  LockfileError,
  type LockfileInput,
  type LockfileInventory,
  type LockfileReader,
  type PackageSource,
} from '../model.ts';
import { parseIntegrity } from './integrity.ts';
import { type FoundPackage, InventoryDraft } from './npm-family-inventory.ts';
import { parseJsonFields } from './npm-family-json.ts';
import { type Manifest, parseManifest, readManifest, rootOf } from './npm-family-manifest.ts';
import { type Fields, fieldsAt, flagAt, isFields, licensesAt, textAt, valueAt } from './npm-family-record.ts';
import { isExactVersion, sourceOf, specifierKind, splitAtVersion, versionInTarballName } from './npm-family-source.ts';
import { placeOfName, quote, takeOurSide } from './npm-family-text.ts';
import { resolveFrom, type TreeNode, treeOfLocations, treeOfNested } from './npm-lock-tree.ts';

/**
 * npm: `package-lock.json` and `npm-shrinkwrap.json`, versions 1, 2 and 3, and the shrinkwraps of npm 4 and older that
 * carry no version. `dev` and `optional` are npm's own marks.
 */
export const npmLockReader: LockfileReader = {
  id: 'npm-lock',
  type: 'npm',
  matches: (baseName) => baseName === 'package-lock.json' || baseName === 'npm-shrinkwrap.json',
  read: readNpmLock,
};

async function readNpmLock(input: LockfileInput): Promise<LockfileInventory> {
  const { text, warning } = takeOurSide(input.path, input.text);
  const lock = parseJsonFields(input.path, text);
  const version = verifyVersion(input.path, lock, text);
  const draft = new InventoryDraft();
  draft.warnAll([warning]);
  const packages = valueAt(lock, 'packages');
  if (version >= 2 && isFields(packages)) {
    const nodes = treeOfLocations(packages, draft);
    addTree(draft, nodes);
    const manifest = parseManifest({
      name: valueAt(lock, 'name'),
      version: valueAt(lock, 'version'),
      ...fieldsAt(packages, ''),
    });
    return draft.finish({
      path: input.path,
      format: `npm-lock-v${version}`,
      root: rootOf(manifest),
      graph: 'complete',
    });
  }
  if (version === 3) throw shapeError(input.path, 'has no "packages"');
  return readNested(input, lock, version, draft);
}

async function readNested(
  input: LockfileInput,
  lock: Fields,
  version: number,
  draft: InventoryDraft,
): Promise<LockfileInventory> {
  const { manifest, warning } = await readManifest(input, '');
  draft.warnAll([warning]);
  const nodes = treeOfNested(input.path, lock, manifest);
  addTree(draft, nodes);
  // Before npm 5.1 lockfiles listed what is installed where, not who needs it.
  const hasEdges = nodes.some((node) => isFields(valueAt(node.fields, 'requires'))) || nodes.length === 1;
  if (manifest === undefined) {
    const guess = hasEdges ? draft.undemanded() : [];
    for (const key of guess) draft.addDirect(key, 'prod');
    draft.warn(
      'SBOM_MANIFEST_UNREADABLE',
      'No package.json beside this lockfile: which dependencies are direct is a guess.',
    );
  }
  const lockedRoot: Manifest = parseManifest({ name: valueAt(lock, 'name'), version: valueAt(lock, 'version') });
  const root = { ...rootOf(manifest), ...rootOf(lockedRoot) };
  const format = version === 0 ? 'npm-shrinkwrap' : `npm-lock-v${version}`;
  return draft.finish({ path: input.path, format, root, graph: hasEdges ? 'complete' : 'none' });
}

/** @returns the version, 0 for a shrinkwrap that predates versions. */
function verifyVersion(path: string, lock: Fields, text: string): number {
  const version = valueAt(lock, 'lockfileVersion');
  if (version === 1 || version === 2 || version === 3) return version;
  if (version === undefined) {
    if (isFields(valueAt(lock, 'packages'))) return 3;
    if (isFields(valueAt(lock, 'dependencies'))) return 0;
    throw shapeError(path, 'has neither "lockfileVersion" nor "packages" nor "dependencies"');
  }
  const shown = (JSON.stringify(version) ?? '').slice(0, 40).toWellFormed();
  const message = `lockfileVersion ${shown} is not supported; supported are 1, 2, 3 and shrinkwraps without a version.`;
  throw new LockfileError('SBOM_LOCKFILE_VERSION', path, message, placeOfName(text, '"lockfileVersion"'));
}

function shapeError(path: string, what: string): LockfileError {
  return new LockfileError(
    'SBOM_LOCKFILE_SHAPE',
    path,
    `This is not an npm lockfile: it ${what}. Run npm install to write it again.`,
  );
}

interface TreeEdge {
  readonly from: TreeNode;
  readonly to: TreeNode;
  readonly optional: boolean;
  readonly dev: boolean;
}

function addTree(draft: InventoryDraft, nodes: readonly TreeNode[]): void {
  const [root] = nodes;
  const { edges, requested } = resolveWants(draft, nodes);
  const keys = new Map<TreeNode, string>();
  const linkedAs = new Map<TreeNode, string>();
  const targets = new Set<TreeNode>(nodes);
  for (const node of nodes) {
    if (node.target === undefined) continue;
    linkedAs.set(node.target, node.folder);
    targets.add(node.target);
  }
  for (const node of targets) {
    const found = node === root ? undefined : packageOf(draft, node, linkedAs.get(node), requested.get(node));
    const key = found === undefined ? undefined : draft.add(found);
    if (key === undefined) continue;
    keys.set(node, key);
    if (node.isWorkspace) draft.addDirect(key, 'prod');
  }
  for (const { from, to, optional, dev } of edges) {
    const source = keys.get(from);
    const key = keys.get(to);
    if (key === undefined) continue;
    if (source !== undefined) draft.addEdge(source, key, optional);
    if (from === root || from.isWorkspace) draft.addDirect(key, dev ? 'dev' : optional ? 'optional' : 'prod');
  }
}

/** Every dependency looked up in the tree, and for each package a specifier that asked for it: one that names a source, if any. */
function resolveWants(
  draft: InventoryDraft,
  nodes: readonly TreeNode[],
): { edges: TreeEdge[]; requested: Map<TreeNode, string> } {
  const edges: TreeEdge[] = [];
  const requested = new Map<TreeNode, string>();
  for (const from of nodes) {
    for (const want of from.wants) {
      const to = resolveFrom(from, want.name);
      if (to === undefined) {
        if (want.lenient) continue;
        const message = `${quote(from.folder || 'the project')} needs ${quote(want.name)}, which the lockfile does not hold.`;
        draft.warn('SBOM_UNRESOLVED_DEPENDENCY', message);
        continue;
      }
      edges.push({ from, to, optional: want.optional, dev: want.dev });
      if (specifierKind(want.specifier) !== 'registry' || !requested.has(to)) requested.set(to, want.specifier);
    }
  }
  return { edges, requested };
}

function packageOf(
  draft: InventoryDraft,
  node: TreeNode,
  linkedAs: string | undefined,
  requested: string | undefined,
): FoundPackage | undefined {
  const { fields } = node;
  if (node.directory !== undefined) return directoryOf(node, linkedAs);
  if (flagAt(fields, 'link')) return undefined;
  const version = textAt(fields, 'version');
  if (version === undefined) {
    draft.warn('SBOM_ENTRY_SKIPPED', `The entry of ${quote(node.folder)} has no version; left out.`);
    return undefined;
  }
  const identity = identityOf(node, version, requested);
  const optional = flagAt(fields, 'optional') || flagAt(fields, 'devOptional');
  return {
    ...identity,
    hashes: parseIntegrity(textAt(fields, 'integrity') ?? ''),
    licenses: licensesAt(fields),
    installedAs: node.folder,
    marks: { dev: flagAt(fields, 'dev'), optional },
  };
}

function directoryOf(node: TreeNode, linkedAs: string | undefined): FoundPackage | undefined {
  // Directories that exist only because something lies below them.
  if (Object.keys(node.fields).length === 0) return undefined;
  const kind = node.isWorkspace ? 'workspace' : 'path';
  return {
    name: textAt(node.fields, 'name') ?? linkedAs ?? node.folder,
    version: textAt(node.fields, 'version'),
    source: { kind, url: node.directory ?? '' },
    licenses: licensesAt(node.fields),
    marks: { dev: flagAt(node.fields, 'dev'), optional: flagAt(node.fields, 'optional') },
  };
}

/** Real name, real version and source; version 1 puts whatever was asked for into `version`. */
function identityOf(
  node: TreeNode,
  stated: string,
  requested: string | undefined,
): { name: string; version?: string; source: PackageSource } {
  const alias = stated.startsWith('npm:') ? splitAtVersion(stated.slice('npm:'.length)) : undefined;
  const name = textAt(node.fields, 'name') ?? alias?.name ?? node.folder;
  const version = alias?.version ?? stated;
  const resolved = textAt(node.fields, 'resolved');
  // `from` is what npm 4 and older were asked for, with or without `name@` in front.
  const from = textAt(node.fields, 'from');
  const asked =
    requested ?? (from === undefined || specifierKind(from) !== 'registry' ? from : splitAtVersion(from)?.version);
  if (isExactVersion(version) || specifierKind(version) === 'registry') {
    return { name, version, source: sourceOf({ name, version, resolved, requested: asked }) };
  }
  const published = versionInTarballName(name, version);
  const isUrl = specifierKind(version) === 'url';
  if (isUrl && published !== undefined && (asked === undefined || specifierKind(asked) === 'registry')) {
    return {
      name,
      version: published,
      source: sourceOf({ name, version: published, resolved: version, requested: undefined }),
    };
  }
  return { name, source: sourceOf({ name, version: undefined, resolved: version, requested: version }) };
}
