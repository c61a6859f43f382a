import type { AffectedPackage, SeverityEntry, SnapshotRecord } from '@mex/advisories/snapshot';
import { CVSS30, CVSS31, CVSS40 } from '@pandatix/js-cvss';

/**
 * `INFO`: the database itself says that it is no vulnerability (RustSec's unmaintained, unsound, notice). `UNKNOWN`: nobody
 * rated it; a release treats it like `HIGH` (CONTRACT §13: what is not known does not pass).
 */
export type SeverityLevel = 'CRITICAL' | 'HIGH' | 'UNKNOWN' | 'MEDIUM' | 'LOW' | 'NONE' | 'INFO';

/** Worst first; the order of findings. */
export const SEVERITY_LEVELS: readonly SeverityLevel[] = [
  'CRITICAL',
  'HIGH',
  'UNKNOWN',
  'MEDIUM',
  'LOW',
  'NONE',
  'INFO',
];

export interface Rating {
  readonly severity: SeverityLevel;
  /** Where it comes from: a CVSS vector, the database's own word, its kind, or nothing. */
  readonly basis: 'cvss' | 'database' | 'malicious' | 'informational' | 'none';
  readonly score?: number;
  readonly vector?: string;
  readonly method?: 'CVSSv3' | 'CVSSv31' | 'CVSSv4';
}

const UNRATED: Rating = { severity: 'UNKNOWN', basis: 'none' };

/**
 * Rates one record for one package: by the newest CVSS version it states a valid vector for (the package's own before
 * the record's), else by the database's word. Malicious packages are critical whatever else is said.
 */
export function rate(record: SnapshotRecord, affected: Pick<AffectedPackage, 'severity' | 'informational'>): Rating {
  if (record.id.startsWith('MAL-')) return { severity: 'CRITICAL', basis: 'malicious' };
  const scored = newest(affected.severity) ?? newest(record.severity);
  if (scored !== undefined) return scored;
  const word = record.severity_word === undefined ? undefined : WORDS.get(record.severity_word);
  if (word !== undefined) return { severity: word, basis: 'database' };
  return affected.informational === undefined ? UNRATED : { severity: 'INFO', basis: 'informational' };
}

/**
 * Ratings of one vulnerability from several databases: the worst that is known counts. That one of them calls it no
 * vulnerability rates nothing where another one does.
 */
export function worst(ratings: readonly Rating[]): Rating {
  const known = ratings.filter(({ severity }) => severity !== 'UNKNOWN');
  const pool = known.every(({ severity }) => severity === 'INFO') ? ratings : known;
  return pool.toSorted(compareRatings)[0] ?? UNRATED;
}

function compareRatings(a: Rating, b: Rating): number {
  return SEVERITY_LEVELS.indexOf(a.severity) - SEVERITY_LEVELS.indexOf(b.severity) || (b.score ?? 0) - (a.score ?? 0);
}

const WORDS: ReadonlyMap<string, SeverityLevel> = new Map<string, SeverityLevel>([
  ['CRITICAL', 'CRITICAL'],
  ['HIGH', 'HIGH'],
  ['IMPORTANT', 'HIGH'],
  ['MODERATE', 'MEDIUM'],
  ['MEDIUM', 'MEDIUM'],
  ['LOW', 'LOW'],
]);

function newest(entries: readonly SeverityEntry[]): Rating | undefined {
  const rated = entries.flatMap(({ score }) => scoreVector(score) ?? []);
  return rated.toSorted((a, b) => METHODS.indexOf(b.method) - METHODS.indexOf(a.method) || b.score - a.score)[0];
}

const METHODS = ['CVSSv3', 'CVSSv31', 'CVSSv4'] as const;

type Scored = Rating & { readonly method: (typeof METHODS)[number]; readonly score: number };

/** `undefined` for what is no CVSS 3.0, 3.1 or 4.0 vector. */
export function scoreVector(text: string): Scored | undefined {
  const vector = text.trim();
  try {
    if (vector.startsWith('CVSS:4.0/')) return scored(vector, 'CVSSv4', new CVSS40(inOrder(vector)).Score());
    if (vector.startsWith('CVSS:3.1/')) return scored(vector, 'CVSSv31', new CVSS31(vector).BaseScore());
    if (vector.startsWith('CVSS:3.0/')) return scored(vector, 'CVSSv3', new CVSS30(vector).BaseScore());
  } catch {
    // The library throws for what is no vector; then the database's word decides, or nothing does.
    return undefined;
  }
  return undefined;
}

/** CVSS 4.0 prescribes the order of metrics and the library insists on it; a vector in another order means the same. */
function inOrder(vector: string): string {
  const [prefix = '', ...metrics] = vector.split('/');
  const rank = (metric: string): number => {
    const index = V4_BASE.indexOf(metric.slice(0, metric.indexOf(':')));
    return index === -1 ? V4_BASE.length : index;
  };
  return [prefix, ...metrics.toSorted((a, b) => rank(a) - rank(b))].join('/');
}

const V4_BASE = ['AV', 'AC', 'AT', 'PR', 'UI', 'VC', 'VI', 'VA', 'SC', 'SI', 'SA'];

function scored(vector: string, method: Scored['method'], score: number): Scored | undefined {
  if (!Number.isFinite(score) || score < 0 || score > 10) return undefined;
  return { severity: levelOf(score), basis: 'cvss', score, vector, method };
}

/** The qualitative scale of CVSS 3 and 4. */
function levelOf(score: number): SeverityLevel {
  if (score === 0) return 'NONE';
  if (score < 4) return 'LOW';
  if (score < 7) return 'MEDIUM';
  return score < 9 ? 'HIGH' : 'CRITICAL';
}
