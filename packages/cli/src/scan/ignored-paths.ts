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
  readonly #rules = new Map<string, Ignore | undefined>();

  /** @param root absolute path of the scanned directory */
  constructor(root: string) {
    this.#root = root;
  }

  /**
   * Whether git would ignore an entry whose directory it does not ignore.
   * @param path `/`-separated, relative to the root
   */
  has(path: string, isDirectory: boolean): boolean {
    const whole = isDirectory ? `${path}/` : path;
    let directory = path.slice(0, path.lastIndexOf('/') + 1);
    for (;;) {
      const verdict = this.#rulesOf(directory)?.test(whole.slice(directory.length));
      if (verdict?.ignored === true) return true;
      if (verdict?.unignored === true) return false;
      if (directory === '') return this.#exclude()?.ignores(whole) ?? false;
      directory = directory.slice(0, directory.lastIndexOf('/', directory.length - 2) + 1);
    }
  }

  #rulesOf(directory: string): Ignore | undefined {
    return this.#read(`${directory}.gitignore`);
  }

  #exclude(): Ignore | undefined {
    return this.#read('.git/info/exclude');
  }

  #read(file: string): Ignore | undefined {
    if (this.#rules.has(file)) return this.#rules.get(file);
    const rules = readRules(join(this.#root, file));
    this.#rules.set(file, rules);
    return rules;
  }
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
