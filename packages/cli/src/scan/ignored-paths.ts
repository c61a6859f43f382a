import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import createIgnore, { type Ignore } from 'ignore';

/** Larger ignore files are not read, longer or more starred patterns not used: their author is not trusted. */
const MAX_IGNORE_FILE_BYTES = 1024 * 1024;
const MAX_PATTERN_CHARS = 512;
const MAX_STARS = 8;
const MAX_PATTERNS = 2_000;

/**
 * What git would leave out of a tree, also by the rules of a repository that the tree is a part of. Ignore files are read
 * as directories are met; the one nearest to a path decides. The engine judges once more by those inside of the tree.
 * Here they keep build directories of gigabytes from being hashed.
 */
export class IgnoredPaths {
  readonly #root: string;
  readonly #outer: readonly Rules[];
  /** By directory (`''` or ending in `/`): the rules that speak of its entries, the nearest first. */
  readonly #chains = new Map<string, readonly Rules[]>();

  /** @param root absolute path of the scanned directory */
  constructor(root: string) {
    this.#root = root;
    this.#outer = readOuterRules(root);
  }

  /**
   * Whether git would ignore an entry whose directory it does not ignore.
   * @param path `/`-separated, relative to the root
   */
  has(path: string, isDirectory: boolean): boolean {
    return isIgnoredBy(this.#chainOf(path.slice(0, path.lastIndexOf('/') + 1)), path, isDirectory);
  }

  /** The same by what lies above the tree alone: rules that nobody sees who is handed the tree. */
  hasOutside(path: string): boolean {
    return this.#outer.length > 0 && isIgnoredBy(this.#outer, path, false);
  }

  #chainOf(directory: string): readonly Rules[] {
    const known = this.#chains.get(directory);
    if (known !== undefined) return known;
    const parent = directory.slice(0, directory.lastIndexOf('/', directory.length - 2) + 1);
    const outer =
      directory === '' ? [...readRules(join(this.#root, EXCLUDE), 0), ...this.#outer] : this.#chainOf(parent);
    const chain = [...readRules(join(this.#root, directory, IGNORE), directory.length), ...outer];
    this.#chains.set(directory, chain);
    return chain;
  }
}

const IGNORE = '.gitignore';
const EXCLUDE = '.git/info/exclude';

/** The rules of one ignore file, and where its directory is: so many characters into a path, or above the root. */
interface Rules {
  readonly base: number;
  /** Path from the directory of the file to the root, `''` or ending in `/`. */
  readonly above: string;
  readonly rules: Ignore;
}

function isIgnoredBy(chain: readonly Rules[], path: string, isDirectory: boolean): boolean {
  for (const { base, above, rules } of chain) {
    const verdict = rules.test(`${above}${path.slice(base)}${isDirectory ? '/' : ''}`);
    if (verdict.ignored) return true;
    if (verdict.unignored) return false;
  }
  return false;
}

/** Rules of the repository around the tree. A tree that is ignored itself was named on purpose: then they do not count. */
function readOuterRules(root: string): Rules[] {
  const rules: Rules[] = [];
  let above = '';
  for (let directory = root; !existsSync(join(directory, '.git')); ) {
    above = `${basename(directory)}/${above}`;
    if (dirname(directory) === directory) return [];
    directory = dirname(directory);
    rules.push(...readRules(join(directory, IGNORE), 0, above));
    if (existsSync(join(directory, '.git'))) rules.push(...readRules(join(directory, EXCLUDE), 0, above));
  }
  return rules.some((one) => one.rules.test(one.above).ignored) ? [] : rules;
}

/** Without rules more is scanned, never less: a file that cannot be read is as good as none. */
function readRules(file: string, base: number, above = ''): Rules[] {
  try {
    const stats = statSync(file, { throwIfNoEntry: false });
    if (stats === undefined || !stats.isFile() || stats.size > MAX_IGNORE_FILE_BYTES) return [];
    const patterns = readFileSync(file, 'utf8').split(/\r?\n/).filter(isTame).slice(0, MAX_PATTERNS);
    return [{ base, above, rules: createIgnore().add(patterns) }];
  } catch {
    return [];
  }
}

function isTame(pattern: string): boolean {
  return pattern.length <= MAX_PATTERN_CHARS && (pattern.match(/\*/g)?.length ?? 0) <= MAX_STARS;
}
