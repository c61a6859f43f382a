import { LockfileError, type LockfileInput, type LockfileInventory, type LockfileReader } from '../model.ts';
import { InventoryDraft } from './npm-family-inventory.ts';
import { joinPath, readManifest, rootOf } from './npm-family-manifest.ts';
import { type DependencyGroup, groupBit, markReach, type ReachNode } from './npm-family-reach.ts';
import { type Fields, fieldPairs, fieldsAt, isFields, textAt, textPairs, valueAt } from './npm-family-record.ts';
import { placeOfName, quote, takeOurSide } from './npm-family-text.ts';
import { parseYamlDocuments } from './npm-family-yaml.ts';
import { packageOfSnapshot } from './pnpm-lock-package.ts';
import { keyOfReference, type PnpmMajor, withoutPeers } from './pnpm-lock-path.ts';

/** pnpm: `pnpm-lock.yaml` of versions 5.x, 6.x and 9.x, workspaces and two-document files (pnpm 11 and later) included. */
export const pnpmLockReader: LockfileReader = {
  id: 'pnpm-lock',
  type: 'npm',
  matches: (baseName) => baseName === 'pnpm-lock.yaml',
  read: readPnpmLock,
};

async function readPnpmLock(input: LockfileInput): Promise<LockfileInventory> {
  const { text, warning } = takeOurSide(input.path, input.text);
  const documents = parseYamlDocuments(input.path, text);
  const majors = documents.map((document) => verifyVersion(input.path, document, text));
  const format = `pnpm-lock-v${majors.at(-1) ?? shapeError(input.path)}`;
  const { manifest, warning: manifestWarning } = await readManifest(input, '');
  const draft = new InventoryDraft();
  draft.warnAll([warning, manifestWarning]);
  // Since pnpm 11 a first document may hold pnpm itself and its plugins, which are fetched and run like any dependency.
  for (const [index, document] of documents.entries()) {
    const project = new PnpmProject(draft, document, majors[index] ?? 9);
    await project.addMembers(input);
    project.addPackages();
    project.addEdges();
    project.addMarks();
  }
  return draft.finish({ path: input.path, format, root: rootOf(manifest), graph: 'complete' });
}

function verifyVersion(path: string, document: Fields, text: string): PnpmMajor {
  const version = textAt(document, 'lockfileVersion');
  const major = /^(\d{1,4})(?:\.\d{1,4})?(?:-inlineSpecifiers)?$/.exec(version ?? '')?.[1];
  if (major === '5' || major === '6' || major === '9') return major === '5' ? 5 : major === '6' ? 6 : 9;
  if (version === undefined) return shapeError(path);
  const message = `lockfileVersion ${quote(version)} is not supported; supported are 5.x, 6.x and 9.x.`;
  throw new LockfileError('SBOM_LOCKFILE_VERSION', path, message, placeOfName(text, 'lockfileVersion'));
}

function shapeError(path: string): never {
  const message = 'This is not a pnpm lockfile: it has no "lockfileVersion". Run pnpm install to write it again.';
  throw new LockfileError('SBOM_LOCKFILE_SHAPE', path, message, { line: 1, column: 1 });
}

const GROUPS: readonly (readonly [field: string, group: DependencyGroup])[] = [
  ['dependencies', 'prod'],
  ['optionalDependencies', 'optional'],
  ['devDependencies', 'dev'],
  // Of the first of two documents: what pnpm needs to run, not what the project ships.
  ['configDependencies', 'dev'],
  ['packageManagerDependencies', 'dev'],
];

/** What a dependency leads to: an entry of the inventory and, unless it is a link, a key of the lockfile. */
interface Target {
  readonly key: string;
  readonly path: string | undefined;
}

/** One document of a lockfile on its way into the inventory. */
class PnpmProject {
  readonly #draft: InventoryDraft;
  readonly #major: PnpmMajor;
  readonly #importers: Map<string, Fields>;
  readonly #packages: Fields;
  readonly #snapshots: Fields;
  /** Directory of an importer → key of its entry; the root has none. */
  readonly #members = new Map<string, string>();
  /** Key in the lockfile → key in the inventory. */
  readonly #keys = new Map<string, string>();
  /**
   * The graph of the lockfile's own keys. One package resolved with different peers has several of them, and merging them
   * first would make development dependencies of one instance look like production dependencies of another.
   */
  readonly #instances = new Map<string, ReachNode>();

  constructor(draft: InventoryDraft, document: Fields, major: PnpmMajor) {
    this.#draft = draft;
    this.#major = major;
    const importers = fieldPairs(fieldsAt(document, 'importers'));
    this.#importers = new Map(importers.length > 0 ? importers : [['.', document]]);
    this.#packages = fieldsAt(document, 'packages');
    const snapshots = valueAt(document, 'snapshots');
    this.#snapshots = isFields(snapshots) ? snapshots : this.#packages;
  }

