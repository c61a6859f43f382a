import { LockfileError, type LockfileInput, type LockfileInventory, type PackageHash } from '../model.ts';
import { parseIntegrity, parseSha1 } from './integrity.ts';
import { type FoundPackage, InventoryDraft } from './npm-family-inventory.ts';
import { type Manifest, readManifest, rootOf, workspaceDirectories } from './npm-family-manifest.ts';
import { sourceOf, specifierKind, splitAtVersion } from './npm-family-source.ts';
import { placeOfName, quote } from './npm-family-text.ts';
import { DescriptorIndex, parseDescriptor } from './yarn-descriptors.ts';
import { parseYarnV1, type YarnV1Block } from './yarn-v1-syntax.ts';

/**
 * Yarn 1. The lockfile holds neither the project nor its workspace members nor any mark: those come from the manifests.
 *
 * @throws LockfileError
 */
export async function readYarnV1(
  input: LockfileInput,
  text: string,
  draft: InventoryDraft,
): Promise<LockfileInventory> {
  verifyVersion(input.path, text);
  const blocks = parseYarnV1(input.path, text);
  const { manifest, warning } = await readManifest(input, '');
  draft.warnAll([warning]);
  const project = new YarnV1Project(draft, manifest);
  for (const block of blocks) project.addBlock(block);
  const members = await project.addMembers(input, manifest?.workspaces ?? []);
  project.addEdges();
  if (manifest === undefined) {
    for (const key of draft.undemanded()) draft.addDirect(key, 'prod');
    draft.warn(
      'SBOM_MANIFEST_UNREADABLE',
      'No package.json beside this lockfile: which dependencies are direct is a guess.',
    );
  } else {
    project.addRoots([[undefined, manifest], ...members]);
  }
  return draft.finish({ path: input.path, format: 'yarn-v1', root: rootOf(manifest), graph: 'complete' });
}

function verifyVersion(path: string, text: string): void {
  const version = /^# yarn lockfile v(\S{1,20})/m.exec(text)?.[1];
  if (version === undefined || version === '1') return;
  const message = `Yarn lockfile version ${quote(version)} is not supported; supported are v1 and __metadata versions 4 to 10.`;
  throw new LockfileError('SBOM_LOCKFILE_VERSION', path, message, placeOfName(text, '# yarn lockfile'));
}

class YarnV1Project {
  readonly #draft: InventoryDraft;
  readonly #index: DescriptorIndex;
  readonly #locked: { key: string; block: YarnV1Block }[] = [];
  /** Name of a workspace member → its key. */
  readonly #members = new Map<string, string>();

  constructor(draft: InventoryDraft, manifest: Manifest | undefined) {
    this.#draft = draft;
    this.#index = new DescriptorIndex(manifest?.resolutions ?? []);
  }

  addBlock(block: YarnV1Block): void {
    const found = packageOf(block);
    if (found === undefined) {
      const message = `The entry of ${quote(block.patterns[0] ?? '')} has no version; left out.`;
      this.#draft.warn('SBOM_ENTRY_SKIPPED', message, block.line);
      return;
    }
    const key = this.#draft.add(found);
    if (key === undefined) return;
    this.#locked.push({ key, block });
    for (const pattern of block.patterns) {
      const { name } = parseDescriptor(pattern);
      if (name !== found.name) this.#draft.add({ ...found, installedAs: name });
      this.#index.add(pattern, key);
    }
  }

  async addMembers(input: LockfileInput, patterns: readonly string[]): Promise<[string, Manifest][]> {
    const members: [string, Manifest][] = [];
    for (const directory of workspaceDirectories(input, patterns)) {
      const { manifest, warning } = await readManifest(input, directory);
      this.#draft.warnAll([warning]);
      if (manifest === undefined) continue;
      const name = manifest.name ?? directory;
      const { version, licenses } = manifest;
      const key = this.#draft.add({ name, version, licenses, source: { kind: 'workspace', url: directory } });
      if (key === undefined) continue;
      this.#draft.addDirect(key, 'prod');
      this.#members.set(name, key);
      members.push([key, manifest]);
    }
    return members;
  }

  addEdges(): void {
    for (const { key, block } of this.#locked) {
      for (const [group, optional] of [
        ['dependencies', false],
        ['optionalDependencies', true],
      ] as const) {
        for (const [name, range] of block.groups.get(group) ?? []) {
          const to = this.#find(name, range, optional, key);
          if (to !== undefined) this.#draft.addEdge(key, to, optional);
        }
      }
    }
  }

  addRoots(roots: readonly (readonly [key: string | undefined, manifest: Manifest])[]): void {
    for (const [key, manifest] of roots) {
      for (const { name, specifier, group, peer } of manifest.dependencies) {
        // Yarn 1 does not install a project's own peer dependencies.
        if (peer) continue;
        const to = this.#find(name, specifier, group === 'optional', key ?? 'the project');
        if (to === undefined) continue;
        this.#draft.addDirect(to, group);
        if (key !== undefined) this.#draft.addEdge(key, to, group === 'optional');
      }
    }
  }

  #find(name: string, range: string, optional: boolean, from: string): string | undefined {
    const found = this.#index.find({ name, range }) ?? this.#members.get(name);
    if (found !== undefined) return found;
    // Links are made, not fetched: Yarn 1 locks nothing for them.
    if (range.startsWith('link:'))
      return this.#draft.add({ name, source: { kind: 'path', url: range.slice('link:'.length) } });
    if (!optional) {
      const message = `${quote(from)} needs ${quote(`${name}@${range}`)}, which the lockfile does not hold.`;
      this.#draft.warn('SBOM_UNRESOLVED_DEPENDENCY', message);
    }
    return undefined;
  }
}

function packageOf(block: YarnV1Block): FoundPackage | undefined {
  const version = block.fields.get('version');
  const [first, ...others] = block.patterns.map(parseDescriptor);
  if (version === undefined || version === '' || first === undefined) return undefined;
  const alias = [first, ...others].find(({ range }) => range.startsWith('npm:'))?.range.slice('npm:'.length);
  // `npm:real` without a version is an alias as well.
  const name = alias === undefined ? first.name : (splitAtVersion(alias)?.name ?? alias);
  const requested =
    [first, ...others].map(({ range }) => range).find((range) => specifierKind(range) !== 'registry') ?? '*';
  const resolved = block.fields.get('resolved');
  const source = sourceOf({ name, version, resolved, requested });
  return { name, version, source, hashes: hashesOf(block, resolved, source.kind === 'git'), installedAs: first.name };
}

/** Yarn 1 appends a tarball's SHA-1 to its address; after a repository's address the same place holds the commit. */
function hashesOf(block: YarnV1Block, resolved: string | undefined, isGit: boolean): PackageHash[] {
  const hashes = parseIntegrity(block.fields.get('integrity') ?? '');
  const hash = resolved === undefined || isGit ? -1 : resolved.indexOf('#');
  const sha1 = hash < 0 || resolved === undefined ? undefined : parseSha1(resolved.slice(hash + 1));
  return sha1 === undefined ? hashes : [...hashes, sha1];
}
