/**
 * A stranger's text for people: control characters removed, at most `max` UTF-16 units, well-formed. Cutting may leave
 * half a character, which no record takes (RFC 8785).
 */
export function clip(text: string, max: number): string {
  const plain = text.replace(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]+/gu, ' ');
  if (plain.length <= max) return plain.toWellFormed();
  return `${plain.slice(0, max - 1).replace(/[\ud800-\udbff]$/, '')}…`.toWellFormed();
}
