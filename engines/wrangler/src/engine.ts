import { defineEngine, defineOperation } from '@mex/engine-sdk';
import type { WranglerErrorCode } from './errors.ts';
import { ConvertParams, convertTable } from './operations/convert.ts';
import { DuplicatesParams, findDuplicates } from './operations/duplicates.ts';
import { ProfileParams, profileDataset } from './operations/profile.ts';
import { ValidateParams, validateDataset } from './operations/validate.ts';

const MIB = 1024 * 1024;

/** Every operation reads a table. */
const READING: readonly WranglerErrorCode[] = [
  'WRANGLER_COLUMN_DUPLICATE',
  'WRANGLER_COLUMN_REFUSED',
  'WRANGLER_CSV_MALFORMED',
  'WRANGLER_CSV_RAGGED',
  'WRANGLER_FORMAT_UNKNOWN',
  'WRANGLER_JSON_INVALID',
  'WRANGLER_NOT_TEXT',
  'WRANGLER_PARQUET_INVALID',
  'WRANGLER_PARQUET_UNSUPPORTED',
  'WRANGLER_TOO_LARGE',
];

const ONE_TABLE = { min: 1, max: 1, description: 'A table: CSV, a JSON array of objects, NDJSON or Parquet' };
const CAPABILITIES = ['fs.read:inputs', 'fs.write:artifacts'];
const JSON_TYPE = 'application/json';

export default defineEngine({
  id: 'engine.wrangler',
  version: '0.1.0',
  title: 'Wrangler',
  description:
    'Checks, converts and describes tables. Says what a conversion would lose, and refuses to lose it silently.',
  determinism: 'D3',
  budget: {
    default: { wall_time_ms: 300_000, cpu_time_ms: 300_000, memory_bytes: 1_024 * MIB, output_bytes: 512 * MIB },
  },
  operations: {
    'wrangler.validate_dataset': defineOperation({
      title: 'Validate a table',
      description: 'Holds every row against rules for its columns, or against a JSON Schema.',
      params: ValidateParams,
      inputs: { min: 1, max: 2, description: 'A table; optionally a JSON Schema of its rows' },
      outputs: [{ name: 'findings.json', kind: 'report', mime: JSON_TYPE }],
      capabilities: CAPABILITIES,
      errors: [...READING, 'WRANGLER_SCHEMA_INVALID'],
      run: validateDataset,
    }),
    'wrangler.convert_table': defineOperation({
      title: 'Convert a table',
      description: 'Writes a table in another format, and says what changes. What would be lost must be allowed.',
      params: ConvertParams,
      inputs: ONE_TABLE,
      outputs: [
        { name: 'table.csv', kind: 'dataset_slice', mime: 'text/csv', optional: true },
        { name: 'table.json', kind: 'dataset_slice', mime: JSON_TYPE, optional: true },
        { name: 'table.ndjson', kind: 'dataset_slice', mime: 'application/x-ndjson', optional: true },
        { name: 'table.parquet', kind: 'dataset_slice', mime: 'application/vnd.apache.parquet', optional: true },
        { name: 'report.json', kind: 'report', mime: JSON_TYPE },
      ],
      capabilities: CAPABILITIES,
      errors: [...READING, 'WRANGLER_COLUMN_UNKNOWN', 'WRANGLER_LOSSY', 'WRANGLER_TYPE_MISMATCH'],
      run: convertTable,
    }),
    'wrangler.find_duplicates': defineOperation({
      title: 'Find duplicate rows',
      description: 'Groups rows whose cells are equal, in all columns or in some, exactly or as a person would say.',
      params: DuplicatesParams,
      inputs: ONE_TABLE,
      outputs: [{ name: 'duplicates.json', kind: 'report', mime: JSON_TYPE }],
      capabilities: CAPABILITIES,
      errors: [...READING, 'WRANGLER_COLUMN_UNKNOWN'],
      run: findDuplicates,
    }),
    'wrangler.profile_dataset': defineOperation({
      title: 'Profile a table',
      description: 'Types, nulls, counts of different values, ends, quantiles and examples of every column.',
      params: ProfileParams,
      inputs: ONE_TABLE,
      outputs: [{ name: 'profile.json', kind: 'report', mime: JSON_TYPE }],
      capabilities: CAPABILITIES,
      errors: READING,
      run: profileDataset,
    }),
  },
});
