import { stripControl } from '@mex/guard';
import type { FileMatches, Todo } from './documents.ts';
import type { FileCounts } from './tree.ts';

const amount = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

/** Files that were not looked at, in words; empty when there are none. */
function leftOut({ excluded, binary, too_large, unreadable }: FileCounts): string {
  const parts = [
    [excluded, 'excluded'],
    [binary, 'binary'],
    [too_large, 'too large'],
    [unreadable, 'unreadable'],
  ] as const;
  const named = parts.filter(([count]) => count > 0).map(([count, name]) => `${count} ${name}`);
  return named.length === 0 ? '' : `, left out: ${named.join(', ')}`;
}

/** What was found as a person reads it: a file, then its lines; `:` after the number of a line that matches. */
export function writeMatches(
  files: readonly FileMatches[],
  facts: { matchingLines: number; truncated: boolean; counts: FileCounts },
): string {
  const blocks = files.map(({ path, lines }) => {
    let last = lines[0]?.line ?? 0;
    const rows = lines.flatMap(({ line, text, matches, text_column }) => {
      const gap = line > last + 1 ? ['--'] : [];
      last = line;
      const shown = text_column === undefined ? text : `[… from column ${text_column}] ${text}`;
      return [...gap, `${line}${matches === undefined ? '-' : ':'} ${stripControl(shown)}`];
    });
    return `${path}\n${rows.join('\n')}\n`;
  });
  const { matchingLines, truncated, counts } = facts;
  const more = truncated ? ', and there are more' : '';
  const total = `${amount(matchingLines, 'matching line')} in ${amount(files.length, 'file')}${more}; ${amount(counts.searched, 'file')} searched${leftOut(counts)}`;
  return [...blocks, `${total}\n`].join('\n');
}

/** Open tasks, one a line. */
export function writeTodos(todos: readonly Todo[], facts: { truncated: boolean; counts: FileCounts }): string {
  const rows = todos.map(({ path, line, column, tag, text, author, issue }) => {
    const who = [author, issue].filter((name) => name !== undefined).join(', ');
    return `${path}:${line}:${column}: ${tag}${who === '' ? '' : ` (${who})`} ${stripControl(text)}`.trimEnd();
  });
  const more = facts.truncated ? ', and there are more' : '';
  const total = `${amount(todos.length, 'open task')}${more}; ${amount(facts.counts.searched, 'file')} searched${leftOut(facts.counts)}`;
  return `${[...rows, ...(rows.length > 0 ? [''] : []), total].join('\n')}\n`;
}
