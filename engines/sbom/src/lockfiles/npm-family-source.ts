import type { PackageSource } from '../model.ts';

/**
 * What a dependency specifier asks for: a range or tag of a registry (aliases included), a repository, a tarball by
 * address, a directory or file, or a member of the workspace.
 */
export type SpecifierKind = 'registry' | 'git' | 'url' | 'path' | 'workspace';

/** Longer specifiers and addresses are treated as opaque registry text: none is real, and every check below is linear. */
const MAX_SPECIFIER = 8192;

const FORGES =
  /^https?:\/\/(?:www\.)?(?:github\.com|codeload\.github\.com|api\.github\.com|gitlab\.com|bitbucket\.org)\//i;
const COMMIT = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/i;

export function specifierKind(specifier: string): SpecifierKind {
  const text = specifier.trim();
  if (text.length > MAX_SPECIFIER || text === '') return 'registry';
  // Nearly every specifier is a range, and every other kind needs one of these.
  if (!text.includes('/') && !text.includes(':') && !text.startsWith('.')) return 'registry';
  if (text.startsWith('workspace:')) return 'workspace';
  if (/^(?:file:|link:|portal:|exec:|\.{1,2}(?:[/\\]|$)|~\/|\/|[a-z]:[/\\])/i.test(text)) return 'path';
  if (/^(?:git[+:@]|ssh:|github:|gitlab:|bitbucket:|gist:|[\w.-]+@[\w.-]+:[^/])/i.test(text)) return 'git';
  if (/^https?:/i.test(text)) return isRepositoryAddress(text) ? 'git' : 'url';
  return /^[\w.-]+\/[\w.-]+(?:#.*)?$/.test(text) ? 'git' : 'registry';
}

function isRepositoryAddress(address: string): boolean {
  const path = address.split(/[?#]/, 1)[0] ?? '';
  return path.endsWith('.git') || forgeArchive(address) !== undefined;
}

/** Forges serve a commit as a tarball: the repository and that commit say more than the tarball's address. */
function forgeArchive(address: string): { url: string; commit: string } | undefined {
  if (!FORGES.test(address)) return undefined;
  const path = address.replace(/^https?:\/\/(?:www\.)?/i, '').split(/[?#]/, 1)[0] ?? '';
  const parts = path.split('/');
  const commit = parts.map((part) => /^[^.]*/.exec(part)?.[0] ?? '').find((part) => COMMIT.test(part));
  if (commit === undefined) return undefined;
  const host = (parts[0] ?? '').toLowerCase().replace(/^(?:codeload|api)\./, '');
  const [owner, name] = parts[1] === 'repos' ? parts.slice(2) : parts.slice(1);
  return { url: `https://${host}/${owner ?? ''}/${name ?? ''}`, commit: commit.toLowerCase() };
}

const SECRET_PARAMETER = /^(?:.*(?:token|auth|passw|secret|signature|credential|apikey|api_key|private).*|sig|key)$/i;

/** An address without user names, passwords, tokens in known query parameters, and fragment. `git@` is no credential. */
export function withoutCredentials(address: string): string {
  if (!/[@?#]/.test(address)) return address;
  const hash = address.indexOf('#');
  let text = hash < 0 ? address : address.slice(0, hash);
  text = text.replace(/^([a-z][a-z0-9+.-]*:\/\/)([^/?]*)@/i, (_all, scheme: string, user: string) =>
    user === 'git' ? `${scheme}git@` : scheme,
  );
  text = text.replace(/^[^@/]*:[^@/]*@(?=[^/:]+:)/, '');
  const question = text.indexOf('?');
  if (question < 0) return text;
  const kept = text
    .slice(question + 1)
    .split('&')
    .filter((pair) => !SECRET_PARAMETER.test(pair.split('=', 1)[0] ?? ''));
  return text.slice(0, question) + (kept.length === 0 ? '' : `?${kept.join('&')}`);
}

const SHORTHAND_HOSTS: ReadonlyMap<string, string> = new Map([
  ['github', 'github.com'],
  ['gitlab', 'gitlab.com'],
  ['bitbucket', 'bitbucket.org'],
  ['gist', 'gist.github.com'],
]);

function gitSource(text: string): PackageSource {
  const archive = forgeArchive(text);
  if (archive !== undefined) return { kind: 'git', ...archive };
  const hash = text.indexOf('#');
  const fragment = hash < 0 ? '' : text.slice(hash + 1);
  const commit = fragment
    .split('&')
    .map((part) => part.replace(/^commit[=:]/, ''))
    .find((part) => COMMIT.test(part));
  const shorthand = /^(?:(github|gitlab|bitbucket|gist):)?([\w.-]+(?:\/[\w.-]+)?)$/i.exec(
    hash < 0 ? text : text.slice(0, hash),
  );
  const host = SHORTHAND_HOSTS.get((shorthand?.[1] ?? 'github').toLowerCase());
  const url = shorthand === null ? withoutCredentials(text) : `https://${host}/${shorthand[2]?.replace(/\.git$/, '')}`;
  return { kind: 'git', url, ...(commit === undefined ? {} : { commit: commit.toLowerCase() }) };
}

/** Where something that does not come from a registry is fetched from. */
export function sourceOfSpecifier(specifier: string): PackageSource {
  const text = specifier.trim();
  const kind = specifierKind(text);
  if (kind === 'git') return gitSource(text);
  if (kind === 'url') return { kind, url: withoutCredentials(text) };
  if (kind === 'path' || kind === 'workspace') return { kind: 'path', url: withoutCredentials(text) };
  return { kind: 'registry' };
}

/** What a lockfile says about one package's origin. */
export interface Origin {
  readonly name: string;
  readonly version: string | undefined;
  /** Address the lockfile pins, when it does. */
  readonly resolved: string | undefined;
  /** A specifier that asked for it; `undefined` when no dependent is known. One that is not a registry's decides. */
  readonly requested: string | undefined;
}

/**
 * The source of a package, by who asked for it: a tarball on any host is a registry's when a version range led to it, and
 * the same address is a `url` source when a manifest names it.
 */
export function sourceOf(origin: Origin): PackageSource {
  const asked = origin.requested === undefined ? undefined : specifierKind(origin.requested);
  if (origin.resolved === undefined || origin.resolved.length > MAX_SPECIFIER) {
    return asked === undefined || asked === 'registry'
      ? { kind: 'registry' }
      : sourceOfSpecifier(origin.requested ?? '');
  }
  if (asked === 'registry' && isOrdinaryDownload(origin.resolved)) {
    return { kind: 'registry', url: withoutCredentials(origin.resolved) };
  }
  const kind = specifierKind(origin.resolved);
  if (kind === 'registry') return { kind };
  if (kind !== 'url') return sourceOfSpecifier(origin.resolved);
  const fromRegistry = (asked === undefined || asked === 'registry') && isRegistryTarball(origin);
  return { kind: fromRegistry ? 'registry' : 'url', url: withoutCredentials(origin.resolved) };
}

function isOrdinaryDownload(address: string): boolean {
  return /^https?:/i.test(address) && !FORGES.test(address) && !address.includes('.git');
}

/** The layouts registries use: `/name/-/name-1.0.0.tgz`, `/download/@scope/name/1.0.0/…`, `/@scope/name/1.0.0.tgz`. */
function isRegistryTarball(origin: Origin): boolean {
  const [path = '', query] = (origin.resolved ?? '').split(/[?#]/, 2);
  if (query !== undefined && (origin.resolved ?? '').includes('?')) return false;
  const base = origin.name.slice(origin.name.lastIndexOf('/') + 1);
  if (path.includes('/-/') && path.slice(path.lastIndexOf('/') + 1).startsWith(`${base}-`)) return true;
  const version = origin.version ?? '';
  if (version === '') return false;
  return path.endsWith(`/${base}-${version}.tgz`) || path.includes(`/${origin.name}/${version}`);
}

/** Version that a registry tarball's address ends in (`…/-/name-1.2.3.tgz`): npm 5.0 wrote such addresses as versions. */
export function versionInTarballName(name: string, address: string): string | undefined {
  const path = address.split(/[?#]/, 1)[0] ?? '';
  const file = path.slice(path.lastIndexOf('/') + 1);
  const base = `${name.slice(name.lastIndexOf('/') + 1)}-`;
  if (!path.includes('/-/') || !file.startsWith(base) || !file.endsWith('.tgz')) return undefined;
  const version = file.slice(base.length, -'.tgz'.length);
  return isExactVersion(version) ? version : undefined;
}

/** Build metadata is no part of what tells two versions apart, and registries leave it out of addresses. */
export function withoutBuild(version: string): string {
  return version.replace(/\+.*$/s, '');
}

/** Name and version that a registry's address speaks of (`…/@scope/name/-/name-1.0.0.tgz`); `undefined` for other layouts. */
export function toldByAddress(address: string): { name: string; version: string } | undefined {
  const path = (address.split(/[?#]/, 1)[0] ?? '').replace(/%2f/gi, '/').replace(/%40/gi, '@');
  const at = path.lastIndexOf('/-/');
  if (at < 0) return undefined;
  const name = /\/((?:@[^/]+\/)?[^/]+)$/.exec(path.slice(0, at))?.[1];
  const version = name === undefined ? undefined : versionInTarballName(name, path);
  return name === undefined || version === undefined ? undefined : { name, version };
}

/** A complete SemVer version, loosely: what a registry could have published. */
export function isExactVersion(text: string): boolean {
  return text.length <= 256 && /^\d+\.\d+\.\d+(?:[-+][\w.+-]*)?$/.test(text);
}

/** `npm:real@range` (and `real@range`) in two; the scope's `@` does not count. `undefined` without a second `@`. */
export function splitAtVersion(text: string): { name: string; version: string } | undefined {
  const at = text.indexOf('@', 1);
  return at < 0 ? undefined : { name: text.slice(0, at), version: text.slice(at + 1) };
}
