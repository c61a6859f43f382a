import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** A reference to code that means something else tomorrow. */
export interface FloatingRef {
  readonly file: string;
  readonly line: number;
  readonly ref: string;
}

/** What was looked through, and what was found (CONTRACT §14 A: git refs are 40-hex SHAs). */
export interface RefSurvey {
  readonly files: readonly string[];
  readonly refs: number;
  readonly floating: readonly FloatingRef[];
}

const SHA = /^[0-9a-f]{40}$/;
/** `uses: owner/action@ref` of a workflow; local actions and images pinned by digest have no git ref. */
const USES = /^\s*(?:-\s+)?uses:\s*["']?([^\s"'#]+)["']?/;
/** Dependencies that come from git, as manifests of npm and Cargo write them. */
const GIT_URL = /"((?:git(?:\+\w+)?:|github:|gitlab:|bitbucket:|https?:\/\/[^"\s]+\.git)[^"\s]*)"/g;
const CARGO_GIT = /\bgit\s*=\s*"([^"]+)"/;
const CARGO_REV = /\brev\s*=\s*"([0-9a-f]{40})"/;
const LARGEST = 4 * 1024 * 1024;

/** Looks for git refs that are no commit in workflows and manifests of one directory. */
export function surveyRefs(directory: string): RefSurvey {
  const files = [...workflowFiles(directory), 'package.json', 'Cargo.toml'].filter((file) =>
    isReadable(join(directory, file)),
  );
  const found = files.flatMap((file) => readRefs(directory, file));
  const floating = found.filter(({ pinned }) => !pinned).map(({ pinned: _no, ...ref }) => ref);
  return { files, refs: found.length, floating };
}

function workflowFiles(directory: string): string[] {
  const workflows = join(directory, '.github', 'workflows');
  if (!existsSync(workflows)) return [];
  return readdirSync(workflows)
    .filter((name) => /\.ya?ml$/.test(name))
    .map((name) => join('.github', 'workflows', name));
}

function isReadable(path: string): boolean {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat?.isFile() !== true) return false;
  if (stat.size > LARGEST) throw new Error(`${path} is larger than 4 MiB`);
  return true;
}

function readRefs(directory: string, file: string): (FloatingRef & { pinned: boolean })[] {
  const lines = readFileSync(join(directory, file), 'utf8').split('\n');
  const read = file.endsWith('.json') ? npmRefs : file.endsWith('.toml') ? cargoRefs : workflowRefs;
  return lines.flatMap((text, at) => read(text).map((one) => ({ file, line: at + 1, ...one })));
}

interface Ref {
  readonly ref: string;
  readonly pinned: boolean;
}

function workflowRefs(line: string): Ref[] {
  const used = USES.exec(line)?.[1];
  if (used === undefined || used.startsWith('./')) return [];
  if (used.startsWith('docker://')) return [{ ref: used, pinned: /@sha256:[0-9a-f]{64}$/.test(used) }];
  return [{ ref: used, pinned: SHA.test(used.slice(used.lastIndexOf('@') + 1)) }];
}

function npmRefs(line: string): Ref[] {
  return [...line.matchAll(GIT_URL)].map(([, ref = '']) => ({
    ref,
    pinned: SHA.test(ref.slice(ref.lastIndexOf('#') + 1)),
  }));
}

function cargoRefs(line: string): Ref[] {
  const ref = CARGO_GIT.exec(line)?.[1];
  return ref === undefined ? [] : [{ ref, pinned: CARGO_REV.test(line) }];
}
