/** Writes out characters that start a line, turn text around, hide, or are half a character: text for a log or a terminal. */
export function escapeControls(text: string): string {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`);
}

/** A stranger's text for use inside a message: shortened, escaped, in double quotes. */
export function quoteText(text: string, maxChars = 80): string {
  const kept = text.length > maxChars ? `${text.slice(0, maxChars)}…` : text;
  return `"${escapeControls(kept)}"`;
}

/** The first `max` UTF-16 units of a text, well-formed: half a character is no text that a record takes (RFC 8785). */
export function clipText(text: string, max: number): string {
  if (text.length <= max) return text.toWellFormed();
  return `${text.slice(0, max - 1).replace(/[\ud800-\udbff]$/, '')}…`.toWellFormed();
}
