import { LockfileError } from '../model.ts';
import { matchesAnyPattern } from './npm-family-glob.ts';
import type { InventoryDraft } from './npm-family-inventory.ts';
import { joinPath, type Manifest, parseManifest, workspacePatterns } from './npm-family-manifest.ts';
import {
  type Fields,
  fieldPairs,
  fieldsAt,
  flagAt,
  isFields,
  textAt,
  textPairs,
  valueAt,
} from './npm-family-record.ts';
import { quote } from './npm-family-text.ts';

/** One place in the installed tree: the root, a directory of the project, or a folder below some `node_modules`. */
export interface TreeNode {
  readonly folder: string;
  readonly fields: Fields;
  /** Directory of the project; `undefined` for what lies in a `node_modules`. */
  readonly directory: string | undefined;
  readonly isWorkspace: boolean;
  parent: TreeNode | undefined;
  readonly children: Map<string, TreeNode>;
  /** Where a link leads. */
  target: TreeNode | undefined;
  readonly wants: readonly Want[];
}

/** A dependency as the lockfile states it. */
export interface Want {
  readonly name: string;
  readonly specifier: string;
  readonly optional: boolean;
  readonly dev: boolean;
  /** May be missing without anything being wrong. */
  readonly lenient: boolean;
}

/** Installed trees are a few levels deep (npm 2 shrinkwraps about 10); paths longer than this exist on no system. */
const MAX_NESTING = 128;
const MAX_LOCATION = 4096;

/** Looks a package up as Node does: in the `node_modules` of the node and of each directory above it. */
export function resolveFrom(from: TreeNode, name: string): TreeNode | undefined {
  for (let node: TreeNode | undefined = from; node !== undefined; node = node.parent) {
    const found = node.children.get(name);
    if (found !== undefined) return found.target ?? found;
  }
  return undefined;
}

function createNode(folder: string, fields: Fields, wants: readonly Want[], place: Partial<TreeNode> = {}): TreeNode {
  const { directory, isWorkspace = false, parent } = place;
  return { folder, fields, directory, isWorkspace, parent, children: new Map(), target: undefined, wants };
}

/** The tree of the nested `dependencies` of lockfile version 1 and old shrinkwraps. All nodes, root first. */
export function treeOfNested(path: string, lock: Fields, manifest: Manifest | undefined): TreeNode[] {
  const root = createNode('', lock, manifest === undefined ? [] : wantsOf(manifest), { directory: '' });
  const nodes = [root];
  const open = [{ node: root, depth: 0 }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (next.depth > MAX_NESTING) {
      const message = `Dependencies nest more than ${MAX_NESTING} levels deep, which no installed tree does. Generate the lockfile again.`;
      throw new LockfileError('SBOM_LOCKFILE_TOO_DEEP', path, message);
    }
    for (const [folder, fields] of fieldPairs(fieldsAt(next.node.fields, 'dependencies'))) {
      const child = createNode(folder, fields, requiresOf(fields), { parent: next.node });
      next.node.children.set(folder, child);
      nodes.push(child);
      open.push({ node: child, depth: next.depth + 1 });
    }
  }
  return nodes;
}

function requiresOf(fields: Fields): Want[] {
  const pairs = textPairs(fieldsAt(fields, 'requires'));
  // Version 1 does not say which of them are optional; the flags of the target do.
  return pairs.map(([name, specifier]) => ({ name, specifier, optional: false, dev: false, lenient: true }));
}

function wantsOf(manifest: Manifest): Want[] {
  return manifest.dependencies.map(({ name, specifier, group, peer }) => ({
    name,
    specifier,
    optional: group === 'optional',
    dev: group === 'dev',
    lenient: peer || group === 'optional',
  }));
}

/** The tree of the flat `packages` of lockfile versions 2 and 3. All nodes, root first. */
export function treeOfLocations(packages: Fields, draft: InventoryDraft): TreeNode[] {
  const rootFields = fieldsAt(packages, '');
  const root = createNode('', rootFields, wantsOf(parseManifest(rootFields)), { directory: '' });
  const patterns = workspacePatterns(rootFields);
  const byLocation = new Map<string, TreeNode>([['', root]]);
  for (const [location, fields] of Object.entries(packages)) {
    if (location === '') continue;
    if (!isFields(fields) || location.length > MAX_LOCATION) {
      draft.warn('SBOM_ENTRY_SKIPPED', `packages[${quote(location)}] is not an entry of an installed tree; left out.`);
      continue;
    }
    byLocation.set(location, nodeAt(location, fields, patterns));
  }
  for (const [location, node] of byLocation) attach(location, node, byLocation);
  for (const node of byLocation.values()) if (flagAt(node.fields, 'link')) followLink(node, byLocation, patterns);
  return [...byLocation.values()];
}

function nodeAt(location: string, fields: Fields, patterns: readonly string[]): TreeNode {
  const { folder, isInstalled } = splitLocation(location);
  const manifest = parseManifest(fields);
  if (isInstalled) return createNode(folder, fields, wantsOf(manifest));
  const isWorkspace = matchesAnyPattern(patterns, joinPath('', location));
  return createNode(folder, fields, wantsOf(manifest), { directory: location, isWorkspace });
}

const MODULES = 'node_modules/';

/** `a/node_modules/@s/b` → folder `@s/b` below `a`; a location without `node_modules` is a directory of the project. */
function splitLocation(location: string): { folder: string; above: string; isInstalled: boolean } {
  const at = location.lastIndexOf(MODULES);
  if (at >= 0 && (at === 0 || location.charAt(at - 1) === '/') && !location.endsWith('/')) {
    return {
      folder: location.slice(at + MODULES.length),
      above: location.slice(0, at === 0 ? 0 : at - 1),
      isInstalled: true,
    };
  }
  const slash = location.lastIndexOf('/');
  return { folder: location.slice(slash + 1), above: slash < 0 ? '' : location.slice(0, slash), isInstalled: false };
}

/** Hangs a node below the directory it lies in, creating nodes for directories the lockfile does not list. */
function attach(location: string, start: TreeNode, byLocation: Map<string, TreeNode>): void {
  let node = start;
  for (let at = location; at !== '' && node.parent === undefined; ) {
    const { folder, above, isInstalled } = splitLocation(at);
    // What lies outside the project does not see the project's node_modules.
    if (!isInstalled && (folder === '..' || above.startsWith('..') || at.startsWith('/'))) return;
    let parent = byLocation.get(above);
    if (parent === undefined) {
      parent = createNode(splitLocation(above).folder, EMPTY, [], { directory: above });
      byLocation.set(above, parent);
    }
    node.parent = parent;
    if (isInstalled) parent.children.set(folder, node);
    node = parent;
    at = above;
  }
}

const EMPTY: Fields = Object.freeze({});

function followLink(node: TreeNode, byLocation: Map<string, TreeNode>, patterns: readonly string[]): void {
  const resolved = valueAt(node.fields, 'resolved');
  if (typeof resolved !== 'string') return;
  const directory = joinPath('', resolved.replace(/^file:/, ''));
  const known = byLocation.get(resolved) ?? byLocation.get(directory);
  if (known !== undefined) {
    // A link to a link would let a lockfile build a chain or a circle.
    node.target = known.target === undefined && !flagAt(known.fields, 'link') ? known : undefined;
    return;
  }
  const isWorkspace = matchesAnyPattern(patterns, directory);
  node.target = createNode(node.folder, { name: textAt(node.fields, 'name') ?? node.folder }, [], {
    directory,
    isWorkspace,
  });
}
