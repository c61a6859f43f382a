import { stripControl } from '@mex/guard';

/** How a piece of text looks on a terminal that shows colours. */
export type Look = 'bold' | 'dim' | 'red' | 'yellow' | 'green' | 'cyan';

/** Text with a look. The text may come from anywhere: it is made safe when it is printed. */
export interface Styled {
  readonly text: string;
  readonly look: Look;
}

/** A piece of one line. */
export type Piece = string | Styled;

const CODES: Readonly<Record<Look, readonly [number, number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  yellow: [33, 39],
  green: [32, 39],
  cyan: [36, 39],
};

export const bold = (text: string): Styled => ({ text, look: 'bold' });
export const dim = (text: string): Styled => ({ text, look: 'dim' });
export const red = (text: string): Styled => ({ text, look: 'red' });
export const yellow = (text: string): Styled => ({ text, look: 'yellow' });
export const green = (text: string): Styled => ({ text, look: 'green' });
export const cyan = (text: string): Styled => ({ text, look: 'cyan' });

export function textOf(piece: Piece): string {
  return typeof piece === 'string' ? piece : piece.text;
}

/**
 * Text that may stand on a terminal line: file names, engine messages and stored text are hostile. Line breaks become
 * blanks, so that nobody but this program begins a line.
 */
export function safeLine(text: string): string {
  return stripControl(text).replace(/[\n\t]+/g, ' ');
}

/** One line without its line feed. */
export function renderLine(pieces: readonly Piece[], color: boolean): string {
  let line = '';
  for (const piece of pieces) {
    const text = safeLine(textOf(piece));
    if (typeof piece === 'string' || !color || text === '') line += text;
    else line += `\x1b[${CODES[piece.look][0]}m${text}\x1b[${CODES[piece.look][1]}m`;
  }
  return line.trimEnd();
}
