import { baseName } from './file-kinds.ts';
import { type Fields, isFields, listOf, parseFields, textOf } from './json-fields.ts';
import type { PackageType } from './subject.ts';

/** What a manifest says about its package. */
export interface ManifestFacts {
  readonly type: PackageType;
  readonly name: string | undefined;
  readonly version: string | undefined;
  /** License texts as written; several are a choice or all apply, see `joined`. */
  readonly licenses: readonly string[];
  readonly joined: 'or' | 'and';
}

/** Reads a manifest by its file name; `undefined` when it is not what its name says. */
export function readManifest(path: string, text: string): ManifestFacts | undefined {
  switch (baseName(path)) {
    case 'package.json':
      return readJson('npm', text);
    case 'composer.json':
      return readJson('composer', text);
    case 'Cargo.toml':
      return readToml('cargo', 'package', text);
    case 'pyproject.toml':
      return readToml('pypi', 'project', text);
    default:
      return readHeaders(text);
  }
}

function readJson(type: PackageType, text: string): ManifestFacts | undefined {
  const fields = parseFields(text);
  if (fields === undefined) return undefined;
  const written = [...licenseTexts(fields['license']), ...licenseTexts(fields['licenses'])];
  const licenses = [...new Set(written)];
  return { type, name: textOf(fields['name']), version: textOf(fields['version']), licenses, joined: 'or' };
}

/**
 * The forms npm has seen: `"MIT"`, `{ "type": "MIT", "url": … }`, lists of both, and an address alone.
 */
export function licenseTexts(value: unknown): string[] {
  if (typeof value === 'string') return value.trim() === '' ? [] : [value];
  if (Array.isArray(value))
    return value.slice(0, 64).flatMap((one: unknown) => (Array.isArray(one) ? [] : licenseTexts(one)));
  if (!isFields(value)) return [];
  const text =
    textOf(value['type']) ??
    textOf(value['name']) ??
    textOf(value['id']) ??
    textOf(value['license']) ??
    textOf(value['url']);
  return text === undefined ? [] : [text];
}

/** `key = "value"` lines of one table; nothing more of TOML is needed, and nothing else of it is read. */
function readToml(type: PackageType, table: string, text: string): ManifestFacts | undefined {
  let current = '';
  const values = new Map<string, string>();
  for (const line of text.split('\n')) {
    const header = /^\s*\[{1,2}\s*([^\]]{1,200}?)\s*\]{1,2}/.exec(line);
    if (header !== null) {
      current = header[1] ?? '';
      continue;
    }
    if (current !== table) continue;
    const [, key = '', value = ''] = /^\s*([A-Za-z-]{1,40})\s*=\s*(\S.{0,2000})$/.exec(line) ?? [];
    if (key !== '' && !values.has(key)) values.set(key, value);
  }
  if (values.size === 0) return undefined;
  const file = quoted(values.get('license-file'));
  const license = tomlLicense(values.get('license')) ?? (file === undefined ? undefined : `SEE LICENSE IN ${file}`);
  return {
    type,
    name: quoted(values.get('name')),
    version: quoted(values.get('version')),
    licenses: license === undefined ? [] : [license],
    joined: 'and',
  };
}

function tomlLicense(value: string | undefined): string | undefined {
  if (value === undefined) return undefined;
  const inline = /^\{\s*(text|file)\s*=\s*["']([^"']{1,400})["']/.exec(value);
  if (inline !== null) return inline[1] === 'file' ? `SEE LICENSE IN ${inline[2]}` : inline[2];
  return quoted(value);
}

function quoted(value: string | undefined): string | undefined {
  return /^"([^"]{1,400})"|^'([^']{1,400})'/
    .exec(value ?? '')
    ?.slice(1)
    .find((one) => one !== undefined);
}

/** What the trove classifiers of Python call licenses whose version they name. */
const CLASSIFIERS: Readonly<Record<string, string>> = {
  'MIT License': 'MIT',
  'Apache Software License': 'Apache',
  'BSD License': 'BSD',
  'ISC License (ISCL)': 'ISC',
  'Mozilla Public License 2.0 (MPL 2.0)': 'MPL-2.0',
  'Python Software Foundation License': 'PSF-2.0',
  'The Unlicense (Unlicense)': 'Unlicense',
  'GNU General Public License v2 (GPLv2)': 'GPL-2.0-only',
  'GNU General Public License v2 or later (GPLv2+)': 'GPL-2.0-or-later',
  'GNU General Public License v3 (GPLv3)': 'GPL-3.0-only',
  'GNU General Public License v3 or later (GPLv3+)': 'GPL-3.0-or-later',
  'GNU Lesser General Public License v3 (LGPLv3)': 'LGPL-3.0-only',
  'GNU Lesser General Public License v2 or later (LGPLv2+)': 'LGPL-2.0-or-later',
};

