/**
 * What changes between two versions of a file, for a person: the lines between what both begin and end with, those that
 * go with `-`, those that come with `+`. What is no text is told by its size.
 * @param maxLines most lines to show; the last one says how many were left out
 */
export function showChange(
  before: Uint8Array | undefined,
  after: Uint8Array | undefined,
  maxLines: number,
): readonly string[] {
  const old = readLines(before);
  const now = readLines(after);
  if (old === undefined || now === undefined) return [`binary, ${before?.length ?? 0} → ${after?.length ?? 0} bytes`];
  let start = 0;
  while (start < old.length && start < now.length && old[start] === now[start]) start += 1;
  let end = 0;
  const room = Math.min(old.length, now.length) - start;
  while (end < room && old[old.length - 1 - end] === now[now.length - 1 - end]) end += 1;
  const lines = [
    `@@ line ${start + 1}`,
    ...old.slice(start, old.length - end).map((line) => `-${line}`),
    ...now.slice(start, now.length - end).map((line) => `+${line}`),
  ];
  if (lines.length <= maxLines) return lines;
  return [...lines.slice(0, maxLines), `… ${lines.length - maxLines} more lines`];
}

const DECODER = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Lines of a text; nothing for what is no text. */
function readLines(bytes: Uint8Array | undefined): string[] | undefined {
  if (bytes === undefined || bytes.length === 0) return [];
  try {
    const text = DECODER.decode(bytes);
    if (text.includes('\0')) return undefined;
    return text.endsWith('\n') ? text.slice(0, -1).split('\n') : [...text.split('\n'), '(no line feed at the end)'];
  } catch {
    // Not UTF-8.
    return undefined;
  }
}
