import { join } from 'node:path';
import { engine as wrangler } from '@mex/engine-wrangler';
import type { ArtifactHandle } from '@mex/envelope';
import { DEFAULT_POLICY, type Host, openHost } from '@mex/host';
import { parse } from 'csv-parse/sync';
import Papa from 'papaparse';
import type { Case } from '../cases.ts';
import { withDirectory } from '../runner/bench-directory.ts';
import { takeTurns, timed } from '../runner/rounds.ts';
import { limitRow, type Row, ratioRow } from '../runner/row.ts';

const ROWS = 100_000;

/** A table through a whole operation, gates, record, sandbox and artifacts with it, beside libraries alone. */
export const tables: Case = () =>
  withDirectory('tables', async (dir) => {
    const csv = Buffer.from(writeTable(ROWS));
    const host = await openHost({
      home: join(dir, 'home'),
      engines: [wrangler],
      policy: { ...DEFAULT_POLICY, quota: { maxPerMinute: 1_000_000_000 } },
    });
    try {
      return await compare(host, csv);
    } finally {
      await host.close();
    }
  });

async function compare(host: Host, csv: Buffer): Promise<Row[]> {
  const meta = { kind: 'file', mime: 'text/csv', name: 'table.csv', created_by: {} } as const;
  const input = await host.artifacts.put(csv, meta);
  const speedOf = (ms: number): number => csv.length / 1_000 / ms;
  const figures = await takeTurns<string>(
    {
      mex: async () => speedOf(await timed(() => operate(host, input, 'convert_table', { to: 'ndjson' }))),
      csvParse: async () => speedOf(await timed(() => toLines(parse(csv, { columns: true, cast: true })))),
      papaparse: async () =>
        speedOf(
          await timed(() => {
            const { data } = Papa.parse(csv.toString('utf8'), {
              header: true,
              dynamicTyping: true,
              skipEmptyLines: true,
            });
            return toLines(data);
          }),
        ),
      parquet: async () => speedOf(await timed(() => operate(host, input, 'convert_table', { to: 'parquet' }))),
      profile: async () => speedOf(await timed(() => operate(host, input, 'profile_dataset', {}))),
      duplicates: async () => speedOf(await timed(() => operate(host, input, 'find_duplicates', {}))),
    },
    { warmup: 1, rounds: 5 },
  );
  const of = (name: string): number[] => figures[name] ?? [];
  const compared = { ours: of('mex'), unit: 'MB/s', figure: 'speed' } as const;
  return [
    ratioRow({
      promise: 'CSV to NDJSON, an operation',
      ...compared,
      peer: of('csvParse'),
      peerName: 'csv-parse alone',
    }),
    ratioRow({
      promise: 'CSV to NDJSON, an operation',
      ...compared,
      peer: of('papaparse'),
      peerName: 'papaparse alone',
    }),
    limitRow('CSV to Parquet, an operation', of('parquet'), 'MB/s'),
    limitRow('profile of a CSV, an operation', of('profile'), 'MB/s'),
    limitRow('duplicates of a CSV, an operation', of('duplicates'), 'MB/s'),
  ];
}

/** @throws Error unless it succeeded over all rows: failing fast is not being fast. */
async function operate(
  host: Host,
  input: ArtifactHandle,
  operation: string,
  params: Readonly<Record<string, unknown>>,
): Promise<void> {
  const planned = host.plan({
    engineId: 'engine.wrangler',
    operation: `wrangler.${operation}`,
    params,
    inputs: [input],
  });
  const result = await host.execute(planned, { cache: 'bypass' });
  if (result.status !== 'succeeded') throw new Error(`${operation} ${result.status}: ${JSON.stringify(result.errors)}`);
}

function toLines(rows: readonly unknown[]): void {
  const lines = rows.map((row) => JSON.stringify(row)).join('\n');
  if (rows.length !== ROWS || lines.length < ROWS) throw new Error('the peer lost rows');
}

function writeTable(rows: number): string {
  let text = 'id,name,amount,day,flag\n';
  for (let at = 0; at < rows; at += 1)
    text += `${at},"name ${at % 977}, x",${at / 8},2024-01-${String((at % 28) + 1).padStart(2, '0')},${at % 2 === 0}\n`;
  return text;
}
