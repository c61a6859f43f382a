import { ChangeRefusal } from '../errors.ts';

/** One run of lines of a diff: what it expects from line `start` on (1 is the first), and what it makes of it. */
interface Hunk {
  readonly start: number;
  /** Lines with their line feeds; a last line may have none. Bytes, one character each. */
  readonly before: readonly string[];
  readonly after: readonly string[];
}

/** What a unified diff says of one file. */
export interface FileDiff {
  readonly path: string;
  readonly change: 'create' | 'modify' | 'delete';
  /** Octal, e.g. 0755, where the diff names one. */
  readonly mode?: string;
  readonly hunks: readonly Hunk[];
}

const HUNK = /^@@ -(\d{1,9})(?:,(\d{1,9}))? \+(\d{1,9})(?:,(\d{1,9}))? @@/;
const NOT_READ = /^(rename |copy |similarity |GIT binary patch|Binary files )/;

/**
 * Reads a unified diff, as `git diff` and `diff -u` write it. Renames, copies and binary patches are refused: what they
 * do is said with a change set.
 * @throws MexError `CHANGE_SET_INVALID`, naming the line
 */
export function parseUnifiedDiff(input: Uint8Array): FileDiff[] {
  return new DiffReader(splitKeep(Buffer.from(input).toString('latin1'))).read();
}

/** What a diff makes of a file. Nothing is guessed: every line it names has to be exactly where it says. */
export function applyHunks(before: Uint8Array | undefined, { path, hunks }: FileDiff): Uint8Array {
  const lines = splitKeep(before === undefined ? '' : Buffer.from(before).toString('latin1'));
  const made: string[] = [];
  let at = 0;
  for (const hunk of hunks) {
    // A hunk that expects nothing stands behind the line it names.
    const from = hunk.before.length === 0 ? hunk.start : hunk.start - 1;
    const there = lines.slice(from, from + hunk.before.length);
    const fits =
      from >= at && there.length === hunk.before.length && there.every((line, index) => line === hunk.before[index]);
    if (!fits)
      throw new ChangeRefusal('CHANGE_CONFLICT', `${quote(path)} is not as the diff expects at line ${hunk.start}.`, [
        path,
      ]);
    made.push(...lines.slice(at, from), ...hunk.after);
    at = from + hunk.before.length;
  }
  made.push(...lines.slice(at));
  return Buffer.from(made.join(''), 'latin1');
}

class DiffReader {
  readonly #lines: readonly string[];
  readonly #files: FileDiff[] = [];
  #at = 0;

  constructor(lines: readonly string[]) {
    this.#lines = lines;
  }

  read(): FileDiff[] {
    let mode: string | undefined;
    let named: string | undefined;
    for (let line = this.#peek(); line !== undefined; line = this.#peek()) {
      if (NOT_READ.test(line)) throw this.#refuse('renames, copies and binary patches are not read');
      const git = /^diff --git a\/(.+) b\/(.+)$/.exec(line);
      const given = /^(?:new|new file|deleted file) mode 100([0-7]{3})$/.exec(line);
      if (line.startsWith('--- ')) {
        this.#readFile(mode);
        mode = undefined;
        named = undefined;
        continue;
      }
      if (git !== null && mode !== undefined && named !== undefined) this.#modeOnly(named, mode);
      if (git !== null) [mode, named] = [undefined, git[1] === git[2] ? git[2] : undefined];
      if (given !== null && !line.startsWith('deleted')) mode = `0${given[1] ?? ''}`;
      this.#at += 1;
    }
    if (mode !== undefined && named !== undefined) this.#modeOnly(named, mode);
    if (this.#files.length === 0) throw new ChangeRefusal('CHANGE_SET_INVALID', 'The diff names no file.');
    return this.#files;
  }

  #modeOnly(path: string, mode: string): void {
    this.#files.push({ path: utf8(path), change: 'modify', mode, hunks: [] });
  }

  #readFile(mode: string | undefined): void {
    const old = this.#readName('--- ');
    const now = this.#readName('+++ ');
    const path = now ?? old;
    if (path === undefined || (old !== undefined && now !== undefined && old !== now)) {
      throw this.#refuse('the two names of a file differ');
    }
    const hunks: Hunk[] = [];
    for (let match = HUNK.exec(this.#peek() ?? ''); match !== null; match = HUNK.exec(this.#peek() ?? '')) {
      this.#at += 1;
      hunks.push(this.#readHunk(Number(match[1]), Number(match[2] ?? 1), Number(match[4] ?? 1)));
    }
    const change = old === undefined ? 'create' : now === undefined ? 'delete' : 'modify';
    this.#files.push({ path: utf8(path), change, hunks, ...(mode === undefined ? {} : { mode }) });
  }

  /** The name after `---` or `+++`, without `a/` or `b/` and without a time; nothing for `/dev/null`. */
  #readName(prefix: string): string | undefined {
    const line = this.#peek();
    if (line?.startsWith(prefix) !== true) throw this.#refuse(`a line with "${prefix.trim()}" is missing`);
    this.#at += 1;
    const [name = ''] = line.slice(prefix.length).split('\t');
    if (name === '/dev/null') return undefined;
    if (name.startsWith('"')) throw this.#refuse('names in quotes are not read');
    return name.replace(/^[ab]\//, '');
  }

  #readHunk(start: number, oldCount: number, newCount: number): Hunk {
    const before: string[] = [];
    const after: string[] = [];
    while (before.length < oldCount || after.length < newCount || this.#isNoLineFeed()) {
      const line = this.#lines[this.#at];
      if (line === undefined) throw this.#refuse('it ends in the middle of a hunk');
      this.#at += 1;
      this.#take(line, before, after);
    }
    if (before.length !== oldCount || after.length !== newCount)
      throw this.#refuse('a hunk has other lines than it says');
    return { start, before, after };
  }

  #isNoLineFeed(): boolean {
    return this.#lines[this.#at]?.startsWith('\\') === true;
  }

  #take(line: string, before: string[], after: string[]): void {
    const text = line.slice(1);
    const mark = line[0];
    if (mark === '\\') {
      // "\ No newline at end of file": of the line above, on the sides it was on.
      const above = this.#lines[this.#at - 2]?.[0];
      if (above !== '+') before.push((before.pop() ?? '').replace(/\n$/, ''));
      if (above !== '-') after.push((after.pop() ?? '').replace(/\n$/, ''));
      return;
    }
    if (mark !== ' ' && mark !== '-' && mark !== '+' && line !== '\n')
      throw this.#refuse('a line of a hunk begins with no mark');
    const content = line === '\n' ? line : text;
    if (mark !== '+') before.push(content);
    if (mark !== '-') after.push(content);
  }

  #peek(): string | undefined {
    return this.#lines[this.#at]?.replace(/\r?\n$/, '');
  }

  #refuse(why: string): ChangeRefusal {
    return new ChangeRefusal('CHANGE_SET_INVALID', `Line ${this.#at + 1} of the diff cannot be read: ${why}.`);
  }
}

/** Lines with their line feeds. */
function splitKeep(text: string): string[] {
  return text === '' ? [] : text.split(/(?<=\n)/);
}

function utf8(latin1: string): string {
  return Buffer.from(latin1, 'latin1').toString('utf8');
}

function quote(path: string): string {
  return JSON.stringify(path.slice(0, 200));
}
