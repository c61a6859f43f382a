import { EngineError, type EngineInput } from '@mex/engine-sdk';
import type { Excerpt } from './documents.ts';
import { readText, splitLines } from './file-text.ts';
import { countMasked, maskText, showMasked, shownPath } from './masking.ts';
import type { Reference } from './reference.ts';

/** UTF-16 units of an excerpt: a line that is longer than all of it cannot be shown whole. */
const MAX_CHARS = 1_000_000;

/** An excerpt that is not written yet: its digest is that of the output. */
export type OpenedReference = Omit<Excerpt, 'excerpt_sha256' | 'schema_version'>;

/** @throws EngineError `CONTEXT_FILE_…`, `CONTEXT_RANGE_INVALID`, `CONTEXT_EXCERPT_TOO_LARGE` */
export async function openReference(
  directory: EngineInput,
  reference: Reference,
  { contextLines, maxLines, maxFileBytes }: { contextLines: number; maxLines: number; maxFileBytes: number },
): Promise<OpenedReference> {
  const { path } = reference;
  const file = (await directory.files()).find((entry) => entry.path === path);
  if (file === undefined) throw new EngineError('CONTEXT_FILE_NOT_FOUND', 'The directory has no file of that path.');
  if (file.size > maxFileBytes)
    throw new EngineError('CONTEXT_FILE_TOO_LARGE', `The file has ${file.size} bytes, more than max_file_bytes.`);
  const raw = readText(await directory.read(path));
  if (raw === undefined) throw new EngineError('CONTEXT_FILE_BINARY', 'The file is no text.');
  const lines = splitLines(maskText(raw, shownPath(path)));
  const { from, to, truncated } = rangeOf(reference, lines.length, contextLines, maxLines);
  const shown = lines.slice(from - 1, to);
  const text = shown.map((line) => `${showMasked(line)}\n`).join('');
  if (text.length > MAX_CHARS)
    throw new EngineError('CONTEXT_EXCERPT_TOO_LARGE', `The excerpt has more than ${MAX_CHARS} characters.`);
  return {
    path: shownPath(path),
    start_line: from,
    end_line: to,
    total_lines: lines.length,
    truncated,
    masked: shown.reduce((sum, line) => sum + countMasked(line), 0),
    file_sha256: file.sha256,
    text,
  };
}

/** Lines that are shown, from 1, both included; of an empty file none: 1 to 0. */
function rangeOf(
  { start, end }: Reference,
  total: number,
  contextLines: number,
  maxLines: number,
): { from: number; to: number; truncated: boolean } {
  if (start !== undefined && start > total)
    throw new EngineError('CONTEXT_RANGE_INVALID', `The file has ${total} lines; the reference begins at ${start}.`);
  const from = start === undefined ? 1 : Math.max(1, start - contextLines);
  const wanted = start === undefined ? total : Math.min(total, (end ?? start) + contextLines);
  const to = Math.min(wanted, from + maxLines - 1);
  return { from, to, truncated: to < wanted };
}
