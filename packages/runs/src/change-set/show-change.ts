/**
 * What changes between two versions of a file, for a person: the lines between what both begin and end with, those that
 * go with `-`, those that come with `+`. What is no text is told by its size.
 * @param maxLines most lines to show; what comes has at least half of them, and what is left out is counted in its place
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
  const gone = old.slice(start, old.length - end).map((line) => `-${line}`);
  const come = now.slice(start, now.length - end).map((line) => `+${line}`);
  const half = Math.floor(maxLines / 2);
  // Nobody hides what they put in behind what they take out.
  const forGone = Math.max(half, maxLines - come.length);
  const forCome = Math.max(maxLines - half, maxLines - gone.length);
  return [`@@ line ${start + 1}`, ...cut(gone, forGone), ...cut(come, forCome)];
}

function cut(lines: readonly string[], room: number): readonly string[] {
  if (lines.length <= room) return lines;
  const left = lines.slice(room);
  return [...lines.slice(0, room), `… ${left.length} more lines with ${left[0]?.slice(0, 1)}`];
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
