import { type ColumnType, isDate, isInteger, isLocalTimestamp, isTime, isTimestamp } from './column-type.ts';

const NUMBER_START = /^-?[0-9]/;

/**
 * Finds the type that all texts of a column have. Only texts in the one canonical form of their value count, so that
 * it can be written again as it was: `007` and `1.50` are texts. Of times only the zeros at the end may change.
 */
export class TextKinds {
  private texts = 0;
  private isBoolean = true;
  private isInteger = true;
  private isNumber = true;
  private calendar: 'date' | 'time' | 'timestamp' | 'local_timestamp' | 'text' | undefined;

  add(text: string): void {
    this.texts += 1;
    const looksLikeNumber = NUMBER_START.test(text);
    if (this.isBoolean) this.isBoolean = text === 'true' || text === 'false';
    if (this.isInteger) this.isInteger = looksLikeNumber && isInteger(text);
    if (this.isNumber) this.isNumber = looksLikeNumber && isPlainNumber(text);
    if (this.calendar !== 'text') {
      const kind = looksLikeNumber ? calendarKind(text) : 'text';
      this.calendar = this.calendar === undefined || this.calendar === kind ? kind : 'text';
    }
  }

  type(): ColumnType {
    if (this.texts === 0) return 'text';
    if (this.isBoolean) return 'boolean';
    if (this.isInteger) return 'integer';
    if (this.isNumber) return 'number';
    return this.calendar ?? 'text';
  }
}

/** Whether the text is the shortest form of a double: then nothing of it is lost. */
function isPlainNumber(text: string): boolean {
  if (text.length > 25) return false;
  const value = Number(text);
  return Number.isFinite(value) && String(value) === text && (!Number.isInteger(value) || Number.isSafeInteger(value));
}

function calendarKind(text: string): 'date' | 'time' | 'timestamp' | 'local_timestamp' | 'text' {
  if (text.length === 10) return isDate(text) ? 'date' : 'text';
  if (text[2] === ':') return isTime(text) ? 'time' : 'text';
  if (text[10] !== 'T') return 'text';
  return isTimestamp(text) ? 'timestamp' : isLocalTimestamp(text) ? 'local_timestamp' : 'text';
}
