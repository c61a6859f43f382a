import {
  LockfileError,
  type LockfileInput,
  type LockfileInventory,
  type LockfileReader,
  type PackageSource,
} from '../model.ts';
import { type GoDirective, parseGoMod } from './go-mod.ts';
import { compareGoVersions } from './go-version.ts';
import { quote, takeOurSide } from './npm-family-text.ts';
import { PackageGraph } from './package-graph.ts';

/**
 * Go: `go.mod` together with the `go.sum` beside it, or a `go.sum` alone.
 *
 * From Go 1.17 on, `go.mod` lists every module that takes part in a build, the indirect ones too, and is the truth. An
 * older one lists only what the module itself asks for; what else takes part is then taken from `go.sum`: the modules
 * whose content (not only whose `go.mod`) was verified, each in its highest version, because that is the one Go selects.
 *
 * The digests of `go.sum` are over a list of files, not over an archive, so they are not the package's hashes.
 */
export const goModulesReader: LockfileReader = {
  id: 'go-modules',
  type: 'golang',
  matches: (baseName) => baseName === 'go.mod' || baseName === 'go.sum',
  read: readGoModules,
};

/** Since this version of the language, go.mod lists indirect modules as well. */
const COMPLETE_SINCE = 17;

async function readGoModules(input: LockfileInput): Promise<LockfileInventory> {
  const graph = new PackageGraph('golang');
  const { text, warning } = takeOurSide(input.path, input.text);
  if (warning !== undefined) graph.warn(warning.code, warning.message, warning.line);
  if (input.path.endsWith('go.sum')) {
    for (const { name, versions } of readGoSum(graph, input.path, text)) {
      for (const version of versions) graph.addDirect(graph.add({ name, version, source: { kind: 'registry' } }) ?? '');
    }
    return graph.finish({ path: input.path, format: 'go-sum', root: {}, graph: 'none' });
  }
  const directives = parseGoMod(input.path, text);
  const name = directives.find(({ verb }) => verb === 'module')?.words[0];
  if (name === undefined) {
    throw new LockfileError('SBOM_LOCKFILE_SHAPE', input.path, 'Names no module: no go.mod.', { line: 1, column: 1 });
  }
  const replaced = replacementsOf(directives);
  const required = addRequired(graph, directives, replaced);
  if (!listsEverything(directives)) {
    const sum = await input.sibling('go.sum');
    if (sum !== undefined) addVerified(graph, { sums: readGoSum(graph, 'go.sum', sum), required, replaced });
  }
  return graph.finish({ path: input.path, format: 'go-mod', root: { name }, graph: 'none' });
}

function listsEverything(directives: readonly GoDirective[]): boolean {
  const version = directives.find(({ verb }) => verb === 'go')?.words[0] ?? '1.16';
  const [major = 1, minor = 0] = version.split('.').map(Number);
  return major > 1 || minor >= COMPLETE_SINCE;
}

interface Replacement {
  readonly name: string;
  readonly newVersion: string | undefined;
}

/** By `name version` where only that version is replaced, by `name ` where every one is. */
type Replacements = ReadonlyMap<string, Replacement>;

function replacementsOf(directives: readonly GoDirective[]): Replacements {
  const found = new Map<string, Replacement>();
  for (const { verb, words } of directives) {
    const arrow = words.indexOf('=>');
    const [old, version = ''] = words.slice(0, Math.max(arrow, 0));
    const [name, newVersion] = words.slice(arrow + 1);
    if (verb === 'replace' && old !== undefined && name !== undefined)
      found.set(`${old} ${version}`, { name, newVersion });
  }
  return found;
}

function addRequired(graph: PackageGraph, directives: readonly GoDirective[], replaced: Replacements): Set<string> {
  const required = new Set<string>();
  for (const { verb, words, comment, line } of directives) {
    if (verb !== 'require') continue;
    const [name, version] = words;
    if (name === undefined || version === undefined || !/^v\d/.test(version)) {
      graph.warn('SBOM_ENTRY_SKIPPED', `${quote(words.join(' '))} is no module and version; left out.`, line);
      continue;
    }
    required.add(name);
    const key = addModule(graph, { name, version }, replaced);
    if (key !== undefined && !/^indirect\b/.test(comment)) graph.addDirect(key);
  }
  return required;
}

function addModule(
  graph: PackageGraph,
  module: { readonly name: string; readonly version: string },
  replaced: Replacements,
): string | undefined {
  const replacement = replaced.get(`${module.name} ${module.version}`) ?? replaced.get(`${module.name} `);
  if (replacement === undefined) return graph.add({ ...module, source: { kind: 'registry' } });
  const { name, newVersion } = replacement;
  // Go tells a directory from a module by its first characters, and only a module has a version.
  const isDirectory = newVersion === undefined && /^(?:\.{1,2}(?:\/|\\|$)|\/|[A-Za-z]:[\\/])/.test(name);
  const source: PackageSource = isDirectory ? { kind: 'path', url: name } : { kind: 'registry' };
  if (isDirectory) return graph.add({ name: module.name, source });
  const alias = name === module.name ? {} : { alias: module.name };
  return graph.add({ name, version: newVersion, source, ...alias });
}

interface SumEntry {
  readonly name: string;
  /** Whose content was verified. */
  readonly versions: readonly string[];
}

function readGoSum(graph: PackageGraph, path: string, text: string): SumEntry[] {
  const found = new Map<string, Set<string>>();
  let broken = 0;
  let lines = 0;
  for (const [index, raw] of text.split('\n').entries()) {
    if (raw.trim() === '') continue;
    lines++;
    const [name, version, digest, ...more] = raw.length > 4096 ? [] : raw.trim().split(/\s+/);
    if (
      name === undefined ||
      version === undefined ||
      digest === undefined ||
      more.length > 0 ||
      !/^v\d/.test(version)
    ) {
      broken++;
      graph.warn('SBOM_ENTRY_SKIPPED', `${quote(raw.trim())} is no line of a go.sum; left out.`, index + 1);
    } else if (!version.endsWith('/go.mod')) {
      const versions = found.get(name);
      if (versions === undefined) found.set(name, new Set([version]));
      else versions.add(version);
    }
  }
  if (lines > 0 && broken === lines) {
    throw new LockfileError('SBOM_LOCKFILE_SYNTAX', path, 'No line is one of a go.sum.', { line: 1, column: 1 });
  }
  return [...found].map(([name, versions]) => ({ name, versions: [...versions] }));
}

function addVerified(
  graph: PackageGraph,
  known: {
    readonly sums: readonly SumEntry[];
    readonly required: ReadonlySet<string>;
    readonly replaced: Replacements;
  },
): void {
  const targets = new Set([...known.replaced.values()].map(({ name }) => name));
  for (const { name, versions } of known.sums) {
    if (known.required.has(name) || targets.has(name)) continue;
    const [highest] = versions.toSorted((a, b) => compareGoVersions(b, a));
    if (highest !== undefined) addModule(graph, { name, version: highest }, known.replaced);
  }
}
