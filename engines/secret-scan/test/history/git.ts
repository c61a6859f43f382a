import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import type { RepositoryFiles } from '../../src/history/read-repository.ts';
import type { HistoryScan } from '../../src/history/scan-history.ts';
import { type HistoryOptions, scanHistory } from '../../src/history/scan-history.ts';
import { TreeMemory } from '../../src/tree-memory.ts';

/** Neither the machine's nor the person's settings take part. */
const ENVIRONMENT = {
  PATH: process.env['PATH'] ?? '',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_AUTHOR_NAME: 'a',
  GIT_AUTHOR_EMAIL: 'a@test.example',
  GIT_COMMITTER_NAME: 'a',
  GIT_COMMITTER_EMAIL: 'a@test.example',
};

/** Whether there is a git to make repositories with. */
export const hasGit = ((): boolean => {
  try {
    execFileSync('git', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

/** Runs git in a directory and returns what it says. */
export function git(cwd: string, args: readonly string[], input: string | Uint8Array = ''): Buffer {
  return execFileSync('git', [...args], {
    cwd,
    env: ENVIRONMENT,
    input,
    maxBuffer: 1 << 28,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
}

/** Repositories that go away with the tests. */
export class Scratch {
  readonly #root = mkdtempSync(join(tmpdir(), 'mex-history-'));
  #count = 0;

  directory(): string {
    return join(this.#root, `repository-${this.#count++}.git`);
  }

  clear(): void {
    rmSync(this.#root, { recursive: true, force: true });
  }
}

/** One commit of a test: its files stand for the whole tree. */
export interface TestCommit {
  readonly branch?: string;
  readonly files: Readonly<Record<string, string>>;
  readonly message?: string;
  /** Marks of the commits it comes after, from 1; default the one before it. */
  readonly parents?: readonly number[];
}

/** Makes a bare repository in one step; few objects stay loose. `more`: commands of `git fast-import` after the commits. */
export function makeRepository(directory: string, commits: readonly TestCommit[], more = ''): string {
  git('.', ['init', '-q', '--bare', '-b', 'main', directory]);
  const text = commits.map(({ branch = 'main', files, message = 'x', parents }, at) => {
    const after = parents ?? (at === 0 ? [] : [at]);
    const tree = Object.entries(files).map(([path, content]) => `M 100644 inline ${path}\n${data(content)}\n`);
    return [
      `commit refs/heads/${branch}\nmark :${at + 1}\ncommitter a <a@test.example> ${1_700_000_000 + at} +0000\n`,
      `${data(message)}\n`,
      ...after.map((mark, place) => `${place === 0 ? 'from' : 'merge'} :${mark}\n`),
      'deleteall\n',
      ...tree,
    ].join('');
  });
  git(directory, ['fast-import', '--quiet', '--force'], `${text.join('')}${more}done\n`);
  return directory;
}

export function data(text: string): string {
  return `data ${Buffer.byteLength(text)}\n${text}`;
}

/** The files of a repository as the host would hand them over. */
export function openRepository(directory: string): RepositoryFiles {
  const files: { path: string; size: number }[] = [];
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile()) files.push({ path: relative(directory, path), size: statSync(path).size });
  }
  files.sort((a, b) => (a.path < b.path ? -1 : 1));
  return { files, read: async (path) => new Uint8Array(readFileSync(join(directory, path))) };
}

export const OPTIONS: HistoryOptions = {
  minConfidence: 'low',
  maxFileBytes: 1 << 20,
  maxCommits: 1_000,
  maxBlobs: 1_000,
  maxBytes: 1 << 28,
  room: 1_000,
};

/** Scans a repository whose tree was not scanned. */
export function scanFiles(files: RepositoryFiles, options: Partial<HistoryOptions> = {}): Promise<HistoryScan> {
  return scanHistory(files, new TreeMemory(), { ...OPTIONS, ...options });
}

/** What was found, in a form to compare. */
export function told({ found }: HistoryScan): string[] {
  return found.list(new Set()).map(({ path, line, rule, origin }) => `${path}:${line} ${rule} ${origin?.versions}`);
}
