import { type EngineContext, type EngineInput, type Static, Type } from '@mex/engine-sdk';
import { openCsv } from '../csv/read-csv.ts';
import { ENCODINGS } from '../csv/text-pieces.ts';
import { wranglerError } from '../errors.ts';
import { openJson } from '../json/read-json.ts';
import { openParquet } from '../parquet/read-parquet.ts';
import { FORMATS, type Format, type Source } from '../table/source.ts';

export const DELIMITERS = [',', ';', '\t', '|'] as const;

export function oneOf<const V extends string>(values: readonly V[], description: string) {
  return Type.Unsafe<V>({ type: 'string', enum: [...values], description });
}

/** How the input is to be read; what is not said follows from its name and type. */
export const SourceParams = Type.Object({
  format: Type.Optional(oneOf(FORMATS, 'Default: by the name or type of the input')),
  delimiter: Type.Optional(oneOf(DELIMITERS, 'Of CSV; default comma, or tab for tab-separated values')),
  header: Type.Optional(
    Type.Boolean({ description: 'Of CSV: whether the first record names the columns; default true' }),
  ),
  null_text: Type.Optional(
    Type.String({ maxLength: 64, description: 'Of CSV: the text that stands for null; default the empty text' }),
  ),
  encoding: Type.Optional(oneOf(ENCODINGS, 'Of CSV without a byte order mark; default utf-8')),
});
export type SourceParams = Static<typeof SourceParams>;

/** @throws EngineError when the input is no table of its format. */
export async function openTable(
  context: EngineContext<string>,
  params: SourceParams = {},
  onRagged?: (row: number, fields: number) => void,
): Promise<Source> {
  const [input] = context.inputs;
  if (input === undefined || input.kind === 'bundle')
    throw wranglerError('WRANGLER_FORMAT_UNKNOWN', 'The first input is a directory, not one file.');
  const bytes = await input.bytes();
  const format = params.format ?? formatOf(input, bytes);
  if (format === 'parquet') return openParquet(bytes);
  if (format !== 'csv') return openJson(bytes, format);
  return openCsv(bytes, {
    delimiter: params.delimiter ?? (isTabbed(input) ? '\t' : ','),
    hasHeader: params.header ?? true,
    nullText: params.null_text ?? '',
    encoding: params.encoding,
    ...(onRagged === undefined ? {} : { onRagged }),
  });
}

const ENDINGS: readonly (readonly [RegExp, Format])[] = [
  [/\.(?:csv|tsv|tab)$/i, 'csv'],
  [/\.json$/i, 'json'],
  [/\.(?:ndjson|jsonl)$/i, 'ndjson'],
  [/\.(?:parquet|pq)$/i, 'parquet'],
];
const TYPES: readonly (readonly [RegExp, Format])[] = [
  [/^text\/(?:csv|tab-separated-values)/, 'csv'],
  [/^application\/json/, 'json'],
  [/^application\/(?:x-ndjson|jsonl|ndjson)/, 'ndjson'],
  [/parquet/, 'parquet'],
];

function formatOf(input: EngineInput, bytes: Uint8Array): Format {
  const byName = ENDINGS.find(([ending]) => ending.test(input.name ?? ''))?.[1];
  const found = byName ?? TYPES.find(([type]) => type.test(input.mime))?.[1];
  if (found !== undefined) return found;
  if (bytes[0] === 0x50 && bytes[1] === 0x41 && bytes[2] === 0x52 && bytes[3] === 0x31) return 'parquet';
  throw wranglerError(
    'WRANGLER_FORMAT_UNKNOWN',
    'Neither name nor type of the input tells its format: say it in params.source.format.',
  );
}

function isTabbed({ name, mime }: EngineInput): boolean {
  return /\.(?:tsv|tab)$/i.test(name ?? '') || mime.startsWith('text/tab-separated-values');
}
