import { LockfileError, type LockfileInput, type LockfileInventory } from '../model.ts';
import { InventoryDraft } from './npm-family-inventory.ts';
import { type Manifest, readManifest, rootOf } from './npm-family-manifest.ts';
import type { DependencyGroup } from './npm-family-reach.ts';
import { type Fields, fieldPairs, fieldsAt, flagAt, textAt, textPairs } from './npm-family-record.ts';
import { placeOfName, quote } from './npm-family-text.ts';
import { parseYamlDocuments } from './npm-family-yaml.ts';
import { parseLocator } from './yarn-berry-locator.ts';
import { DescriptorIndex, parseDescriptor } from './yarn-descriptors.ts';

/** Lockfiles of Yarn 2.0 (4) to Yarn 4.1x (10) list packages in the same way. */
const OLDEST = 4;
const NEWEST = 10;

/**
 * Yarn 2 and later. The lockfile holds the project and its members too, but mixes their development dependencies with the
 * others: manifests tell them apart. `checksum` is of Yarn's own repacked archive, not of what the registry serves, and is
 * therefore no hash of the package.
 *
 * @throws LockfileError
 */
export async function readYarnBerry(
  input: LockfileInput,
  text: string,
  draft: InventoryDraft,
): Promise<LockfileInventory> {
  const [lock = {}] = parseYamlDocuments(input.path, text);
  verifyVersion(input.path, lock, text);
  const { manifest, warning } = await readManifest(input, '');
  draft.warnAll([warning]);
  const project = new BerryProject(draft, new DescriptorIndex(manifest?.resolutions ?? []));
  for (const [descriptors, fields] of fieldPairs(lock)) {
    if (descriptors !== '__metadata') await project.addEntry(input, descriptors, fields);
  }
  project.addEdges(manifest);
  if (manifest === undefined && warning === undefined) {
    const message =
      'No package.json beside this lockfile: development dependencies of the project count as production.';
    draft.warn('SBOM_MANIFEST_UNREADABLE', message);
  }
  const root = { ...(project.rootName === undefined ? {} : { name: project.rootName }), ...rootOf(manifest) };
  return draft.finish({ path: input.path, format: 'yarn-berry', root, graph: 'complete' });
}

function verifyVersion(path: string, lock: Fields, text: string): void {
  const version = textAt(fieldsAt(lock, '__metadata'), 'version');
  if (version !== undefined && /^\d{1,3}$/.test(version) && Number(version) >= OLDEST && Number(version) <= NEWEST)
    return;
  const shown = version === undefined ? 'without a number' : quote(version);
  const message = `__metadata version ${shown} is not supported; supported are ${OLDEST} to ${NEWEST}, and Yarn 1 lockfiles.`;
  throw new LockfileError('SBOM_LOCKFILE_VERSION', path, message, placeOfName(text, '__metadata'));
}

interface Locked {
  /** `undefined` for the project itself. */
  readonly key: string | undefined;
  readonly fields: Fields;
  /** Of a workspace member or the project; `undefined` also when it could not be read. */
  readonly manifest: Manifest | undefined;
  readonly isRoot: boolean;
}

class BerryProject {
  readonly #draft: InventoryDraft;
  readonly #index: DescriptorIndex;
  readonly #locked: Locked[] = [];
  /** Names under which the project itself can be depended on. */
  readonly #rootNames = new Set<string>();
  rootName: string | undefined;

  constructor(draft: InventoryDraft, index: DescriptorIndex) {
    this.#draft = draft;
    this.#index = index;
  }

  async addEntry(input: LockfileInput, descriptors: string, fields: Fields): Promise<void> {
    const resolution = textAt(fields, 'resolution');
    const version = textAt(fields, 'version');
    if (resolution === undefined || version === undefined) {
      this.#draft.warn(
        'SBOM_ENTRY_SKIPPED',
        `The entry of ${quote(descriptors)} has no version or resolution; left out.`,
      );
      return;
    }
    const locator = parseLocator(resolution);
    if (locator.workspace === '') {
      this.rootName = locator.name;
      this.#rootNames.add(locator.name);
      this.#locked.push({ key: undefined, fields, manifest: undefined, isRoot: true });
      return;
    }
    const manifest = locator.workspace === undefined ? undefined : await this.#manifestOf(input, locator.workspace);
    const found = {
      name: locator.name,
      // Members are locked as 0.0.0-use.local: their version is in their manifest.
      version: locator.workspace === undefined ? version : manifest?.version,
      source: locator.source,
      licenses: manifest?.licenses ?? [],
    };
    const key = this.#draft.add(found);
    if (key === undefined) return;
    this.#locked.push({ key, fields, manifest, isRoot: locator.workspace !== undefined });
    if (locator.workspace !== undefined) this.#draft.addDirect(key, 'prod');
    for (const descriptor of descriptors.split(/,\s*/)) {
      this.#index.add(descriptor, key);
      const { name } = parseDescriptor(descriptor);
      if (name !== locator.name) this.#draft.add({ ...found, installedAs: name });
    }
  }

  async #manifestOf(input: LockfileInput, directory: string): Promise<Manifest | undefined> {
    const { manifest, warning } = await readManifest(input, directory);
    this.#draft.warnAll([warning]);
    return manifest;
  }

  addEdges(rootManifest: Manifest | undefined): void {
    for (const locked of this.#locked) {
      const manifest = locked.key === undefined ? rootManifest : locked.manifest;
      const groups = new Map<string, DependencyGroup>();
      for (const { name, group, peer } of manifest?.dependencies ?? []) if (!peer) groups.set(name, group);
      const meta = fieldsAt(locked.fields, 'dependenciesMeta');
      for (const [field, isOptional] of [
        ['dependencies', false],
        ['optionalDependencies', true],
      ] as const) {
        for (const [name, range] of textPairs(fieldsAt(locked.fields, field))) {
          const optional = isOptional || flagAt(fieldsAt(meta, name), 'optional');
          const group = groups.get(name) ?? (optional ? 'optional' : 'prod');
          this.#addEdge(locked, { name, range }, group === 'prod' && optional ? 'optional' : group);
        }
      }
    }
  }

  #addEdge(from: Locked, wanted: { name: string; range: string }, group: DependencyGroup): void {
    const to = this.#index.find(wanted);
    if (to === undefined) {
      if (group === 'optional' || this.#rootNames.has(wanted.name)) return;
      const message = `${quote(from.key ?? 'the project')} needs ${quote(`${wanted.name}@${wanted.range}`)}, which the lockfile does not hold.`;
      this.#draft.warn('SBOM_UNRESOLVED_DEPENDENCY', message);
      return;
    }
    if (from.key !== undefined) this.#draft.addEdge(from.key, to, group === 'optional');
    if (from.isRoot) this.#draft.addDirect(to, group);
  }
}
