import type { LockfileInput, LockfileInventory, ReadWarning } from '../model.ts';
import {
  joinPath,
  type Manifest,
  type ManifestDependency,
  readManifest,
  workspaceDirectories,
} from './npm-family-manifest.ts';
import { isExactVersion, specifierKind, withoutBuild } from './npm-family-source.ts';
import { quote } from './npm-family-text.ts';

/** Names told one by one; the message counts the rest. */
const MAX_NAMED = 10;

/**
 * What manifests beside an npm-family lockfile ask for and the lockfile does not hold: it is older than they are, or of
 * another project, and whatever is missing would be in no SBOM (CONTRACT §14 C). Looks at the project and its workspace
 * members. Peers and optional dependencies may be absent; directories are part of the project.
 */
export async function findUnheld(input: LockfileInput, inventory: LockfileInventory): Promise<ReadWarning[]> {
  const held = new Held(inventory);
  const { manifest } = await readManifest(input, '');
  const warnings: ReadWarning[] = [];
  for (const directory of ['', ...memberDirectories(input, inventory, manifest)]) {
    const found = directory === '' ? manifest : (await readManifest(input, directory)).manifest;
    if (found?.name !== undefined) held.addMember(found.name);
    const missing = found?.dependencies.filter((one) => isNeeded(one) && !held.has(one, overrides(manifest))) ?? [];
    if (missing.length > 0) warnings.push(tell(joinPath(directory, 'package.json'), missing));
  }
  return warnings;
}

/** Members as the lockfile lists them, and as the manifest does: one that is new is only in the latter. */
function memberDirectories(input: LockfileInput, { packages }: LockfileInventory, manifest: Manifest | undefined) {
  const listed = packages.flatMap(({ source }) =>
    source.kind === 'workspace' ? [joinPath('', source.url ?? '')] : [],
  );
  const found = new Set([...listed, ...workspaceDirectories(input, manifest?.workspaces ?? [])]);
  return [...found].filter((directory) => directory !== '' && !directory.startsWith('..')).sort();
}

/** Overridden packages are of another version than is asked for, on purpose. */
function overrides(manifest: Manifest | undefined): boolean {
  return manifest?.overrides === true;
}

function isNeeded({ peer, group, specifier }: ManifestDependency): boolean {
  const kind = specifierKind(specifier);
  return !peer && group !== 'optional' && kind !== 'path' && kind !== 'workspace';
}

class Held {
  readonly #versions = new Map<string, Set<string>>();
  readonly #members = new Set<string>();

  constructor({ packages }: LockfileInventory) {
    for (const { name, alias, version, source } of packages) {
      if (source.kind === 'workspace' || source.kind === 'path') this.#members.add(name);
      for (const known of alias === undefined ? [name] : [name, alias]) {
        const versions = this.#versions.get(known) ?? new Set();
        this.#versions.set(known, versions.add(withoutBuild(version ?? '')));
      }
    }
  }

  addMember(name: string): void {
    this.#members.add(name);
  }

  has({ name, specifier }: ManifestDependency, isOverridden: boolean): boolean {
    const versions = this.#versions.get(name);
    if (this.#members.has(name)) return true;
    if (versions === undefined) return false;
    const exact = specifier.trim().replace(/^[=v]+/, '');
    return isOverridden || !isExactVersion(exact) || versions.has(withoutBuild(exact));
  }
}

function tell(path: string, missing: readonly ManifestDependency[]): ReadWarning {
  const named = missing.slice(0, MAX_NAMED).map(({ name, specifier }) => quote(`${name}@${specifier}`));
  const rest = missing.length - named.length;
  const message = `${path} asks for ${named.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}, which the lockfile does not hold. Let the package manager write it again.`;
  return { code: 'SBOM_LOCKFILE_BEHIND', message };
}
