import {
  LockfileError,
  type LockfileInput,
  type LockfileInventory,
  type LockfileReader,
  type PackageSource,
  type ReadWarning,
} from '../model.ts';
import { parseSha1 } from './integrity.ts';
import { parseJsonFields } from './npm-family-json.ts';
import { type Fields, fieldsAt, isFields, licensesAt, textAt, valueAt } from './npm-family-record.ts';
import { withoutCredentials } from './npm-family-source.ts';
import { quote, takeOurSide } from './npm-family-text.ts';
import { PackageGraph } from './package-graph.ts';

/** Composer: `composer.lock` of Composer 1 and 2. `packages-dev` are the development packages; licenses are listed. */
export const composerLockReader: LockfileReader = {
  id: 'composer-lock',
  type: 'composer',
  matches: (baseName) => baseName === 'composer.lock',
  read: readComposerLock,
};

async function readComposerLock(input: LockfileInput): Promise<LockfileInventory> {
  const { text, warning } = takeOurSide(input.path, input.text);
  const lock = parseJsonFields(input.path, text);
  if (!Array.isArray(valueAt(lock, 'packages'))) {
    throw new LockfileError('SBOM_LOCKFILE_SHAPE', input.path, 'Has no "packages" list: no lockfile of Composer.');
  }
  const graph = new PackageGraph('composer');
  const manifest = await readManifest(input);
  for (const one of [warning, manifest.warning]) if (one !== undefined) graph.warn(one.code, one.message, one.line);
  const found = [...addPackages(graph, lock, 'packages'), ...addPackages(graph, lock, 'packages-dev')];
  const providers = providersOf(found);
  for (const one of found) connect(graph, one, providers);
  const fields = manifest.fields ?? {};
  let count = 0;
  for (const [field, group] of [
    ['require', 'prod'],
    ['require-dev', 'dev'],
  ] as const) {
    for (const name of Object.keys(fieldsAt(fields, field))) {
      for (const key of resolve(name, providers)) {
        graph.addDirect(key, group);
        count++;
      }
    }
  }
  if (count === 0) graph.addUndemandedAsDirect();
  return graph.finish({ path: input.path, format: 'composer-lock', root: rootOf(fields), graph: 'complete' });
}

async function readManifest(
  input: LockfileInput,
): Promise<{ readonly fields?: Fields; readonly warning?: ReadWarning }> {
  const text = await input.sibling('composer.json');
  if (text === undefined) return {};
  try {
    return { fields: parseJsonFields('composer.json', text) };
  } catch (thrown) {
    const what = thrown instanceof LockfileError ? thrown.message : 'not valid JSON';
    return { warning: { code: 'SBOM_MANIFEST_UNREADABLE', message: `composer.json: ${what}` } };
  }
}

function rootOf(fields: Fields): LockfileInventory['root'] {
  const [name, version, licenses] = [textAt(fields, 'name'), textAt(fields, 'version'), licensesAt(fields)];
  return {
    ...(name === undefined ? {} : { name }),
    ...(version === undefined ? {} : { version }),
    ...(licenses.length === 0 ? {} : { licenses }),
  };
}

interface Found {
  readonly key: string;
  readonly fields: Fields;
}

function addPackages(graph: PackageGraph, lock: Fields, field: 'packages' | 'packages-dev'): Found[] {
  const list = valueAt(lock, field);
  const found: Found[] = [];
  for (const fields of Array.isArray(list) ? list : []) {
    const name = isFields(fields) ? textAt(fields, 'name') : undefined;
    const version = isFields(fields) ? textAt(fields, 'version') : undefined;
    if (!isFields(fields) || name === undefined || version === undefined) {
      graph.warn('SBOM_ENTRY_SKIPPED', `An item of "${field}" ${quote(name ?? '')} has no name or version; left out.`);
      continue;
    }
    const source = sourceOf(fields);
    const shasum = textAt(fieldsAt(fields, 'dist'), 'shasum');
    const sha1 = shasum === undefined ? undefined : parseSha1(shasum);
    const key = graph.add({
      name,
      version,
      source,
      hashes: sha1 === undefined ? [] : [sha1],
      licenses: licensesAt(fields),
      marks: { dev: field === 'packages-dev', optional: false },
    });
    if (key !== undefined) found.push({ key, fields });
  }
  return found;
}

/**
 * A package from a registry has an archive. One that a manifest takes straight from a repository says where it would be
 * counted nowhere (no `notification-url`) and has either no archive or the forge's own archive of its commit.
 */
function sourceOf(fields: Fields): PackageSource {
  const dist = fieldsAt(fields, 'dist');
  const origin = fieldsAt(fields, 'source');
  const [archive, repository] = [textAt(dist, 'url'), textAt(origin, 'url')];
  if (textAt(dist, 'type') === 'path') return { kind: 'path', ...(archive === undefined ? {} : { url: archive }) };
  const isCounted = textAt(fields, 'notification-url') !== undefined;
  const isForgeArchive =
    archive === undefined || /\/(?:zipball|tarball|archive|repository\/archive[^/]*)(?:\/|\?|$)/.test(archive);
  if (!isCounted && isForgeArchive && textAt(origin, 'type') === 'git' && repository !== undefined) {
    const commit = textAt(origin, 'reference');
    const isCommit = commit !== undefined && /^[0-9a-f]{7,64}$/i.test(commit);
    return { kind: 'git', url: withoutCredentials(repository), ...(isCommit ? { commit: commit.toLowerCase() } : {}) };
  }
  return archive === undefined ? { kind: 'registry' } : { kind: 'registry', url: withoutCredentials(archive) };
}

/** Packages that can stand for one name; a dependency points at each of them. */
const MAX_PROVIDERS = 100;

/**
 * Lower-case name → the packages it stands for: the one of that name, or those that provide or replace it. Composer
 * compares names without regard to case.
 */
function providersOf(found: readonly Found[]): Map<string, string[]> {
  const providers = new Map<string, string[]>();
  const add = (name: string, key: string): void => {
    const known = providers.get(name.toLowerCase());
    if (known === undefined) providers.set(name.toLowerCase(), [key]);
    else if (known.length < MAX_PROVIDERS) known.push(key);
  };
  for (const { key, fields } of found) add(textAt(fields, 'name') ?? '', key);
  const real = new Set(providers.keys());
  for (const { key, fields } of found) {
    for (const field of ['provide', 'replace']) {
      for (const name of Object.keys(fieldsAt(fields, field))) if (!real.has(name.toLowerCase())) add(name, key);
    }
  }
  return providers;
}

function resolve(name: string, providers: ReadonlyMap<string, readonly string[]>): readonly string[] {
  return providers.get(name.toLowerCase()) ?? [];
}

/** Without a slash it is PHP itself, an extension or a library of the system. */
function connect(graph: PackageGraph, { key, fields }: Found, providers: ReadonlyMap<string, readonly string[]>): void {
  for (const name of Object.keys(fieldsAt(fields, 'require'))) {
    if (!name.includes('/')) continue;
    const targets = resolve(name, providers);
    if (targets.length === 0) {
      graph.warn('SBOM_UNRESOLVED_DEPENDENCY', `${quote(key)} needs ${quote(name)}, which is not listed.`);
    }
    for (const target of targets) graph.addEdge(key, target);
  }
}
