import type { PackageEntry } from '../model.ts';

/** A package's coordinates as purl and CycloneDX split them. */
export interface Coordinates {
  /** npm scope or Composer vendor; absent for the types that have none, and for Go, whose module path is one name. */
  readonly group?: string;
  readonly name: string;
}

/**
 * Splits the registry name of a package into group and name.
 *
 * @example coordinatesOf({ type: 'npm', name: '@babel/core' }) // { group: '@babel', name: 'core' }
 */
export function coordinatesOf(entry: Pick<PackageEntry, 'type' | 'name'>): Coordinates {
  const slash = entry.name.indexOf('/');
  const grouped = entry.type === 'composer' || (entry.type === 'npm' && entry.name.startsWith('@'));
  if (!grouped || slash <= 0 || slash === entry.name.length - 1) return { name: entry.name };
  return { group: entry.name.slice(0, slash), name: entry.name.slice(slash + 1) };
}

/**
 * The package URL of an entry: `pkg:npm/%40babel/core@7.0.0`.
 *
 * `undefined` for workspace members and path dependencies: a purl names a package of a registry, and matching one
 * against advisories would blame a local directory for its namesake.
 *
 * The type definitions ask for lower-case npm and Go names. Both are kept as written here: `JSONStream` and
 * `jsonstream` are two npm packages, and advisory databases spell Go modules as their authors do.
 */
export function purlOf(entry: PackageEntry): string | undefined {
  if (entry.purl !== undefined) return entry.purl;
  if (entry.source.kind === 'workspace' || entry.source.kind === 'path' || entry.type === 'other') return undefined;
  const path = canonicalName(entry).split('/').filter(Boolean).map(encode).join('/');
  const version = entry.version === undefined || entry.version === '' ? '' : `@${encode(entry.version)}`;
  return `pkg:${entry.type}/${path}${version}${qualifiers(entry)}`;
}

function canonicalName(entry: PackageEntry): string {
  if (entry.type === 'composer') return entry.name.toLowerCase();
  return entry.type === 'pypi' ? entry.name.toLowerCase().replace(/[-_.]+/g, '-') : entry.name;
}

function qualifiers(entry: PackageEntry): string {
  const { kind, url, commit } = entry.source;
  if (url === undefined) return '';
  if (kind === 'url') return `?download_url=${encodeQualifier(url)}`;
  if (kind !== 'git') return '';
  const vcs = /^[a-z]+\+/i.test(url) || url.startsWith('git:') ? url : `git+${url}`;
  return `?vcs_url=${encodeQualifier(commit === undefined || vcs.endsWith(commit) ? vcs : `${vcs}@${commit}`)}`;
}

/** purl leaves `:` as it is besides the URI's unreserved characters; everything else becomes UTF-8 in per cent signs. */
function encode(text: string): string {
  return encodeURIComponent(text.toWellFormed())
    .replace(/[!'()*]/g, percent)
    .replaceAll('%3A', ':');
}

function encodeQualifier(text: string): string {
  return encode(text).replaceAll('%2F', '/');
}

function percent(char: string): string {
  return `%${char.charCodeAt(0).toString(16).toUpperCase()}`;
}
