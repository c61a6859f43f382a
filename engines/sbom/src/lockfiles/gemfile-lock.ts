import {
  LockfileError,
  type LockfileInput,
  type LockfileInventory,
  type LockfileReader,
  type PackageSource,
} from '../model.ts';
import { withoutCredentials } from './npm-family-source.ts';
import { quote, takeOurSide } from './npm-family-text.ts';
import { PackageGraph } from './package-graph.ts';
import { parseDigest } from './python-name.ts';

/**
 * Bundler: `Gemfile.lock` and `gems.locked`. The groups of a Gemfile are Ruby code, so development gems cannot be told
 * apart. Builds of one version for several platforms are one package.
 */
export const gemfileLockReader: LockfileReader = {
  id: 'gemfile-lock',
  type: 'gem',
  matches: (baseName) => baseName === 'Gemfile.lock' || baseName === 'gems.locked',
  read: readGemfileLock,
};

interface Section {
  readonly title: string;
  readonly options: Map<string, string>;
  current: string | undefined;
}

/** Longer lines are not Bundler's. */
const MAX_LINE = 2048;

async function readGemfileLock(input: LockfileInput): Promise<LockfileInventory> {
  const { text, warning } = takeOurSide(input.path, input.text);
  const graph = new PackageGraph('gem');
  if (warning !== undefined) graph.warn(warning.code, warning.message, warning.line);
  const state: State = { graph, section: undefined, edges: [], direct: [], own: undefined };
  let isKnown = false;
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
    if (line.trim() === '') continue;
    if (line.length > MAX_LINE) {
      graph.warn('SBOM_ENTRY_SKIPPED', `A line of ${line.length} characters; left out.`, index + 1);
    } else if (/^\S/.test(line)) {
      if (!/^[A-Z][A-Z ]*$/.test(line)) throw syntaxError(input.path, index + 1, line);
      state.section = { title: line, options: new Map(), current: undefined };
      isKnown ||= KNOWN.has(line);
    } else if (state.section === undefined) {
      throw syntaxError(input.path, index + 1, line);
    } else {
      readLine(state, state.section, line, index + 1);
    }
  }
  if (!isKnown) {
    throw new LockfileError('SBOM_LOCKFILE_SHAPE', input.path, 'Has none of the sections of a Gemfile.lock.');
  }
  connect(state);
  const { name, version } = state.own === undefined ? {} : (graph.get(state.own) ?? {});
  const root = { ...(name === undefined ? {} : { name }), ...(version === undefined ? {} : { version }) };
  return graph.finish({ path: input.path, format: 'gemfile-lock', root, graph: 'complete' });
}

const KNOWN: ReadonlySet<string> = new Set(['GEM', 'GIT', 'PATH', 'PLUGIN SOURCE', 'PLATFORMS', 'DEPENDENCIES']);

interface State {
  readonly graph: PackageGraph;
  section: Section | undefined;
  /** Key → name it needs. */
  readonly edges: { readonly from: string; readonly name: string; readonly line: number }[];
  readonly direct: string[];
  /** The gem whose directory this is. */
  own: string | undefined;
}

function syntaxError(path: string, line: number, text: string): LockfileError {
  const message = `${quote(text)} is no line of a Gemfile.lock (line ${line}). Run "bundle lock" to write it again.`;
  return new LockfileError('SBOM_LOCKFILE_SYNTAX', path, message, { line, column: 1 });
}

function readLine(state: State, section: Section, line: string, number: number): void {
  const { graph } = state;
  const [, indent = '', name = '', details = ''] = /^( +)(\S+?)!?(?: \((.*)\))?(?: .*)?$/.exec(line) ?? [];
  if (section.title === 'DEPENDENCIES') {
    if (indent.length === 2) state.direct.push(name);
  } else if (section.title === 'CHECKSUMS') {
    addChecksum(graph, line, name, details);
  } else if (SOURCES.has(section.title)) {
    const option = /^ {2}([a-z_]+):(?: (.*))?$/.exec(line);
    if (option !== null) section.options.set(option[1] ?? '', option[2] ?? '');
    else if (indent.length === 4) section.current = addGem(state, section, name, details);
    else if (indent.length === 6 && section.current !== undefined) {
      state.edges.push({ from: section.current, name, line: number });
    }
  }
}

const SOURCES: ReadonlySet<string> = new Set(['GEM', 'GIT', 'PATH', 'PLUGIN SOURCE']);

function addGem(state: State, section: Section, name: string, details: string): string | undefined {
  const source = sourceOf(section);
  // `1.15.2-x86_64-linux`: versions themselves have no dash.
  const key = state.graph.add({ name, version: details.split('-', 1)[0], source });
  if (source.kind === 'workspace') state.own = key;
  return key;
}

function sourceOf({ title, options }: Section): PackageSource {
  const remote = options.get('remote');
  const url = remote === undefined ? {} : { url: withoutCredentials(remote) };
  if (title === 'PATH') return remote === '.' ? { kind: 'workspace', url: '.' } : { kind: 'path', ...url };
  if (title === 'GEM') return { kind: 'registry' };
  const commit = options.get('revision');
  const isCommit = commit !== undefined && /^[0-9a-f]{7,64}$/i.test(commit);
  return { kind: 'git', ...url, ...(isCommit ? { commit: commit.toLowerCase() } : {}) };
}

/** Bundler 2.5 and newer: digests of the `.gem` archives, one for each platform. */
function addChecksum(graph: PackageGraph, line: string, name: string, details: string): void {
  const version = details.split('-', 1)[0];
  const digest = /\) (\S+)$/.exec(line)?.[1] ?? '';
  const hashes = digest.split(',').flatMap((one) => parseDigest(one.replace('=', ':')));
  for (const key of graph.keysOf(name, version)) graph.addHashes(key, hashes);
}

function connect({ graph, edges, direct, own }: State): void {
  const isOwn = new Set(own === undefined ? [] : [own]);
  for (const { from, name, line } of edges) {
    const targets = graph.keysOf(name);
    // Bundler itself is needed by some gems and never listed.
    if (targets.length === 0 && name !== 'bundler') {
      graph.warn('SBOM_UNRESOLVED_DEPENDENCY', `${quote(from)} needs ${quote(name)}, which is not listed.`, line);
    }
    for (const target of targets) {
      graph.addEdge(from, target);
      if (isOwn.has(from)) graph.addDirect(target);
    }
  }
  // A gem for other platforms only is asked for and not locked: Bundler does not mind, so neither does this.
  for (const name of direct) {
    for (const target of graph.keysOf(name)) if (!isOwn.has(target)) graph.addDirect(target);
  }
}
