import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import createIgnore, { type Ignore } from 'ignore';

/** Larger ignore files are not read, longer or more starred patterns not used: their author is not trusted. */
const MAX_IGNORE_FILE_BYTES = 1024 * 1024;
const MAX_PATTERN_CHARS = 512;
const MAX_STARS = 8;
const MAX_PATTERNS = 2_000;

/**
 * What git would leave out of a tree. Ignore files are read as directories are met; the one nearest to a path decides.
 * The engine judges once more by the same rules. Here they keep build directories of gigabytes from being hashed.
 */
export class IgnoredPaths {
  readonly #root: string;
  /** By directory (`''` or ending in `/`): the rules that speak of its entries, the nearest first. */
  readonly #chains = new Map<string, readonly Rules[]>();

  /** @param root absolute path of the scanned directory */
  constructor(root: string) {
    this.#root = root;
  }

  /**
   * Whether git would ignore an entry whose directory it does not ignore.
   * @param path `/`-separated, relative to the root
   */
  has(path: string, isDirectory: boolean): boolean {
    for (const { base, rules } of this.#chainOf(path.slice(0, path.lastIndexOf('/') + 1))) {
      const verdict = rules.test(`${path.slice(base)}${isDirectory ? '/' : ''}`);
      if (verdict.ignored) return true;
      if (verdict.unignored) return false;
    }
    return false;
  }

  #chainOf(directory: string): readonly Rules[] {
    const known = this.#chains.get(directory);
    if (known !== undefined) return known;
    const parent = directory.slice(0, directory.lastIndexOf('/', directory.length - 2) + 1);
    const outer = directory === '' ? this.#read('.git/info/exclude', 0) : this.#chainOf(parent);
    const chain = [...this.#read(`${directory}.gitignore`, directory.length), ...outer];
    this.#chains.set(directory, chain);
    return chain;
  }

  #read(file: string, base: number): Rules[] {
    const rules = readRules(join(this.#root, file));
    return rules === undefined ? [] : [{ base, rules }];
  }
}

/** The rules of one ignore file, and how many characters of a path lie before its directory. */
interface Rules {
  readonly base: number;
  readonly rules: Ignore;
}

/** Without rules more is scanned, never less: a file that cannot be read is as good as none. */
function readRules(file: string): Ignore | undefined {
  try {
    const stats = statSync(file, { throwIfNoEntry: false });
    if (stats === undefined || !stats.isFile() || stats.size > MAX_IGNORE_FILE_BYTES) return undefined;
    const patterns = readFileSync(file, 'utf8').split(/\r?\n/).filter(isTame).slice(0, MAX_PATTERNS);
    return createIgnore().add(patterns);
  } catch {
    return undefined;
  }
}

function isTame(pattern: string): boolean {
  return pattern.length <= MAX_PATTERN_CHARS && (pattern.match(/\*/g)?.length ?? 0) <= MAX_STARS;
}
