import { isExactVersion } from './npm-family-source.ts';

/** Generations of pnpm lockfiles differ in how the keys of `packages` are spelled. */
export type PnpmMajor = 5 | 6 | 9;

/** What a key of `packages` or `snapshots` says. */
export interface PnpmPath {
  readonly name: string | undefined;
  /** A published version, or `undefined` when the key holds an address instead. */
  readonly version: string | undefined;
  /** The address of something that is not published: `file:…`, `https://…`, `github.com/owner/name/commit`. */
  readonly reference: string | undefined;
}

/**
 * Takes a key apart: `/name/1.0.0_peers` (5), `/name@1.0.0(peers)` (6), `name@1.0.0(peers)` (9), with a registry's host
 * in front when it is not the default one (5, 6), or an address.
 */
export function parsePnpmPath(key: string, major: PnpmMajor): PnpmPath {
  const path = withoutPeers(key, major);
  if (major === 9) return parseAtPath(path);
  if (path.startsWith('file:')) return { name: undefined, version: undefined, reference: path };
  const local = path.startsWith('/') ? path.slice(1) : path.slice(path.indexOf('/') + 1);
  const parsed = major === 6 ? parseAtPath(local) : parseSlashPath(local);
  if (parsed.version !== undefined || path.startsWith('/')) return parsed;
  return { name: undefined, version: undefined, reference: path };
}

function parseAtPath(path: string): PnpmPath {
  const at = path.indexOf('@', 1);
  if (at < 0) return { name: undefined, version: undefined, reference: path };
  const name = path.slice(0, at);
  const rest = path.slice(at + 1);
  // An address may end in `/name@1.0.0` as well.
  const isName = /^(?:@[^/]+\/)?[^/]+$/.test(name);
  return isName && isExactVersion(rest)
    ? { name, version: rest, reference: undefined }
    : { name: isName ? name : undefined, version: undefined, reference: rest };
}

function parseSlashPath(path: string): PnpmPath {
  const slash = path.indexOf('/', path.startsWith('@') ? path.indexOf('/') + 1 : 0);
  if (slash < 0) return { name: undefined, version: undefined, reference: path };
  const rest = path.slice(slash + 1);
  return isExactVersion(rest)
    ? { name: path.slice(0, slash), version: rest, reference: undefined }
    : { name: undefined, version: undefined, reference: path };
}

/** Removes what only tells instances of one package apart: the peers it was resolved with, and the hash of a patch. */
export function withoutPeers(key: string, major: PnpmMajor): string {
  if (major !== 5) {
    const start = peersStart(key);
    return start < 0 ? key : key.slice(0, start);
  }
  // Names may hold `_`, versions may not: only what follows the last `/` of a versioned key counts.
  const scanFrom = key.search(/\/\d+\.\d+\.\d+[^/]*/);
  const underscore = key.indexOf('_', scanFrom < 0 ? key.length : scanFrom);
  return underscore < 0 ? key : key.slice(0, underscore);
}

/** Start of the balanced `(…)(…)` groups a key ends in, or -1. */
function peersStart(key: string): number {
  if (!key.endsWith(')')) return -1;
  let depth = 0;
  for (let at = key.length - 1; at >= 0; at--) {
    const char = key.charAt(at);
    if (char === ')') depth++;
    else if (depth === 0) return at + 1;
    else if (char === '(') depth--;
  }
  return -1;
}

/** The key that a dependency `name: reference` leads to; `undefined` for links, which have none. */
export function keyOfReference(name: string, reference: string, major: PnpmMajor): string | undefined {
  if (reference.startsWith('link:')) return undefined;
  if (major === 9) return isWholeKey(reference) ? reference : `${name}@${reference}`;
  if (reference.startsWith('file:')) return reference;
  const plain = major === 6 ? reference.split('(', 1)[0] : reference;
  if (plain?.includes('/') === true || reference.startsWith('@')) return reference;
  return `/${name}${major === 6 ? '@' : '/'}${reference}`;
}

/** An alias is recorded under its real key (`real@1.0.0`); a plain version, an address or `file:` is not a key. */
function isWholeKey(reference: string): boolean {
  if (reference.startsWith('@')) return true;
  const at = reference.indexOf('@');
  if (at < 0) return false;
  const colon = reference.indexOf(':');
  const bracket = reference.indexOf('(');
  return (colon < 0 || at < colon) && (bracket < 0 || at < bracket);
}