/** Core metadata of Python packages: mail headers up to the first empty line. */
function readHeaders(text: string): ManifestFacts | undefined {
  const values = new Map<string, string[]>();
  for (const line of text.slice(0, 65_536).split('\n')) {
    if (line.trim() === '') break;
    const [, key = '', value = ''] = /^([A-Za-z-]{1,40}):\s*(.{0,2000})$/.exec(line.replace(/\r$/, '')) ?? [];
    if (key !== '') values.set(key, [...(values.get(key) ?? []), value.trim()]);
  }
  const [name] = values.get('Name') ?? [];
  if (name === undefined) return undefined;
  const classified = (values.get('Classifier') ?? []).flatMap((one) => {
    const last = /^License :: (?:OSI Approved :: )?(.+)$/.exec(one)?.[1] ?? '';
    return CLASSIFIERS[last] === undefined ? [] : [CLASSIFIERS[last]];
  });
  const written = [...(values.get('License-Expression') ?? []), ...(values.get('License') ?? [])].filter(
    (one) => one !== '' && one !== 'UNKNOWN',
  );
  const licenses = written.length > 0 ? written.slice(0, 1) : classified;
  return {
    type: 'pypi',
    name: name.toLowerCase().replace(/[-_.]+/g, '-'),
    version: values.get('Version')?.[0],
    licenses,
    joined: 'and',
  };
}

/** One package of an npm lockfile of version 2 or 3, which repeats the license of the manifest. */
export interface LockedPackage {
  readonly name: string;
  readonly version: string | undefined;
  readonly licenses: readonly string[];
  readonly isDevelopment: boolean;
}

/** The installed packages that an npm lockfile names; `undefined` when it is of an older version or unreadable. */
export function readNpmLockfile(text: string): readonly LockedPackage[] | undefined {
  const packages = parseFields(text)?.['packages'];
  if (!isFields(packages)) return undefined;
  const found: LockedPackage[] = [];
  for (const [place, entry] of Object.entries(packages)) {
    const at = place.lastIndexOf('node_modules/');
    if (at < 0 || !isFields(entry) || entry['link'] === true) continue;
    const name = textOf(entry['name']) ?? place.slice(at + 'node_modules/'.length);
    found.push({
      name,
      version: textOf(entry['version']),
      licenses: licenseTexts(entry['license']),
      isDevelopment: entry['dev'] === true,
    });
  }
  return found;
}

/** A component of a CycloneDX document. */
export interface BillComponent {
  readonly type: PackageType;
  readonly name: string;
  readonly version: string | undefined;
  readonly purl: string | undefined;
  readonly licenses: readonly string[];
  readonly isProject: boolean;
  readonly isDevelopment: boolean;
}

/** The components of a CycloneDX document, nested ones included; `undefined` when the text is none. */
export function readCycloneDx(text: string): readonly BillComponent[] | undefined {
  const bill = parseFields(text);
  if (bill === undefined || bill['bomFormat'] !== 'CycloneDX') return undefined;
  const found: BillComponent[] = [];
  const metadata = isFields(bill['metadata']) ? bill['metadata'] : {};
  const open: { readonly value: unknown; readonly isProject: boolean }[] = [
    { value: metadata['component'], isProject: true },
  ];
  for (const value of listOf(bill['components'])) open.push({ value, isProject: false });
  for (let one = open.pop(); one !== undefined; one = open.pop()) {
    if (!isFields(one.value)) continue;
    const isProject = one.isProject || one.value['type'] === 'application';
    const component = readComponent(one.value, isProject);
    if (component !== undefined) found.push(component);
    for (const value of listOf(one.value['components']))
      open.push({ value, isProject: isProject && isFields(value) && value['type'] === 'application' });
  }
  return found;
}

const TYPES: ReadonlySet<string> = new Set<PackageType>(['npm', 'cargo', 'composer', 'pypi', 'golang', 'gem', 'maven']);

function isPackageType(type: string): type is PackageType {
  return TYPES.has(type);
}

function readComponent(fields: Fields, isProject: boolean): BillComponent | undefined {
  const purl = textOf(fields['purl']);
  const [, scheme = ''] = /^pkg:([a-z]{1,20})\//.exec(purl ?? '') ?? [];
  const type = isPackageType(scheme) ? scheme : 'generic';
  const group = textOf(fields['group']);
  const own = textOf(fields['name']);
  if (own === undefined) return undefined;
  const name = group === undefined ? own : `${group}${type === 'maven' ? ':' : '/'}${own}`;
  const licenses = listOf(fields['licenses'])
    .slice(0, 64)
    .flatMap((one) => {
      if (!isFields(one)) return [];
      return textOf(one['expression']) ?? licenseTexts(one['license']);
    });
  return {
    type,
    name,
    version: textOf(fields['version']),
    purl,
    licenses,
    isProject,
    isDevelopment: fields['scope'] === 'excluded',
  };
}
