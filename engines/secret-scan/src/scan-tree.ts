import type { Confidence } from '@mex/guard';
import { readText } from './file-text.ts';
import { type FoundSecret, secretsIn, secretsInName, shownPath } from './finding.ts';
import type { HistoryScan } from './history/scan-history.ts';
import { IgnoreRules, type RuleFile } from './ignore-rules.ts';
import type { TreeMemory } from './tree-memory.ts';

/** A tree of files. */
export interface Tree {
  readonly files: readonly { readonly path: string; readonly size: number }[];
  readonly read: (path: string) => Promise<Uint8Array>;
}

export interface ScanOptions {
  readonly minConfidence: Confidence;
  /** Larger files are left out, and said so. */
  readonly maxFileBytes: number;
  /** Also scan what git would ignore. */
  readonly includeIgnored: boolean;
  /** Where the history is scanned, too: what it has to know of the tree. */
  readonly memory?: TreeMemory | undefined;
}

/** Why a file was not scanned. */
export type SkipReason = 'ignored' | 'internal' | 'installed' | 'binary' | 'too-large' | 'unreadable';

export interface SkippedFile {
  readonly path: string;
  readonly reason: SkipReason;
  readonly size: number;
  /** For files that could not be read: what the host said. */
  readonly message?: string;
}

export interface ScanResult {
  /** In the order of paths, then of places. */
  readonly found: readonly FoundSecret[];
  readonly skipped: readonly SkippedFile[];
  readonly scanned: number;
  readonly bytes: number;
  /** Secrets beyond the bound: counted, not described. */
  readonly beyond: number;
  /** Patterns of ignore files that were left out as too costly. */
  readonly ignorePatternsLeftOut: number;
  /** Present when the history was asked for. */
  readonly history?: HistoryScan;
}

/** Directories of version control, and of installed packages, which their own authors scan. */
const INTERNAL = /(?:^|\/)\.(?:git|hg|svn)\//;
const INSTALLED = /(?:^|\/)(?:node_modules|bower_components|\.pnpm-store)\//;
/** Secrets described; a tree with more has one cause many times over. */
export const MOST_FOUND = 10_000;
/** Files read at once: the host reads while the detector works. */
const AHEAD = 8;

async function readIgnoreRules({ files, read }: Tree): Promise<IgnoreRules> {
  const rules: RuleFile[] = [];
  let exclude: string | undefined;
  for (const { path } of files) {
    const isExclude = path === '.git/info/exclude';
    if (!isExclude && (!/(?:^|\/)\.gitignore$/.test(path) || INTERNAL.test(path) || INSTALLED.test(path))) continue;
    const text = await read(path).then(readText, () => undefined);
    if (text?.kind !== 'text') continue;
    if (isExclude) exclude = text.text;
    else rules.push({ directory: path.slice(0, -'.gitignore'.length), text: text.text });
  }
  return new IgnoreRules(rules, exclude);
}

function reasonToSkip(
  path: string,
  size: number,
  rules: IgnoreRules,
  options: Pick<ScanOptions, 'includeIgnored' | 'maxFileBytes'>,
): SkipReason | undefined {
  if (INTERNAL.test(path)) return 'internal';
  if (INSTALLED.test(path)) return 'installed';
  if (!options.includeIgnored && rules.isIgnored(path)) return 'ignored';
  return size > options.maxFileBytes ? 'too-large' : undefined;
}

/** The files of a tree that are to be scanned, and those that are not. */
export interface Selection {
  readonly queue: readonly { readonly path: string; readonly size: number }[];
  readonly skipped: readonly SkippedFile[];
  readonly ignorePatternsLeftOut: number;
}

/** Says which files count, whoever scans them. */
export async function selectFiles(
  tree: Tree,
  options: Pick<ScanOptions, 'includeIgnored' | 'maxFileBytes'>,
): Promise<Selection> {
  const rules = await readIgnoreRules(tree);
  const skipped: SkippedFile[] = [];
  const queue: { readonly path: string; readonly size: number }[] = [];
  for (const { path, size } of tree.files) {
    const reason = reasonToSkip(path, size, rules, options);
    if (reason === undefined) queue.push({ path, size });
    else skipped.push({ path: shownPath(path), reason, size });
  }
  return { queue, skipped, ignorePatternsLeftOut: rules.leftOut };
}

/** Scans every file of a tree. A file that cannot be read is one of the skipped; what else `read` throws is up to the caller. */
export async function scanTree(tree: Tree, options: ScanOptions): Promise<ScanResult> {
  const { queue, ignorePatternsLeftOut, ...selected } = await selectFiles(tree, options);
  const skipped = [...selected.skipped];
  const found: FoundSecret[] = [];
  let [scanned, bytes, beyond] = [0, 0, 0];
  const keep = (secrets: readonly FoundSecret[]): void => {
    const room = MOST_FOUND - found.length;
    found.push(...secrets.slice(0, room));
    beyond += Math.max(0, secrets.length - room);
  };
  const pending = new Map<number, Promise<Uint8Array | Error>>();
  const ask = (at: number): void => {
    const next = queue[at];
    if (next !== undefined) pending.set(at, tree.read(next.path).catch(asError));
  };
  for (let at = 0; at < AHEAD; at++) ask(at);
  for (const [at, { path, size }] of queue.entries()) {
    const content = await pending.get(at);
    keep(secretsInName(path, options.minConfidence));
    pending.delete(at);
    ask(at + AHEAD);
    if (content === undefined || content instanceof Error) {
      skipped.push({ path: shownPath(path), reason: 'unreadable', size, message: content?.message ?? '' });
      continue;
    }
    const text = readText(content);
    if (text.kind === 'binary') {
      skipped.push({ path: shownPath(path), reason: 'binary', size });
      continue;
    }
    scanned++;
    bytes += content.length;
    const secrets = secretsIn(path, text.text, options.minConfidence, (value) => options.memory?.addValue(value));
    options.memory?.addFile(content, secrets);
    keep(secrets);
  }
  return { found, skipped, scanned, bytes, beyond, ignorePatternsLeftOut };
}

/** What was thrown, as an error. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
