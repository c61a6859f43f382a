import type { LockfileInput, ReadWarning } from '../model.ts';
import { matchesAnyPattern } from './npm-family-glob.ts';
import type { DependencyGroup } from './npm-family-reach.ts';
import {
  type Fields,
  fieldsAt,
  flagAt,
  isFields,
  licensesAt,
  textAt,
  textPairs,
  valueAt,
} from './npm-family-record.ts';

/** The parts of a package.json that a lockfile leaves out. */
export interface Manifest {
  readonly name: string | undefined;
  readonly version: string | undefined;
  readonly licenses: readonly string[];
  readonly dependencies: readonly ManifestDependency[];
  /** Patterns of workspace members, relative to the manifest. */
  readonly workspaces: readonly string[];
  /** Yarn's `resolutions`: selector → specifier. */
  readonly resolutions: readonly (readonly [string, string])[];
  /** Whether it has packages replaced (`overrides`, `resolutions`, `pnpm.overrides`). */
  readonly overrides: boolean;
}

export interface ManifestDependency {
  readonly name: string;
  readonly specifier: string;
  readonly group: DependencyGroup;
  readonly peer: boolean;
}

/** Reads a manifest's fields. Peer dependencies are listed too: npm installs them for the project itself. */
export function parseManifest(fields: Fields): Manifest {
  return {
    name: textAt(fields, 'name'),
    version: textAt(fields, 'version'),
    licenses: licensesAt(fields),
    dependencies: manifestDependencies(fields),
    workspaces: workspacePatterns(fields),
    resolutions: textPairs(fieldsAt(fields, 'resolutions')),
    overrides: [fields, fieldsAt(fields, 'pnpm')].some((one) =>
      ['overrides', 'resolutions'].some((name) => Object.keys(fieldsAt(one, name)).length > 0),
    ),
  };
}

const OWN_GROUPS = ['dependencies', 'optionalDependencies', 'devDependencies'] as const;

function manifestDependencies(fields: Fields): ManifestDependency[] {
  const optional = fieldsAt(fields, 'optionalDependencies');
  const peerMeta = fieldsAt(fields, 'peerDependenciesMeta');
  const found: ManifestDependency[] = [];
  const take = (field: string, group: DependencyGroup, peer = false): void => {
    for (const [name, specifier] of textPairs(fieldsAt(fields, field))) {
      // A library lists its peers as development dependencies too; then they are there for development.
      if (peer && OWN_GROUPS.some((own) => Object.hasOwn(fieldsAt(fields, own), name))) continue;
      // An entry in optionalDependencies overrides the one in dependencies, in npm, Yarn and pnpm alike.
      const isOptional =
        (group === 'prod' && Object.hasOwn(optional, name)) || (peer && flagAt(fieldsAt(peerMeta, name), 'optional'));
      found.push({ name, specifier, group: isOptional ? 'optional' : group, peer });
    }
  };
  take('dependencies', 'prod');
  take('optionalDependencies', 'optional');
  take('devDependencies', 'dev');
  take('peerDependencies', 'prod', true);
  return found;
}

export function workspacePatterns(fields: Fields): string[] {
  const declared = valueAt(fields, 'workspaces');
  const list = isFields(declared) ? valueAt(declared, 'packages') : declared;
  return Array.isArray(list) ? list.filter((item) => typeof item === 'string') : [];
}

/** A manifest read from disk: absent, unreadable (with the warning to pass on), or there. */
export interface ManifestOnDisk {
  readonly manifest?: Manifest;
  readonly warning?: ReadWarning;
}

/** Reads `directory`/package.json; `directory` is relative to the lockfile's, `''` its own. */
export async function readManifest(input: LockfileInput, directory: string): Promise<ManifestOnDisk> {
  const path = directory === '' ? 'package.json' : `${directory}/package.json`;
  const text = await input.sibling(path);
  if (text === undefined) return {};
  try {
    const value: unknown = JSON.parse(text.replace(/^\ufeff/, ''));
    if (isFields(value)) return { manifest: parseManifest(value) };
  } catch {
    // Falls through to the warning: a manifest helps, the lockfile is what counts.
  }
  return { warning: { code: 'SBOM_MANIFEST_UNREADABLE', message: `${path} is not a JSON object; it was not used.` } };
}

/** Directories (relative to the lockfile's) that hold a package.json and match the workspace patterns, sorted. */
export function workspaceDirectories(input: LockfileInput, patterns: readonly string[]): string[] {
  if (patterns.length === 0) return [];
  const slash = input.path.lastIndexOf('/');
  const base = slash < 0 ? '' : input.path.slice(0, slash + 1);
  const found: string[] = [];
  for (const file of input.files) {
    if (!file.startsWith(base) || !file.endsWith('/package.json') || file.includes('node_modules/')) continue;
    const directory = file.slice(base.length, -'/package.json'.length);
    if (directory !== '' && matchesAnyPattern(patterns, directory)) found.push(directory);
  }
  return found.sort();
}

/** What an inventory says about its project. */
export function rootOf(manifest: Manifest | undefined): {
  name?: string;
  version?: string;
  licenses?: readonly string[];
} {
  return {
    ...(manifest?.name === undefined ? {} : { name: manifest.name }),
    ...(manifest?.version === undefined ? {} : { version: manifest.version }),
    ...(manifest === undefined || manifest.licenses.length === 0 ? {} : { licenses: manifest.licenses }),
  };
}

/** `a/b/../c` and `./a` to plain relative paths; what leaves the root keeps its `..`. */
export function joinPath(base: string, relative: string): string {
  const parts: string[] = [];
  for (const part of `${base}/${relative}`.replaceAll('\\', '/').split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..' && parts.length > 0 && parts.at(-1) !== '..') parts.pop();
    else parts.push(part);
  }
  return parts.join('/');
}
