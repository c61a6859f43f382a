import { EngineError, Type } from '@mex/engine-sdk';
import type { FoundSecret } from './finding.ts';

/** Why a finding is accepted, by whom, and until when. */
export interface BaselineEntry {
  readonly fingerprint: string;
  readonly reason: string;
  readonly author: string;
  /** Last day on which it counts, `YYYY-MM-DD`. */
  readonly expires: string;
}

/** Schema of a baseline in `params`; the same entries stand in the document that may be given as second input. */
export const BASELINE_SCHEMA = Type.Array(
  Type.Object(
    {
      fingerprint: Type.String({ maxLength: 32, pattern: '^[0-9a-f]{32}$' }),
      reason: Type.String({ minLength: 1, maxLength: 500 }),
      author: Type.String({ minLength: 1, maxLength: 200 }),
      expires: Type.String({ maxLength: 10, pattern: '^\\d\\d\\d\\d-\\d\\d-\\d\\d$' }),
    },
    { additionalProperties: false },
  ),
  { maxItems: 10_000, description: 'Findings that are accepted, each with a reason, an author and a last day' },
);

const DOCUMENT_VERSION = 'mex.secret_baseline@1';
const MOST_ENTRIES = 10_000;

/** Findings after the baseline was laid over them. */
export interface Judged {
  readonly open: readonly FoundSecret[];
  readonly accepted: readonly { readonly secret: FoundSecret; readonly entry: BaselineEntry }[];
  /** Entries whose last day is over, or that could not be judged for want of a time. They count as absent. */
  readonly expired: readonly BaselineEntry[];
  /** Entries in force that accept nothing that is there. */
  readonly unused: readonly BaselineEntry[];
}

/**
 * Reads a baseline document: `{schema_version: "mex.secret_baseline@1", entries: […]}`.
 * @param value the parsed JSON, from anybody
 * @throws EngineError `SECRET_BASELINE_INVALID`
 */
export function parseBaseline(value: unknown): readonly BaselineEntry[] {
  if (!isRecord(value) || value['schema_version'] !== DOCUMENT_VERSION || !Array.isArray(value['entries']))
    throw invalid(`it is no object with schema_version "${DOCUMENT_VERSION}" and entries`);
  const entries: readonly unknown[] = value['entries'];
  if (entries.length > MOST_ENTRIES) throw invalid(`it has more than ${MOST_ENTRIES} entries`);
  return entries.map(parseEntry);
}

function parseEntry(value: unknown, at: number): BaselineEntry {
  const wrong = (what: string) => invalid(`entry ${at + 1} ${what}`);
  if (!isRecord(value)) throw wrong('is no object');
  const known = new Set(['fingerprint', 'reason', 'author', 'expires']);
  if (Object.keys(value).some((name) => !known.has(name))) throw wrong('has a member that is not known');
  const text = (name: string, pattern: RegExp): string => {
    const found = value[name];
    if (typeof found !== 'string' || !pattern.test(found)) throw wrong(`has no valid ${name}`);
    return found;
  };
  return {
    fingerprint: text('fingerprint', /^[0-9a-f]{32}$/),
    reason: text('reason', /^[^]{1,500}$/),
    author: text('author', /^[^]{1,200}$/),
    expires: text('expires', /^\d{4}-\d\d-\d\d$/),
  };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function invalid(why: string): EngineError {
  return new EngineError('SECRET_BASELINE_INVALID', `The baseline cannot be used: ${why}.`);
}

/**
 * Lays a baseline over findings. Without a time nothing can be in force: the clock of the operation stands still.
 * @param today the day of the scan, `YYYY-MM-DD`
 */
export function applyBaseline(
  found: readonly FoundSecret[],
  entries: readonly BaselineEntry[],
  today: string | undefined,
): Judged {
  const inForce = new Map<string, BaselineEntry>();
  const expired: BaselineEntry[] = [];
  for (const entry of entries) {
    if (today === undefined || entry.expires < today) expired.push(entry);
    else inForce.set(entry.fingerprint, entry);
  }
  const open: FoundSecret[] = [];
  const accepted: { secret: FoundSecret; entry: BaselineEntry }[] = [];
  for (const secret of found) {
    const entry = inForce.get(secret.fingerprint);
    if (entry === undefined) open.push(secret);
    else accepted.push({ secret, entry });
  }
  const used = new Set(accepted.map(({ entry }) => entry.fingerprint));
  return { open, accepted, expired, unused: [...inForce.values()].filter((entry) => !used.has(entry.fingerprint)) };
}
