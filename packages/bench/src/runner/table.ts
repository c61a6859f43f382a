import { type Figure, judge, type Row } from './row.ts';
import type { Summary } from './statistics.ts';

/** Rows of one case, under its name. */
export interface Section {
  readonly name: string;
  readonly rows: readonly Row[];
}

const HEAD = ['case', 'promise', 'mex', 'peer', '', 'result', 'lowest … highest', 'target', ''];

/** The table as lines of text, columns aligned. */
export function renderTable(sections: readonly Section[]): string {
  const lines = [HEAD, ...sections.flatMap(({ name, rows }) => rows.map((row) => cells(name, row)))];
  const widths = HEAD.map((_, column) => Math.max(...lines.map((line) => (line[column] ?? '').length)));
  const text = lines.map((line) =>
    line
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return [text[0], '─'.repeat(Math.max(...text.map((line) => line.length))), ...text.slice(1)].join('\n');
}

function cells(name: string, row: Row): string[] {
  const { promise, ours, peer, result, target } = row;
  const { unit } = result;
  return [
    name,
    promise,
    formatFigure(ours),
    peer === undefined ? '' : formatFigure(peer),
    peer?.name ?? '',
    formatFigure(result),
    formatSpread(result, unit),
    target === undefined ? '' : `${target.relation} ${formatFigure({ median: target.value, unit })}`,
    judge(row),
  ];
}

function formatSpread({ lowest, highest }: Summary, unit: Figure['unit']): string {
  return `${formatFigure({ median: lowest, unit })} … ${formatFigure({ median: highest, unit })}`;
}

/** Three significant digits, thousands apart. */
export function formatFigure({ median, unit }: Figure): string {
  const digits = Math.abs(median) >= 100 ? 0 : Math.abs(median) >= 10 ? 1 : 2;
  const number = median.toLocaleString('en-US', { minimumFractionDigits: 0, maximumFractionDigits: digits });
  return unit === '×' ? `${number}×` : `${number} ${unit}`;
}
