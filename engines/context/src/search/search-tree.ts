import type { EngineInput } from '@mex/engine-sdk';
import { clipLine } from '../clip.ts';
import { Columns } from '../columns.ts';
import type { FileMatches, ShownLine } from '../documents.ts';
import { splitLines } from '../file-text.ts';
import { countMasked, showMasked } from '../masking.ts';
import type { PathFilter } from '../path-filter.ts';
import { type FileCounts, noFiles, readTexts, type TextFile } from '../tree.ts';
import type { LineMatch, Matcher } from './matcher.ts';

export interface SearchOptions {
  readonly contextLines: number;
  /** Matching lines. */
  readonly maxResults: number;
  readonly maxFileBytes: number;
  /** UTF-16 units of a line that are shown. */
  readonly maxLineChars: number;
}

export interface SearchOutcome {
  readonly files: readonly FileMatches[];
  readonly counts: FileCounts;
  readonly matchingLines: number;
  /** Not everything was looked at: there were `maxResults`. */
  readonly truncated: boolean;
  /** Secrets in the lines shown. */
  readonly masked: number;
}

/** Searches the files of a directory in order of their paths, until there are `maxResults` matching lines. */
export async function searchTree(
  directory: EngineInput,
  filter: PathFilter,
  matcher: Matcher,
  options: SearchOptions,
): Promise<SearchOutcome> {
  const counts = noFiles();
  const files: FileMatches[] = [];
  let [matchingLines, masked, truncated] = [0, 0, false];
  for await (const file of readTexts(directory, filter, options.maxFileBytes, counts)) {
    if (!matcher.mayBeIn(file.raw)) continue;
    const found = searchFile(file, matcher, options, options.maxResults - matchingLines);
    if (found !== undefined) {
      if (found.file.lines.length > 0) files.push(found.file);
      matchingLines += found.matches;
      masked += found.masked;
      truncated = found.truncated;
    }
    if (truncated) break;
  }
  return { files, counts, matchingLines, truncated, masked };
}

interface FileOutcome {
  readonly file: FileMatches;
  readonly matches: number;
  readonly truncated: boolean;
  readonly masked: number;
}

function searchFile(
  { path, sha256, masked }: TextFile,
  matcher: Matcher,
  options: SearchOptions,
  room: number,
): FileOutcome | undefined {
  const lines = splitLines(masked());
  const matches = new Map<number, LineMatch>();
  let truncated = false;
  for (const [at, line] of lines.entries()) {
    const match = matcher.match(line);
    if (match === undefined) continue;
    truncated = matches.size === room;
    if (truncated) break;
    matches.set(at, match);
  }
  if (matches.size === 0 && !truncated) return undefined;
  const shown = withContext([...matches.keys()], lines.length, options.contextLines);
  const text = shown.map((at) => describeLine(lines[at] ?? '', at, matches.get(at), options.maxLineChars));
  const secrets = shown.reduce((sum, at) => sum + countMasked(lines[at] ?? ''), 0);
  return { file: { path, sha256, lines: text }, matches: matches.size, truncated, masked: secrets };
}

/** Lines that match and those around them, each once, in order. */
function withContext(matching: readonly number[], total: number, around: number): number[] {
  const shown: number[] = [];
  for (const at of matching) {
    const from = Math.max(0, at - around, (shown.at(-1) ?? -1) + 1);
    for (let line = from; line <= Math.min(total - 1, at + around); line++) shown.push(line);
  }
  return shown;
}

function describeLine(line: string, at: number, match: LineMatch | undefined, maxChars: number): ShownLine {
  const { text, from } = clipLine(line, maxChars, match?.ranges[0]?.start);
  const clipped = from === undefined ? {} : { text_column: new Columns(line).at(from) };
  const shown = { line: at + 1, text: showMasked(text), ...clipped };
  if (match === undefined) return shown;
  const columns = new Columns(line);
  const matches = match.ranges.map(({ start, end }) => {
    const column = columns.at(start);
    return { column, end_column: columns.at(end) };
  });
  return { ...shown, matches, ...(match.hasMore ? { has_more_matches: true } : {}) };
}
