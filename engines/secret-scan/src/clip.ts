/**
 * The first `max` UTF-16 units of a text, well-formed. Cutting may leave half a character, and a file name may hold one
 * written as `\ud83d`; neither is text that a record takes (RFC 8785), and the whole result would be lost for it.
 */
export function clip(text: string, max: number): string {
  if (text.length <= max) return text.toWellFormed();
  return text
    .slice(0, max)
    .replace(/[\ud800-\udbff]$/, '')
    .toWellFormed();
}
