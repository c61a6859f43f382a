import type { SchemaElement } from 'hyparquet';
import { ByteWriter } from 'hyparquet-writer/src/bytewriter.js';
import { ParquetWriter } from 'hyparquet-writer/src/parquet-writer.js';
import type { Cell } from '../table/cell.ts';
import { type ColumnPlan, planColumn, type WrittenType } from './write-column.ts';

/** Rows that are in memory together; also those of a row group, so that readers can take them one by one. */
const GROUP_ROWS = 50_000;

/** Writes rows as a Parquet file: every column optional, pages as Snappy or not compressed. */
export class ParquetTable {
  private readonly bytes = new ByteWriter();
  private readonly writer: ParquetWriter;
  private readonly schema: SchemaElement[];
  private readonly plans: readonly ColumnPlan[];
  private readonly names: readonly string[];
  private waiting: unknown[][];
  private rows = 0;

  constructor(names: readonly string[], types: readonly WrittenType[], codec: 'SNAPPY' | 'UNCOMPRESSED') {
    this.names = names;
    this.plans = names.map((name, at) => planColumn(name, types[at] ?? { type: 'text' }));
    this.schema = [{ name: 'root', num_children: names.length }, ...this.plans.map(({ element }) => element)];
    this.waiting = this.plans.map(() => []);
    this.writer = new ParquetWriter({ writer: this.bytes, schema: this.schema, codec, createdBy: 'engine.wrangler' });
  }

  row(cells: readonly Cell[]): void {
    for (const [at, plan] of this.plans.entries()) {
      const cell = cells[at] ?? null;
      this.waiting[at]?.push(cell === null ? null : plan.encode(cell));
    }
    this.rows += 1;
    if (this.rows % GROUP_ROWS === 0) this.flush();
  }

  end(): Uint8Array {
    this.flush();
    // Only now, for a reason that `write-column.ts` tells.
    for (const element of this.schema) if (element.logical_type?.type === 'JSON') element.converted_type = 'JSON';
    void this.writer.finish();
    return this.bytes.getBytes();
  }

  private flush(): void {
    const [first = []] = this.waiting;
    if (first.length === 0) return;
    const columnData = this.names.map((name, at) => ({ name, data: this.waiting[at] ?? [] }));
    void this.writer.write({ columnData, rowGroupSize: first.length });
    this.waiting = this.plans.map(() => []);
  }
}
