import { Type } from '@mex/engine-sdk';
import type { Confidence } from '@mex/guard';
import { BASELINE_SCHEMA, type BaselineEntry } from './baseline.ts';
import type { AskedHistory } from './with-history.ts';

const MIB = 1024 * 1024;
const DEFAULT_MAX_FILE = 16 * MIB;
const DEFAULT_MAX_COMMITS = 100_000;
const DEFAULT_MAX_BLOBS = 200_000;
const DEFAULT_MAX_BYTES = 4 * 1024 * MIB;

/** Parameters of `secret.scan`. */
export const PARAMS = Type.Object(
  {
    min_confidence: Type.Optional(
      Type.Union([Type.Literal('low'), Type.Literal('medium'), Type.Literal('high')], {
        description: 'Leave out what is less sure; default low: weak passwords, too',
      }),
    ),
    include_ignored: Type.Optional(Type.Boolean({ description: 'Also scan what git ignores; default false' })),
    max_file_bytes: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 128 * MIB, description: 'Larger files are left out; default 16 MiB' }),
    ),
    history: Type.Optional(
      Type.Boolean({ description: 'Also scan what a git history holds: its repository is the second input' }),
    ),
    max_history_commits: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 1_000_000, description: 'Commits that are read; default 100,000' }),
    ),
    max_history_blobs: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 2_000_000, description: 'Contents of files; default 200,000' }),
    ),
    max_history_bytes: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 64 * 1024 * MIB, description: 'Bytes that are unpacked; default 4 GiB' }),
    ),
    baseline: Type.Optional(BASELINE_SCHEMA),
    timestamp: Type.Optional(
      Type.String({
        maxLength: 30,
        pattern: '^\\d\\d\\d\\d-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ$',
        description:
          'Time of the scan, for the report and for the expiry of baseline entries; without it no entry counts',
      }),
    ),
  },
  { additionalProperties: false },
);

/** The same, as a program reads them. */
export interface Params {
  readonly min_confidence?: Confidence;
  readonly include_ignored?: boolean;
  readonly max_file_bytes?: number;
  readonly history?: boolean;
  readonly max_history_commits?: number;
  readonly max_history_blobs?: number;
  readonly max_history_bytes?: number;
  readonly baseline?: BaselineEntry[];
  readonly timestamp?: string;
}

/** What files are held against. */
export function fileOptions({ min_confidence, max_file_bytes, include_ignored }: Params) {
  return {
    minConfidence: min_confidence ?? 'low',
    maxFileBytes: max_file_bytes ?? DEFAULT_MAX_FILE,
    includeIgnored: include_ignored ?? false,
  };
}

export function historyOptions(params: Params): AskedHistory {
  const { minConfidence, maxFileBytes } = fileOptions(params);
  return {
    minConfidence,
    maxFileBytes,
    maxCommits: params.max_history_commits ?? DEFAULT_MAX_COMMITS,
    maxBlobs: params.max_history_blobs ?? DEFAULT_MAX_BLOBS,
    maxBytes: params.max_history_bytes ?? DEFAULT_MAX_BYTES,
  };
}
