import type { PackageType } from '../model.ts';

/** A package URL as far as an inventory needs it. */
export interface ToolPurl {
  readonly type: PackageType | 'other';
  /** As its registry knows it: with scope, vendor or module path. */
  readonly name: string;
  readonly version: string | undefined;
  /** Where it comes from, when that is no registry's usual place. */
  readonly elsewhere: { readonly kind: 'git' | 'url'; readonly url: string } | undefined;
}

const MAX_CHARS = 4_096;
const FORM = /^pkg:\/*(?<type>[a-z][a-z0-9.+-]*)\/(?<path>[^?#]+)(?:\?(?<query>[^#]*))?(?:#.*)?$/i;
const TYPES: Readonly<Record<string, PackageType>> = {
  npm: 'npm',
  cargo: 'cargo',
  golang: 'golang',
  pypi: 'pypi',
  gem: 'gem',
  composer: 'composer',
};

/** `undefined` for what is no package URL. */
export function readToolPurl(text: string): ToolPurl | undefined {
  const parts = text.length > MAX_CHARS ? undefined : FORM.exec(text)?.groups;
  if (parts === undefined) return undefined;
  const { type = '', path = '', query = '' } = parts;
  const at = path.lastIndexOf('@');
  const versioned = at > path.lastIndexOf('/') && at > 0;
  try {
    const name = path
      .slice(0, versioned ? at : undefined)
      .split('/')
      .filter((segment) => segment !== '')
      .map((segment) => decodeURIComponent(segment))
      .join('/');
    const version = versioned ? decodeURIComponent(path.slice(at + 1)) : '';
    if (name === '') return undefined;
    return {
      type: TYPES[type.toLowerCase()] ?? 'other',
      name,
      version: version === '' ? undefined : version,
      elsewhere: elsewhereOf(new URLSearchParams(query)),
    };
  } catch {
    // A per cent sign that encodes nothing: whatever wrote this did not write a package URL.
    return undefined;
  }
}

function elsewhereOf(qualifiers: URLSearchParams): ToolPurl['elsewhere'] {
  const vcs = qualifiers.get('vcs_url');
  if (vcs !== null) return { kind: 'git', url: vcs };
  const url = qualifiers.get('download_url') ?? qualifiers.get('repository_url');
  return url === null ? undefined : { kind: 'url', url };
}
