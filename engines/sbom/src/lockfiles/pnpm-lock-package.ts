import type { PackageSource } from '../model.ts';
import { parseIntegrity } from './integrity.ts';
import type { FoundPackage } from './npm-family-inventory.ts';
import { type Fields, fieldsAt, flagAt, textAt, valueAt } from './npm-family-record.ts';
import { sourceOfSpecifier, specifierKind, withoutCredentials } from './npm-family-source.ts';
import { type PnpmMajor, parsePnpmPath } from './pnpm-lock-path.ts';

/**
 * The package that a key and its fields describe; `undefined` when neither gives it a name. Versions 5 and 6 carry `dev`
 * and `optional` marks; version 9 does not.
 */
export function packageOfSnapshot(key: string, fields: Fields, major: PnpmMajor): FoundPackage | undefined {
  const path = parsePnpmPath(key, major);
  const name = textAt(fields, 'name') ?? path.name;
  if (name === undefined) return undefined;
  const version = textAt(fields, 'version') ?? path.version;
  const resolution = fieldsAt(fields, 'resolution');
  const source =
    path.version === undefined ? unpublishedSource(resolution, path.reference ?? '') : publishedSource(resolution);
  const integrity = parseIntegrity(textAt(resolution, 'integrity') ?? '');
  const marks = { dev: flagAt(fields, 'dev'), optional: flagAt(fields, 'optional') };
  return { name, version, source, hashes: integrity, ...(major === 9 ? {} : { marks }) };
}

function publishedSource(resolution: Fields): PackageSource {
  const tarball = textAt(resolution, 'tarball');
  if (tarball === undefined || !/^https?:/i.test(tarball)) return { kind: 'registry' };
  return { kind: 'registry', url: withoutCredentials(tarball) };
}

/** What is in the key says that it is not published; the resolution says where it comes from. */
function unpublishedSource(resolution: Fields, reference: string): PackageSource {
  const directory = textAt(resolution, 'directory');
  if (directory !== undefined) return { kind: 'path', url: directory };
  const repository = textAt(resolution, 'repo');
  if (repository !== undefined) {
    const commit = textAt(resolution, 'commit');
    return { kind: 'git', url: withoutCredentials(repository), ...(commit === undefined ? {} : { commit }) };
  }
  const located = sourceOfSpecifier(textAt(resolution, 'tarball') ?? reference);
  if (located.kind !== 'registry') return located;
  // `runtime:24.4.1` and the like: fetched from its maker's site, one archive per platform.
  return isUnknownProtocol(reference) || valueAt(resolution, 'variants') !== undefined
    ? { kind: 'url', url: reference }
    : sourceOfSpecifier(`https://${reference}`);
}

function isUnknownProtocol(reference: string): boolean {
  return specifierKind(reference) === 'registry' && /^[a-z][a-z0-9+.-]*:/i.test(reference);
}
