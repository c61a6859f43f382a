import {
  LockfileError,
  type LockfileInput,
  type LockfileInventory,
  type LockfileReader,
  type PackageHash,
  type PackageSource,
} from '../model.ts';
import { sourceOfSpecifier, withoutCredentials } from './npm-family-source.ts';
import { quote } from './npm-family-text.ts';
import { PackageGraph } from './package-graph.ts';
import { parseDigest, parseRequirement } from './python-name.ts';
import { readPythonProject } from './python-project.ts';

/**
 * pip: `requirements*.txt`. The format has no edges: every line is direct, and what is not pinned with `==` has no
 * version here. Files that are included with `-r` are read when their own name matches; the warning says so.
 */
export const requirementsReader: LockfileReader = {
  id: 'requirements',
  type: 'pypi',
  matches: isRequirementsName,
  read: readRequirements,
};

async function readRequirements(input: LockfileInput): Promise<LockfileInventory> {
  const graph = new PackageGraph('pypi');
  // pip's own naming habit is the only mark there is.
  const dev = /(?:^|[._-])(?:dev|develop|development|test|tests|testing|lint|docs)(?:[._-]|$)/i.test(
    baseStem(input.path),
  );
  for (const { text, line } of logicalLines(input.path, input.text)) addLine(graph, { text, line, dev });
  const { root, warning } = await readPythonProject(input);
  if (warning !== undefined) graph.warn(warning.code, warning.message);
  return graph.finish({ path: input.path, format: 'requirements-txt', root, graph: 'none' });
}

function baseStem(path: string): string {
  return path
    .slice(path.lastIndexOf('/') + 1)
    .replace(/\.txt$/i, '')
    .replace(/^requirements/i, '');
}

interface Line {
  readonly text: string;
  /** 1-based, of its first physical line. */
  readonly line: number;
}

/** Joins lines that end in a backslash and drops comments, as pip does. */
function logicalLines(path: string, text: string): Line[] {
  if (text.includes('\u0000')) throw new LockfileError('SBOM_LOCKFILE_SYNTAX', path, 'Holds NUL characters: no text.');
  const lines: Line[] = [];
  let parts: string[] = [];
  let start = 1;
  for (const [index, raw] of text.split(/\r\n|\r|\n/).entries()) {
    if (parts.length === 0) start = index + 1;
    const isComment = /^\s*#/.test(raw);
    const continues = raw.endsWith('\\') && !isComment;
    parts.push(continues ? raw.slice(0, -1) : raw);
    if (continues) continue;
    lines.push({ text: withoutComment(parts.join(' ')), line: start });
    parts = [];
  }
  if (parts.length > 0) lines.push({ text: withoutComment(parts.join(' ')), line: start });
  return lines.filter((line) => line.text !== '');
}

