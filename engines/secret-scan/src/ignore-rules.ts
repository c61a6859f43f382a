import createIgnore, { type Ignore } from 'ignore';

/** One file of ignore rules: the directory they apply to (`''` or ending in `/`) and its text. */
export interface RuleFile {
  readonly directory: string;
  readonly text: string;
}

/** Longer or more starred patterns are left out: each becomes a regular expression, and its author is not trusted. */
const LONGEST_PATTERN = 512;
const MOST_STARS = 8;
const MOST_PATTERNS = 2_000;

function isTame(line: string): boolean {
  return line.length <= LONGEST_PATTERN && (line.match(/\*/g)?.length ?? 0) <= MOST_STARS;
}

/**
 * What git would ignore, from the ignore files of a tree: the one nearest to a path decides, an ignored directory takes
 * everything with it. Paths are `/`-separated and relative to the scanned directory.
 */
export class IgnoreRules {
  readonly #rules = new Map<string, Ignore>();
  readonly #exclude: Ignore | undefined;
  readonly #directories = new Map<string, boolean>();
  /** Patterns that were left out; what they would have ignored is scanned. */
  readonly leftOut: number;

  /** @param exclude text of `.git/info/exclude`, which every `.gitignore` overrules */
  constructor(files: readonly RuleFile[], exclude: string | undefined) {
    let leftOut = 0;
    const read = (text: string): Ignore => {
      const lines = text.split(/\r?\n/);
      const tame = lines.filter(isTame).slice(0, MOST_PATTERNS);
      leftOut += lines.length - tame.length;
      return createIgnore().add(tame);
    };
    for (const { directory, text } of files) this.#rules.set(directory, read(text));
    this.#exclude = exclude === undefined ? undefined : read(exclude);
    this.leftOut = leftOut;
  }

  /** Whether git would leave this file out. */
  isIgnored(path: string): boolean {
    if (this.#rules.size === 0 && this.#exclude === undefined) return false;
    const directory = path.slice(0, path.lastIndexOf('/') + 1);
    return this.#isDirectoryIgnored(directory) || this.#judge(path, directory);
  }

  /** @param directory `''` or ending in `/` */
  #isDirectoryIgnored(directory: string): boolean {
    if (directory === '') return false;
    const known = this.#directories.get(directory);
    if (known !== undefined) return known;
    const parent = directory.slice(0, directory.lastIndexOf('/', directory.length - 2) + 1);
    const ignored = this.#isDirectoryIgnored(parent) || this.#judge(directory, parent);
    this.#directories.set(directory, ignored);
    return ignored;
  }

  #judge(path: string, directory: string): boolean {
    for (let base = directory; ; base = base.slice(0, base.lastIndexOf('/', base.length - 2) + 1)) {
      const verdict = this.#rules.get(base)?.test(path.slice(base.length));
      if (verdict?.ignored === true) return true;
      if (verdict?.unignored === true) return false;
      if (base === '') break;
    }
    return this.#exclude?.test(path).ignored ?? false;
  }
}
