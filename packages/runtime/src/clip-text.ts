/** The first `max` UTF-16 units of a text, never half a character: half a one is not well-formed JSON text (RFC 8785). */
export function clipText(text: string, max: number): string {
  if (text.length <= max) return text.toWellFormed();
  return `${text.slice(0, max - 1).replace(/[\ud800-\udbff]$/, '')}…`.toWellFormed();
}
