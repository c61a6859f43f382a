import {
  LockfileError,
  type LockfileInput,
  type LockfileInventory,
  type LockfileReader,
  type PackageHash,
  type PackageSource,
} from '../model.ts';
import type { DependencyGroup } from './npm-family-reach.ts';
import { type Fields, fieldsAt, textAt, valueAt } from './npm-family-record.ts';
import { withoutCredentials } from './npm-family-source.ts';
import { placeOfName, quote, takeOurSide } from './npm-family-text.ts';
import { PackageGraph } from './package-graph.ts';
import { normalizePythonName, parseDigest } from './python-name.ts';
import { readPythonProject } from './python-project.ts';
import { parseToml, tablesAt, textsAt } from './toml-document.ts';

const VERSION = 1;

/** uv: `uv.lock` version 1 with any revision. Workspace members are the packages that are built from their own directory. */
export const uvLockReader: LockfileReader = {
  id: 'uv-lock',
  type: 'pypi',
  matches: (baseName) => baseName === 'uv.lock',
  read: readUvLock,
};

async function readUvLock(input: LockfileInput): Promise<LockfileInventory> {
  const { text, warning } = takeOurSide(input.path, input.text);
  const lock = parseToml(input.path, text);
  verifyVersion(input.path, lock, text);
  const project = await readPythonProject(input);
  const graph = new PackageGraph('pypi');
  for (const one of [warning, project.warning]) if (one !== undefined) graph.warn(one.code, one.message, one.line);
  const found = addPackages(graph, lock);
  for (const one of found) connect(graph, one);
  addManifest(graph, fieldsAt(lock, 'manifest'));
  const top = found.find(({ table }) => localPath(fieldsAt(table, 'source')) === '.');
  const { name, version } = top === undefined ? {} : (graph.get(top.key) ?? {});
  const root = {
    ...project.root,
    ...(name === undefined ? {} : { name }),
    ...(version === undefined ? {} : { version }),
  };
  return graph.finish({ path: input.path, format: `uv-lock-v${VERSION}`, root, graph: 'complete' });
}

function verifyVersion(path: string, lock: Fields, text: string): void {
  const version = valueAt(lock, 'version');
  if (version === VERSION) return;
  if (version === undefined) {
    throw new LockfileError('SBOM_LOCKFILE_SHAPE', path, 'Has no version: no lockfile of uv.');
  }
  const message = `uv.lock version ${quote(JSON.stringify(version) ?? '')} is not known; ${VERSION} is.`;
  throw new LockfileError('SBOM_LOCKFILE_VERSION', path, message, placeOfName(text, 'version'));
}

interface Found {
  readonly key: string;
  readonly table: Fields;
  readonly isMember: boolean;
}

function addPackages(graph: PackageGraph, lock: Fields): Found[] {
  const { tables, others } = tablesAt(lock, 'package');
  if (others > 0) graph.warn('SBOM_ENTRY_SKIPPED', `${others} items of [[package]] are no tables; left out.`);
  const members = new Set(textsAt(fieldsAt(lock, 'manifest'), 'members').map(normalizePythonName));
  const found: Found[] = [];
  for (const table of tables) {
    const name = textAt(table, 'name');
    if (name === undefined) {
      graph.warn('SBOM_ENTRY_SKIPPED', 'A [[package]] without name; left out.');
      continue;
    }
    const normal = normalizePythonName(name);
    const source = sourceOf(fieldsAt(table, 'source'), members.has(normal));
    const key = graph.add({ name: normal, version: textAt(table, 'version'), source, hashes: hashesOf(table) });
    if (key !== undefined) found.push({ key, table, isMember: source.kind === 'workspace' });
  }
  return found;
}

/** The directory of a package that lies in this file system. */
function localPath(source: Fields): string | undefined {
  return (
    textAt(source, 'editable') ?? textAt(source, 'virtual') ?? textAt(source, 'directory') ?? textAt(source, 'path')
  );
}

function sourceOf(source: Fields, isMember: boolean): PackageSource {
  const git = textAt(source, 'git');
  if (git !== undefined) {
    const commit = /#([0-9a-f]{7,64})$/i.exec(git)?.[1];
    // The query holds the branch or tag that was asked for; the commit says what was taken.
    const url = withoutCredentials(git).replace(/\?.*$/s, '');
    return { kind: 'git', url, ...(commit === undefined ? {} : { commit: commit.toLowerCase() }) };
  }
  const url = textAt(source, 'url');
  if (url !== undefined) return { kind: 'url', url: withoutCredentials(url) };
  const path = localPath(source);
  if (path !== undefined) return { kind: isMember || path === '.' ? 'workspace' : 'path', url: path };
  return { kind: 'registry' };
}

function hashesOf(table: Fields): PackageHash[] {
  const files = [fieldsAt(table, 'sdist'), ...tablesAt(table, 'wheels').tables];
  return files.flatMap((file) => parseDigest(textAt(file, 'hash')));
}

function connect(graph: PackageGraph, { key, table, isMember }: Found): void {
  const link = (dependency: Fields, group: DependencyGroup): void => {
    const targets = resolve(graph, dependency);
    if (targets.length === 0) {
      const name = quote(textAt(dependency, 'name') ?? '');
      graph.warn('SBOM_UNRESOLVED_DEPENDENCY', `${quote(key)} needs ${name}, which is not listed.`);
    }
    for (const target of targets) {
      graph.addEdge(key, target, isMember && group === 'optional');
      if (isMember && graph.get(target)?.source.kind !== 'workspace') graph.addDirect(target, group);
    }
  };
  for (const dependency of tablesAt(table, 'dependencies').tables) link(dependency, 'prod');
  // A package's extras are listed when somebody asked for them: they are installed. Those of a member are a choice.
  const extras = fieldsAt(table, 'optional-dependencies');
  for (const extra of Object.keys(extras)) for (const one of tablesAt(extras, extra).tables) link(one, 'optional');
  const groups = fieldsAt(table, 'dev-dependencies');
  for (const group of Object.keys(groups)) for (const one of tablesAt(groups, group).tables) link(one, 'dev');
}

/** Requirements that belong to the workspace and to no member. */
function addManifest(graph: PackageGraph, manifest: Fields): void {
  const add = (requirement: Fields, group: DependencyGroup): void => {
    const name = normalizePythonName(textAt(requirement, 'name') ?? '');
    for (const key of graph.keysOf(name)) if (graph.get(key)?.source.kind !== 'workspace') graph.addDirect(key, group);
  };
  for (const requirement of tablesAt(manifest, 'requirements').tables) add(requirement, 'prod');
  const groups = fieldsAt(manifest, 'dependency-groups');
  for (const group of Object.keys(groups)) for (const one of tablesAt(groups, group).tables) add(one, 'dev');
}

/** The version is named only where several of one name are locked; without it, every one of them may be meant. */
function resolve(graph: PackageGraph, dependency: Fields): readonly string[] {
  const versioned = graph.keysOf(normalizePythonName(textAt(dependency, 'name') ?? ''), textAt(dependency, 'version'));
  const origin = valueAt(dependency, 'source');
  if (versioned.length <= 1 || origin === undefined) return versioned;
  const source = sourceOf(fieldsAt(dependency, 'source'), false);
  const exact = versioned.filter((key) => {
    const candidate = graph.get(key)?.source;
    return candidate?.kind === source.kind && candidate.url === source.url;
  });
  return exact.length > 0 ? exact : versioned;
}
