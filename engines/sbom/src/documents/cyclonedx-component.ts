import {
  ComponentScope,
  ComponentType,
  ExternalReferenceType,
  HashAlgorithm,
} from '@cyclonedx/cyclonedx-library/Enums';
import {
  BomRefRepository,
  Component,
  ExternalReference,
  ExternalReferenceRepository,
  HashDictionary,
  LicenseExpression,
  LicenseRepository,
  NamedLicense,
  Property,
  PropertyRepository,
  SpdxLicense,
} from '@cyclonedx/cyclonedx-library/Models';
import type { PackageEntry, PackageHash, PackageType } from '../model.ts';
import type { BillItem } from './bill.ts';
import { type DeclaredLicense, parseLicense } from './license-text.ts';
import { coordinatesOf } from './purl.ts';
import { toUri } from './uri.ts';

/** One package as a CycloneDX component. `showLockfiles` names the lockfiles it comes from, when there are several. */
export function createComponent(item: BillItem, showLockfiles: boolean): Component {
  const { entry } = item;
  const { group, name } = coordinatesOf(entry);
  return new Component(ComponentType.Library, name, {
    bomRef: item.ref,
    ...(group === undefined ? {} : { group }),
    ...(entry.version === undefined ? {} : { version: entry.version }),
    ...(item.purl === undefined ? {} : { purl: item.purl }),
    scope: scopeOf(entry),
    hashes: new PinnedHashes(entry.hashes),
    licenses: createLicenses(entry.licenses),
    externalReferences: references(entry),
    properties: properties(item, showLockfiles),
  });
}

/** Adds edges once every component exists: the library wants the reference objects themselves. */
export function connect(component: Component, dependsOn: readonly string[], all: ReadonlyMap<string, Component>): void {
  component.dependencies = new BomRefRepository();
  for (const ref of dependsOn) {
    const target = all.get(ref);
    if (target !== undefined) component.dependencies.add(target.bomRef);
  }
}

/**
 * Valid identifiers as `id`, a single valid expression as `expression`, everything else by name. CycloneDX as the
 * library writes it holds either licenses or one expression: an expression among others is carried by name.
 */
export function createLicenses(texts: readonly string[]): LicenseRepository {
  const declared = texts.filter((text) => text.trim() !== '').map(parseLicense);
  const [first] = declared;
  if (declared.length === 1 && first?.kind === 'expression') {
    return new LicenseRepository([new LicenseExpression(first.expression)]);
  }
  return new LicenseRepository(declared.map(createLicense));
}

function createLicense(license: DeclaredLicense): SpdxLicense | NamedLicense {
  if (license.kind === 'id') return new SpdxLicense(license.id);
  return new NamedLicense(license.kind === 'expression' ? license.expression : license.name);
}

/** `excluded` is CycloneDX's word for test and other non-runtime use; development outweighs optional. */
function scopeOf(entry: PackageEntry): ComponentScope {
  if (entry.dev) return ComponentScope.Excluded;
  return entry.optional ? ComponentScope.Optional : ComponentScope.Required;
}

/**
 * The library keeps one digest per algorithm. Lockfiles of Python pin one per published file of a version, and each of
 * them is a right one: this holds them all, in the given order.
 */
class PinnedHashes extends HashDictionary {
  readonly #pairs: [HashAlgorithm, string][];

  constructor(hashes: readonly PackageHash[]) {
    super();
    this.#pairs = hashes.map(({ algorithm, hex }) => [HashAlgorithm[algorithm], hex]);
    for (const [algorithm, hex] of this.#pairs) this.set(algorithm, hex);
  }

  override [Symbol.iterator](): MapIterator<[HashAlgorithm, string]> {
    return this.#pairs[Symbol.iterator]();
  }
}

function references(entry: PackageEntry): ExternalReferenceRepository {
  const { kind, url } = entry.source;
  const uri = url === undefined || kind === 'path' || kind === 'workspace' ? undefined : toUri(url);
  if (uri === undefined) return new ExternalReferenceRepository();
  const type = kind === 'git' ? ExternalReferenceType.VCS : ExternalReferenceType.Distribution;
  return new ExternalReferenceRepository([new ExternalReference(uri, type)]);
}

/** Registered names of the CycloneDX property taxonomy where there is one for development packages. */
const DEVELOPMENT_PROPERTY: Partial<Record<PackageType, string>> = {
  npm: 'cdx:npm:package:development',
  composer: 'cdx:composer:package:isDevRequirement',
};

function properties(item: BillItem, showLockfiles: boolean): PropertyRepository {
  const { entry, lockfiles } = item;
  const list = new PropertyRepository();
  const development = entry.type === 'other' ? undefined : DEVELOPMENT_PROPERTY[entry.type];
  if (entry.dev) list.add(new Property(development ?? 'mex:package:development', 'true'));
  if (entry.alias !== undefined) list.add(new Property('mex:package:alias', entry.alias));
  if (entry.source.kind !== 'registry') list.add(new Property('mex:package:source', entry.source.kind));
  if (entry.source.commit !== undefined) list.add(new Property('mex:package:commit', entry.source.commit));
  if (new Set(entry.hashes.map(({ algorithm }) => algorithm)).size < entry.hashes.length) {
    list.add(new Property('mex:package:hashes', 'one per published file'));
  }
  if (showLockfiles) for (const path of lockfiles) list.add(new Property('mex:lockfile', path));
  return list;
}