/** A `#` starts a comment at the beginning or after white space; in `#egg=` it does not. */
function withoutComment(text: string): string {
  const at = text.search(/(?:^|\s)#/);
  return (at < 0 ? text : text.slice(0, at)).trim();
}

function isRequirementsName(baseName: string): boolean {
  return /^requirements[\w.-]*\.txt$/i.test(baseName.trim());
}

/** Characters of one requirement without its hashes. */
const MAX_REQUIREMENT = 4096;

function addLine(graph: PackageGraph, { text, line, dev }: Line & { readonly dev: boolean }): void {
  const hashes = [...text.matchAll(/\s--hash[=\s]\s*(\S+)/g)].flatMap((match) => parseDigest(match[1]));
  const plain = text.replace(/\s--(?:hash|config-settings|global-option|install-option)[=\s].*$/s, '').trim();
  if (plain.length > MAX_REQUIREMENT) {
    graph.warn('SBOM_ENTRY_SKIPPED', `A line of ${plain.length} characters is no requirement; left out.`, line);
    return;
  }
  if (plain.startsWith('-')) {
    addOption(graph, { plain, line, hashes, dev });
    return;
  }
  add(graph, { plain, line, hashes, dev });
}

interface Requirement {
  readonly plain: string;
  readonly line: number;
  readonly hashes: readonly PackageHash[];
  readonly dev: boolean;
}

function addOption(graph: PackageGraph, requirement: Requirement): void {
  const [, option = '', value = ''] = /^(--?[a-z-]+?)(?:[=\s]\s*|(?<=^-[a-z]))(.*)$/s.exec(requirement.plain) ?? [];
  if (option === '-e' || option === '--editable') {
    add(graph, { ...requirement, plain: value });
    return;
  }
  if ((option === '-r' || option === '--requirement') && !isRequirementsName(value.slice(value.lastIndexOf('/') + 1))) {
    const message = `Includes ${quote(value)}, which is not read: only files whose names begin with "requirements" are.`;
    graph.warn('SBOM_ENTRY_SKIPPED', message, requirement.line);
  }
  // Everything else (indexes, constraints, formats) names no package.
}

function add(graph: PackageGraph, { plain, line, hashes, dev }: Requirement): void {
  const parsed = isAddress(plain) ? undefined : parseRequirement(plain);
  const address = parsed === undefined ? plain : /^@\s*(\S+)/.exec(parsed.rest)?.[1];
  const name = parsed?.name ?? eggOf(plain);
  if (name === undefined) {
    graph.warn('SBOM_ENTRY_SKIPPED', `${quote(plain)} names no package; left out.`, line);
    return;
  }
  const version = parsed === undefined || address !== undefined ? undefined : pinOf(parsed.rest);
  const source: PackageSource = address === undefined ? { kind: 'registry' } : sourceOfAddress(address);
  if (version === undefined && address === undefined) {
    const message = `${quote(name)} is not pinned with "==": which version is installed depends on the day.`;
    graph.warn('SBOM_UNPINNED_REQUIREMENT', message, line);
  }
  const key = graph.add({ name, version, source, hashes, marks: { dev, optional: false } });
  if (key !== undefined) graph.addDirect(key, dev ? 'dev' : 'prod');
}

function isAddress(text: string): boolean {
  return (
    /^(?:[a-z][a-z0-9+.-]*:|\.{0,2}\/|\.$|[A-Za-z]:\\)/i.test(text) || /^\S+\.(?:whl|zip|tar\.gz|tgz)$/i.test(text)
  );
}

/** The name an address carries: `#egg=name`, or that of a wheel's or archive's file name. */
function eggOf(address: string): string | undefined {
  const egg = /[#&]egg=([A-Za-z0-9._-]+)/.exec(address)?.[1];
  const file = /([A-Za-z0-9][A-Za-z0-9._]*)-\d[^/]*\.(?:whl|zip|tar\.gz|tgz)(?:[?#]|$)/i.exec(address)?.[1];
  return parseRequirement(egg ?? file ?? '')?.name;
}

function pinOf(specifiers: string): string | undefined {
  const inner = specifiers.replace(/^\((.*)\)$/s, '$1');
  const pins = inner.split(',').flatMap((one) => /^\s*={2,3}\s*([^\s*]+)\s*$/.exec(one)?.[1] ?? []);
  return pins.length === 1 ? pins[0] : undefined;
}

function sourceOfAddress(address: string): PackageSource {
  const text = address.replace(/\$\{[^}]*\}/g, '');
  if (/^(?:git\+|git:)/i.test(text)) {
    const [, base = text, reference] = /^(.*[^/:]\/.*?)@([^@/#]+)(?:#.*)?$/s.exec(text) ?? [];
    const commit = /^[0-9a-f]{7,64}$/i.test(reference ?? '') ? reference : undefined;
    const url = withoutCredentials(base).replace(/^git\+/i, '');
    return { kind: 'git', url, ...(commit === undefined ? {} : { commit: commit.toLowerCase() }) };
  }
  if (/^(?:hg|svn|bzr)\+|^https?:|^ftp:/i.test(text)) return { kind: 'url', url: withoutCredentials(text) };
  return { kind: 'path', url: sourceOfSpecifier(`file:${text.replace(/^file:/i, '')}`).url ?? text };
}
