import type { PackageSource } from '../model.ts';
import {
  isExactVersion,
  sourceOfSpecifier,
  specifierKind,
  splitAtVersion,
  withoutCredentials,
} from './npm-family-source.ts';
import { parseDescriptor } from './yarn-descriptors.ts';

/** What a `resolution` of Yarn 2 and later stands for. */
export interface Locator {
  /** Real name, aliases and patches resolved. */
  readonly name: string;
  readonly source: PackageSource;
  /** Directory of a workspace member; `''` is the project itself. */
  readonly workspace?: string;
}

/** A patch of a patch of a patch…: more than this is made up. */
const MAX_PATCHES = 8;

/**
 * Understands `name@protocol:reference`. A patched package is the package it patches; `virtual:` instances are the package
 * they are instances of.
 */
export function parseLocator(resolution: string): Locator {
  let locator = parseDescriptor(resolution);
  for (let patches = 0; patches <= MAX_PATCHES; patches++) {
    const reference = locator.range.replace(/^virtual:[^#]*#/, '');
    if (!reference.startsWith('patch:')) return locate(locator.name, reference);
    locator = parseDescriptor(patchedOf(reference));
  }
  return { name: locator.name, source: { kind: 'path', url: 'patch:' } };
}

/** `patch:name@npm%3A1.0.0#~builtin<…>::version=…` → `name@npm:1.0.0` */
function patchedOf(reference: string): string {
  const end = reference.indexOf('#');
  const encoded = reference.slice('patch:'.length, end < 0 ? undefined : end);
  try {
    return decodeURIComponent(encoded);
  } catch {
    return encoded;
  }
}

function locate(name: string, reference: string): Locator {
  const bindings = reference.indexOf('::');
  const plain = bindings < 0 ? reference : reference.slice(0, bindings);
  if (plain.startsWith('workspace:')) {
    const directory = plain.slice('workspace:'.length);
    const workspace = directory === '.' ? '' : directory;
    return { name, source: { kind: 'workspace', url: workspace }, workspace };
  }
  if (plain.startsWith('npm:') || isExactVersion(plain)) {
    const real = plain.startsWith('npm:') ? splitAtVersion(plain.slice('npm:'.length))?.name : undefined;
    const url = bindings < 0 ? undefined : archiveUrl(reference.slice(bindings + 2));
    return { name: real ?? name, source: { kind: 'registry', ...(url === undefined ? {} : { url }) } };
  }
  const kind = specifierKind(plain);
  // Protocols of plugins (`condition:`, `exec:`) make packages on the spot: nothing is fetched under that name.
  if (kind === 'registry' || kind === 'workspace')
    return { name, source: { kind: 'path', url: withoutCredentials(plain) } };
  return { name, source: sourceOfSpecifier(plain) };
}

/** `__archiveUrl=https%3A%2F%2F…`: set when a registry serves tarballs at unusual addresses. */
function archiveUrl(bindings: string): string | undefined {
  for (const pair of bindings.split('&')) {
    if (!pair.startsWith('__archiveUrl=')) continue;
    try {
      return withoutCredentials(decodeURIComponent(pair.slice('__archiveUrl='.length)));
    } catch {
      return undefined;
    }
  }
  return undefined;
}
