/** A cell of a table: one line, and no bar that would end it. */
function cell(text: string): string {
  return text.replaceAll('\n', ' ').replaceAll('|', String.raw`\|`).trim();
}

/** A table; an empty text when there are no rows, and without the columns that are empty in every row. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return '';
  const used = head.map((_, at) => at === 0 || rows.some((row) => (row[at] ?? '') !== ''));
  const line = (cells: readonly string[]): string =>
    `| ${cells
      .filter((_, at) => used[at])
      .map(cell)
      .join(' | ')} |`;
  const full = rows.map((row) => head.map((_, at) => row[at] ?? ''));
  return [line(head), line(head.map(() => '---')), ...full.map(line)].join('\n');
}

/** Text as code, whatever is in it. */
export function code(text: string): string {
  return text.includes('`') ? `\`\` ${text} \`\`` : `\`${text}\``;
}

/** Paragraphs and tables, one under the other; empty ones are left out. */
export function stack(...parts: readonly (string | readonly string[])[]): string {
  return parts
    .flat()
    .filter((part) => part !== '')
    .join('\n\n');
}

/** The anchor that a heading gets: letters and digits in lower case, `-` for blanks, as Markdown sites make them. */
export function anchor(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
    .replaceAll(' ', '-');
}

/** What every page begins with: that nobody writes it by hand. */
export function generated(title: string, from: string, introduction: string): string {
  return stack(
    `# ${title}`,
    introduction,
    `_Written by \`npm run reference\` from ${from}. Change that, not this page; a test compares them._`,
  );
}
