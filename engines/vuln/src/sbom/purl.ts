import { type EcosystemName, findEcosystem } from '@mex/advisories/snapshot';

/** A package URL, decoded. */
export interface Purl {
  readonly type: string;
  /** Joined with `/`; absent when there is none. */
  readonly namespace: string | undefined;
  readonly name: string;
  readonly version: string | undefined;
  readonly qualifiers: ReadonlyMap<string, string>;
}

const MAX_CHARS = 4_096;
const PURL = /^pkg:\/*([A-Za-z][A-Za-z0-9.+-]{0,63})\/([^?#]+)(?:\?([^#]*))?(?:#.*)?$/;

/** Reads a package URL; `undefined` for what is none. */
export function parsePurl(text: string): Purl | undefined {
  if (text.length > MAX_CHARS) return undefined;
  const found = PURL.exec(text);
  if (found === null) return undefined;
  const [, type = '', path = '', query = ''] = found;
  // A version may hold `@` only encoded, a namespace always does: the last one separates.
  const at = path.lastIndexOf('@');
  const hasVersion = at > path.lastIndexOf('/');
  const parts = (hasVersion ? path.slice(0, at) : path)
    .split('/')
    .filter((part) => part !== '')
    .map(decode);
  const name = parts.pop();
  const version = hasVersion ? decode(path.slice(at + 1)) : undefined;
  if (name === undefined || parts.includes(undefined) || (hasVersion && version === undefined)) return undefined;
  return {
    type: type.toLowerCase(),
    namespace: parts.length === 0 ? undefined : parts.join('/'),
    name,
    version: version === '' ? undefined : version,
    qualifiers: readQualifiers(query),
  };
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    // A per cent sign that encodes nothing: whatever wrote this did not write a purl.
    return undefined;
  }
}

function readQualifiers(query: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const pair of query.split('&')) {
    const equals = pair.indexOf('=');
    const value = equals < 1 ? undefined : decode(pair.slice(equals + 1));
    if (value !== undefined) found.set(pair.slice(0, equals).toLowerCase(), value);
  }
  return found;
}

const ECOSYSTEM_BY_TYPE: ReadonlyMap<string, EcosystemName> = new Map<string, EcosystemName>([
  ['npm', 'npm'],
  ['cargo', 'crates.io'],
  ['pypi', 'PyPI'],
  ['golang', 'Go'],
  ['gem', 'RubyGems'],
  ['composer', 'Packagist'],
  ['maven', 'Maven'],
]);

/** A package as advisories name it. */
export interface AdvisoryPackage {
  readonly ecosystem: EcosystemName;
  /** The key it is filed under in a snapshot. */
  readonly key: string;
  /** As its registry spells it. */
  readonly name: string;
}

/** `undefined` for a type whose ecosystem MEX does not know. */
export function advisoryPackage(purl: Purl): AdvisoryPackage | undefined {
  const ecosystem = ECOSYSTEM_BY_TYPE.get(purl.type);
  if (ecosystem === undefined) return undefined;
  const separator = ecosystem === 'Maven' ? ':' : '/';
  const name = purl.namespace === undefined ? purl.name : `${purl.namespace}${separator}${purl.name}`;
  return { ecosystem, name, key: findEcosystem(ecosystem)?.packageKey(name) ?? name };
}

/** Advisories speak of a registry's packages; these qualifiers say that the bytes came from elsewhere. */
export function isFromElsewhere(purl: Purl): boolean {
  return ['vcs_url', 'download_url', 'repository_url'].some((name) => purl.qualifiers.has(name));
}
