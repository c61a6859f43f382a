/** The part of a line that is shown. */
export interface Clipped {
  readonly text: string;
  /** UTF-16 offset of its first character; absent when nothing was left out. */
  readonly from?: number;
}

/** Of a line that is clipped, what is shown before the match. */
const LEAD = 40;

/**
 * At most `max` UTF-16 units of a line, around an offset, whole characters only.
 * @param at where the match begins
 */
export function clipLine(line: string, max: number, at = 0): Clipped {
  if (line.length <= max) return { text: line };
  let from = Math.max(0, Math.min(at - LEAD, line.length - max));
  let to = from + max;
  if (isLowHalf(line, from)) from++;
  if (isLowHalf(line, to)) to--;
  return { text: line.slice(from, to), from };
}

function isLowHalf(text: string, at: number): boolean {
  const unit = text.charCodeAt(at);
  return at > 0 && unit >= 0xdc00 && unit <= 0xdfff;
}