  async addMembers(input: LockfileInput): Promise<void> {
    const linkNames = this.#namesOfLinks();
    for (const importer of this.#importers.keys()) {
      const directory = joinPath('', importer);
      if (directory === '' || directory.length > 4096) continue;
      const { manifest, warning } = await readManifest(input, directory);
      this.#draft.warnAll([warning]);
      const name = manifest?.name ?? linkNames.get(directory) ?? directory;
      const source = { kind: 'workspace', url: directory } as const;
      const licenses = manifest?.licenses ?? [];
      const key = this.#draft.add({ name, version: manifest?.version, source, licenses });
      if (key === undefined) continue;
      this.#members.set(directory, key);
      this.#draft.addDirect(key, 'prod');
    }
  }

  /** How members call each other: their names, should a manifest be out of reach. */
  #namesOfLinks(): Map<string, string> {
    const names = new Map<string, string>();
    for (const [importer, fields] of this.#importers) {
      for (const [field] of GROUPS) {
        for (const [name, reference] of referencesOf(fieldsAt(fields, field))) {
          if (reference.startsWith('link:')) names.set(joinPath(importer, reference.slice('link:'.length)), name);
        }
      }
    }
    return names;
  }

  addPackages(): void {
    for (const [path, snapshot] of Object.entries(this.#snapshots)) {
      const own = isFields(snapshot) ? snapshot : {};
      const shared =
        this.#snapshots === this.#packages ? own : fieldsAt(this.#packages, withoutPeers(path, this.#major));
      const found = packageOfSnapshot(path, shared, this.#major);
      const member =
        found?.source.kind === 'path'
          ? this.#members.get(joinPath('', (found.source.url ?? '').replace(/^file:/, '')))
          : undefined;
      // An injected member is listed as a directory package as well; it stays one entry.
      const key = member ?? (found === undefined ? undefined : this.#draft.add(found));
      if (key !== undefined) {
        this.#keys.set(path, key);
        this.#instances.set(path, { edges: undefined, groups: 0, isRoot: false });
      } else if (found === undefined) {
        this.#draft.warn('SBOM_ENTRY_SKIPPED', `${quote(path)} is not the key of a package; left out.`);
      }
    }
  }

  addEdges(): void {
    for (const [importer, fields] of this.#importers) this.#addImporterEdges(joinPath('', importer), fields);
    for (const [path, key] of this.#keys) {
      const snapshot = fieldsAt(this.#snapshots, path);
      for (const [field, optional] of [
        ['dependencies', false],
        ['optionalDependencies', true],
      ] as const) {
        for (const [name, reference] of textPairs(fieldsAt(snapshot, field))) {
          const to = this.#resolve('', path, name, reference, optional);
          if (to === undefined) continue;
          this.#draft.addEdge(key, to.key, optional);
          const instance = this.#instances.get(path);
          if (instance === undefined || to.path === undefined) continue;
          instance.edges ??= new Map();
          instance.edges.set(to.path, optional);
        }
      }
    }
  }

  #addImporterEdges(directory: string, fields: Fields): void {
    const member = this.#members.get(directory);
    for (const [field, group] of GROUPS) {
      for (const [name, reference] of referencesOf(fieldsAt(fields, field))) {
        const to = this.#resolve(directory, directory || 'the project', name, reference, group === 'optional');
        if (to === undefined) continue;
        if (member !== undefined) this.#draft.addEdge(member, to.key, group === 'optional');
        this.#draft.addDirect(to.key, group);
        const instance = to.path === undefined ? undefined : this.#instances.get(to.path);
        if (instance !== undefined) instance.groups |= groupBit(group);
      }
    }
  }

  /** Version 9 carries no marks of its own; 5 and 6 do. */
  addMarks(): void {
    if (this.#major !== 9) return;
    for (const [path, marks] of markReach(this.#instances)) {
      const key = this.#keys.get(path);
      if (key !== undefined) this.#draft.mark(key, marks);
    }
  }

  #resolve(directory: string, from: string, name: string, reference: string, optional: boolean): Target | undefined {
    if (reference.startsWith('link:')) return this.#link(name, joinPath(directory, reference.slice('link:'.length)));
    const path = keyOfReference(name, reference, this.#major);
    const key = path === undefined ? undefined : this.#keys.get(path);
    if (key === undefined && !optional) {
      const message = `${quote(from)} needs ${quote(`${name}@${reference}`)}, which the lockfile does not hold.`;
      this.#draft.warn('SBOM_UNRESOLVED_DEPENDENCY', message);
    }
    return key === undefined ? undefined : { key, path };
  }

  /** A link leads to a member, to the root (which is no entry), or to a directory the lockfile says nothing about. */
  #link(name: string, directory: string): Target | undefined {
    if (directory === '') return undefined;
    const key = this.#members.get(directory) ?? this.#draft.add({ name, source: { kind: 'path', url: directory } });
    return key === undefined ? undefined : { key, path: undefined };
  }
}

/** Dependencies of an importer: `name: reference` (5) or `name: {specifier, version}` (6 and later). */
function referencesOf(fields: Fields): [name: string, reference: string][] {
  const found = textPairs(fields);
  for (const [name, both] of fieldPairs(fields)) {
    const version = textAt(both, 'version');
    if (version !== undefined) found.push([name, version]);
  }
  return found;
}
