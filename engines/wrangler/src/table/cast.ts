import { quoteText } from '@mex/envelope';
import { redact, stripControl } from '@mex/guard';
import { wranglerError } from '../errors.ts';
import { type Cell, textOfCell } from './cell.ts';
import { type ColumnType, NOT_OF_TYPE, type TextReader, textReader } from './column-type.ts';

/** Makes cells of a column be of its type. */
export class Cast {
  readonly type: ColumnType;
  private readonly reader: TextReader;

  constructor(type: ColumnType) {
    this.type = type;
    this.reader = textReader(type);
  }

  /** Numbers whose digits a double could not keep, so far. */
  get rounded(): number {
    return this.reader.rounded();
  }

  /** The cell as a value of the type. Texts are read, everything else must be of the type already. */
  cell(cell: Cell): Cell | typeof NOT_OF_TYPE {
    if (cell === null || cell === undefined) return cell;
    if (typeof cell === 'string') return this.reader.read(cell);
    return isOfType(this.type, cell) ? cell : NOT_OF_TYPE;
  }

  /** The cell if it is of the type as it stands: a text is no number, whatever it says. */
  strict(cell: Cell): Cell | typeof NOT_OF_TYPE {
    if (typeof cell === 'string' && (this.type === 'integer' || this.type === 'number' || this.type === 'boolean'))
      return NOT_OF_TYPE;
    if (typeof cell === 'string' && this.type === 'json') return cell;
    return this.cell(cell);
  }
}

function isOfType(type: ColumnType, cell: Exclude<Cell, null | undefined | string>): boolean {
  if (type === 'json') return true;
  if (typeof cell === 'boolean') return type === 'boolean';
  if (typeof cell === 'bigint') return type === 'integer' || type === 'number';
  return typeof cell === 'number' && (type === 'number' || (type === 'integer' && Number.isInteger(cell)));
}

/** @throws EngineError `WRANGLER_TYPE_MISMATCH` naming the cell. */
export function refuseCell(row: number, column: string, type: ColumnType): never {
  const name = quoteText(redact(stripControl(column)));
  const remedy = 'wrangler.validate_dataset lists all such cells.';
  throw wranglerError('WRANGLER_TYPE_MISMATCH', `Row ${row}, column ${name}: the cell is no ${type}. ${remedy}`);
}

const MAX_EXCERPT = 80;

/**
 * A cell as a person may see it: shortened, without control characters, and masked where it, or the name of its column,
 * tells of a secret.
 */
export function excerpt(column: string, cell: Exclude<Cell, null | undefined>): string {
  const text = stripControl(textOfCell(cell).slice(0, MAX_EXCERPT * 8));
  // As an assignment, so that a telling name counts, too. Its result is used only when something was found.
  const assigned = `${stripControl(column)} = ${JSON.stringify(text)}`;
  if (redact(assigned) !== assigned) return '***REDACTED***';
  const clean = redact(text);
  return clean.length > MAX_EXCERPT ? `${clean.slice(0, MAX_EXCERPT - 1).toWellFormed()}…` : clean.toWellFormed();
}
