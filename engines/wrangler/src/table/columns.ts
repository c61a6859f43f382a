import { quoteText } from '@mex/envelope';
import { wranglerError } from '../errors.ts';
import { LIMITS } from '../limits.ts';

/**
 * The names of a table's columns, in order. Names come from a stranger: each is kept as a text in an array and never
 * becomes a member of an object before it was looked at here.
 */
export class ColumnNames {
  readonly list: string[] = [];
  private readonly places = new Map<string, number>();

  /** @throws EngineError `WRANGLER_COLUMN_DUPLICATE`, `WRANGLER_COLUMN_REFUSED`, `WRANGLER_TOO_LARGE` */
  add(name: string): number {
    if (this.places.has(name))
      throw wranglerError(
        'WRANGLER_COLUMN_DUPLICATE',
        `Two columns are called ${quoteText(name)}: cells of one would hide those of the other.`,
      );
    // As a member of a JSON object it would be another thing than a member to many a reader.
    if (name === '__proto__') throw wranglerError('WRANGLER_COLUMN_REFUSED', 'No column may be called "__proto__".');
    if (name.length > LIMITS.maxColumnNameChars)
      throw wranglerError('WRANGLER_TOO_LARGE', `A column name of more than ${LIMITS.maxColumnNameChars} characters.`);
    if (this.list.length >= LIMITS.maxColumns)
      throw wranglerError('WRANGLER_TOO_LARGE', `A table of more than ${LIMITS.maxColumns} columns.`);
    this.places.set(name, this.list.length);
    return this.list.push(name) - 1;
  }

  find(name: string): number | undefined {
    return this.places.get(name);
  }

  /** @throws EngineError `WRANGLER_COLUMN_UNKNOWN` */
  place(name: string): number {
    const place = this.places.get(name);
    if (place === undefined)
      throw wranglerError('WRANGLER_COLUMN_UNKNOWN', `The table has no column ${quoteText(name)}.`);
    return place;
  }
}
