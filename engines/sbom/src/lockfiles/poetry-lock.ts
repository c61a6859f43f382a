import {
  LockfileError,
  type LockfileInput,
  type LockfileInventory,
  type LockfileReader,
  type PackageHash,
  type PackageSource,
} from '../model.ts';
import type { Marks } from './npm-family-reach.ts';
import { type Fields, fieldsAt, flagAt, isFields, textAt, valueAt } from './npm-family-record.ts';
import { withoutCredentials } from './npm-family-source.ts';
import { placeOfName, quote, takeOurSide } from './npm-family-text.ts';
import { PackageGraph } from './package-graph.ts';
import { normalizePythonName, parseDigest } from './python-name.ts';
import { type PythonProject, readPythonProject } from './python-project.ts';
import { parseToml, tablesAt, textsAt } from './toml-document.ts';

/**
 * Poetry: `poetry.lock` of every version. Development packages are marked by the lockfile up to Poetry 1.4 (`category`)
 * and from 2.0 on (`groups`); in between, what `pyproject.toml` asks for decides.
 */
export const poetryLockReader: LockfileReader = {
  id: 'poetry-lock',
  type: 'pypi',
  matches: (baseName) => baseName === 'poetry.lock',
  read: readPoetryLock,
};

async function readPoetryLock(input: LockfileInput): Promise<LockfileInventory> {
  const { text, warning } = takeOurSide(input.path, input.text);
  const lock = parseToml(input.path, text);
  const version = verifyVersion(input.path, lock, text);
  const project = await readPythonProject(input);
  const graph = new PackageGraph('pypi');
  for (const one of [warning, project.warning]) if (one !== undefined) graph.warn(one.code, one.message, one.line);
  const packages = addPackages(graph, lock);
  connect(graph, packages, project.root.name);
  addDirect(graph, project);
  return graph.finish({ path: input.path, format: `poetry-lock-${version}`, root: project.root, graph: 'complete' });
}

/** `lock-version`, or `0` for the lockfiles of Poetry 0.x, which have none. */
function verifyVersion(path: string, lock: Fields, text: string): string {
  const metadata = fieldsAt(lock, 'metadata');
  const version = textAt(metadata, 'lock-version') ?? '0';
  if (!isFields(valueAt(lock, 'metadata')) && valueAt(lock, 'package') === undefined) {
    throw new LockfileError(
      'SBOM_LOCKFILE_SHAPE',
      path,
      'Holds neither [[package]] nor [metadata]: no lockfile of Poetry.',
    );
  }
  if (/^[012](?:\.|$)/.test(version)) return version;
  const message = `poetry.lock version ${quote(version)} is not known; 1 and 2 are.`;
  throw new LockfileError('SBOM_LOCKFILE_VERSION', path, message, placeOfName(text, 'lock-version'));
}

interface Found {
  readonly key: string;
  readonly table: Fields;
}

function addPackages(graph: PackageGraph, lock: Fields): Found[] {
  const { tables, others } = tablesAt(lock, 'package');
  if (others > 0) graph.warn('SBOM_ENTRY_SKIPPED', `${others} items of [[package]] are no tables; left out.`);
  const found: Found[] = [];
  for (const table of tables) {
    const name = textAt(table, 'name');
    const version = textAt(table, 'version');
    if (name === undefined || version === undefined) {
      graph.warn('SBOM_ENTRY_SKIPPED', `A [[package]] ${quote(name ?? '')} without name or version; left out.`);
      continue;
    }
    const marks = marksOf(table);
    const key = graph.add({
      name: normalizePythonName(name),
      version,
      source: sourceOf(fieldsAt(table, 'source')),
      hashes: hashesOf(name, table, fieldsAt(lock, 'metadata')),
      ...(marks === undefined ? {} : { marks }),
    });
    if (key !== undefined) found.push({ key, table });
  }
  return found;
}

function marksOf(table: Fields): Marks | undefined {
  const optional = flagAt(table, 'optional');
  const category = textAt(table, 'category');
  if (category !== undefined) return { dev: category !== 'main', optional };
  const groups = textsAt(table, 'groups');
  return groups.length > 0 ? { dev: !groups.includes('main'), optional } : undefined;
}

function sourceOf(source: Fields): PackageSource {
  const type = textAt(source, 'type');
  const address = textAt(source, 'url');
  const url = address === undefined ? {} : { url: withoutCredentials(address) };
  if (type === 'git') {
    const commit = textAt(source, 'resolved_reference') ?? textAt(source, 'reference');
    const isCommit = commit !== undefined && /^[0-9a-f]{7,64}$/i.test(commit);
    return { kind: 'git', ...url, ...(isCommit ? { commit: commit.toLowerCase() } : {}) };
  }
  if (type === 'url') return { kind: 'url', ...url };
  if (type === 'file' || type === 'directory') return { kind: 'path', ...url };
  // `legacy` is any other package index: a registry all the same.
  return { kind: 'registry' };
}

/** Digests of the published files: in the package itself, in [metadata.files], or in [metadata.hashes] (Poetry 0.x). */
function hashesOf(name: string, table: Fields, metadata: Fields): PackageHash[] {
  const files = fieldsAt(metadata, 'files');
  const own = tablesAt(table, 'files').tables;
  const listed = own.length > 0 ? own : tablesAt(files, name).tables;
  const hashes = listed.flatMap((file) => parseDigest(textAt(file, 'hash')));
  for (const hex of textsAt(fieldsAt(metadata, 'hashes'), name)) hashes.push(...parseDigest(`sha256:${hex}`));
  return hashes;
}

/** A plugin of the project may depend on the project itself, which its own lockfile does not list. */
function connect(graph: PackageGraph, found: readonly Found[], rootName: string | undefined): void {
  for (const { key, table } of found) {
    for (const [name, wish] of Object.entries(fieldsAt(table, 'dependencies'))) {
      // Several tables for one name: one for each marker that selects another version.
      const wishes = Array.isArray(wish) ? wish.filter(isFields) : isFields(wish) ? [wish] : [];
      const optional = wishes.length > 0 && wishes.every((one) => flagAt(one, 'optional'));
      const targets = graph.keysOf(normalizePythonName(name));
      const isRoot = normalizePythonName(name) === rootName;
      if (targets.length === 0 && !isRoot && !optional && wishes.every((one) => textAt(one, 'markers') === undefined)) {
        graph.warn('SBOM_UNRESOLVED_DEPENDENCY', `${quote(key)} needs ${quote(name)}, which is not listed.`);
      }
      for (const target of targets) graph.addEdge(key, target, optional);
    }
  }
}

function addDirect(graph: PackageGraph, project: PythonProject): void {
  let count = 0;
  for (const [name, group] of project.groups) {
    for (const key of graph.keysOf(name)) {
      graph.addDirect(key, group);
      count++;
    }
  }
  if (count === 0) graph.addUndemandedAsDirect();
}
