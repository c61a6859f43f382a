import { wranglerError } from '../errors.ts';

const QUOTE = '"';

/**
 * Holds a text to the letter of RFC 4180 before it is parsed: a quoted field begins right after a delimiter or a line
 * end and stops right before one, so that no two readers can split its records differently. Line ends outside of
 * quoted fields become LF; inside they are data and stay. Texts come in pieces of any size.
 */
export class QuoteAudit {
  private readonly delimiter: string;
  private line = 1;
  private openedAt = 0;
  private inQuotes = false;
  /** The character before the text at hand; a line end at the start of the file. */
  private before = '\n';
  private carry = '';
  /** Where the last record that is complete ends, in the text that `push` returned last; 0 when none does. */
  recordEnd = 0;

  constructor(delimiter: string) {
    this.delimiter = delimiter;
  }

  /** @returns the next part of the text with all line ends LF. @throws EngineError `WRANGLER_CSV_MALFORMED` */
  push(piece: string, isLast: boolean): string {
    const text = this.carry === '' ? piece : this.carry + piece;
    this.carry = '';
    this.recordEnd = 0;
    let out = '';
    let at = 0;
    while (at < text.length) {
      const stop = this.inQuotes ? this.closingQuote(text, at, isLast) : this.openingQuote(text, at);
      const part = text.slice(at, stop < 0 ? text.length - this.carry.length : stop);
      if (this.inQuotes) this.line += countLineEnds(part);
      const own = this.inQuotes ? part : this.plain(part, stop < 0 && !isLast);
      const lineEnd = this.inQuotes ? -1 : own.lastIndexOf('\n');
      if (lineEnd >= 0) this.recordEnd = out.length + lineEnd + 1;
      out += own;
      if (stop < 0) break;
      out += this.turn();
      at = stop + 1;
    }
    if (isLast && this.inQuotes) throw malformed(`the quoted field that begins in line ${this.openedAt} never ends`);
    return out;
  }

  private turn(): string {
    if (!this.inQuotes && this.before !== this.delimiter && this.before !== '\n')
      throw malformed(`line ${this.line} has a quote inside of a field that does not begin with one`);
    this.inQuotes = !this.inQuotes;
    if (this.inQuotes) this.openedAt = this.line;
    else this.before = QUOTE;
    return QUOTE;
  }

  private openingQuote(text: string, from: number): number {
    return text.indexOf(QUOTE, from);
  }

  /** Steps over doubled quotes. A quote at the very end waits for what comes after it. */
  private closingQuote(text: string, from: number, isLast: boolean): number {
    for (let at = text.indexOf(QUOTE, from); at >= 0; at = text.indexOf(QUOTE, at + 2)) {
      const next = text[at + 1];
      if (next === QUOTE) continue;
      if (next === undefined && !isLast) {
        this.carry = QUOTE;
        return -1;
      }
      if (next === undefined || next === this.delimiter || next === '\n' || next === '\r') return at;
      const line = this.line + countLineEnds(text.slice(from, at));
      throw malformed(`line ${line} goes on after the closing quote of a field`);
    }
    return -1;
  }

  private plain(part: string, isOpenEnded: boolean): string {
    let own = part;
    if (isOpenEnded && own.endsWith('\r')) {
      // Whether a line feed follows shows in the next piece.
      this.carry = '\r';
      own = own.slice(0, -1);
    }
    if (own === '') return own;
    if (own.includes('\r')) own = own.replaceAll('\r\n', '\n').replaceAll('\r', '\n');
    this.line += countLineEnds(own);
    this.before = own[own.length - 1] ?? '\n';
    return own;
  }
}

function countLineEnds(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count += 1;
  return count;
}

function malformed(what: string): Error {
  return wranglerError('WRANGLER_CSV_MALFORMED', `This is no CSV as RFC 4180 has it: ${what}.`);
}
