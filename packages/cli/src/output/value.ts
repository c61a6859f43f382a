import { dim, type Piece } from './style.ts';
import type { Terminal } from './terminal.ts';

/** Lines of one value that are shown; the JSON format has them all. */
const MAX_LINES = 1_000;

/** A document for a person: one member a line, nested members indented. */
export function printValue(terminal: Terminal, value: unknown): void {
  const lines: Piece[][] = [];
  collect(value, 1, lines);
  for (const line of lines.slice(0, MAX_LINES)) terminal.line(...line);
  if (lines.length > MAX_LINES) terminal.line(dim('  …  the rest with --format json'));
}

function collect(value: unknown, depth: number, lines: Piece[][]): void {
  if (typeof value !== 'object' || value === null) return;
  const indent = '  '.repeat(depth);
  for (const [name, member] of Object.entries(value)) {
    const label = Array.isArray(value) ? '-' : name;
    if (typeof member === 'object' && member !== null) {
      lines.push([indent, dim(label)]);
      collect(member, depth + 1, lines);
    } else lines.push([indent, dim(`${label}  `), String(member)]);
    if (lines.length > MAX_LINES) return;
  }
}
