import type { JsonObject, JsonValue } from '@mex/envelope/json';
import { findEcosystem } from '../ecosystems.ts';
import type { AffectedVersions, EventKind, VersionEvent } from './affected.ts';

/** RustSec files these under advisories, and says that they are no vulnerabilities. */
export type InformationalKind = 'unmaintained' | 'unsound' | 'notice';

/** One package of a record, in a supported ecosystem. */
export interface AffectedPackage extends AffectedVersions {
  readonly ecosystem: string;
  readonly name: string;
  /** CVSS vectors for this package alone; they take the place of the record's. */
  readonly severity: readonly SeverityEntry[];
  readonly informational: InformationalKind | undefined;
}

export interface SeverityEntry {
  /** `CVSS_V2`, `CVSS_V3`, `CVSS_V4` or what else the record says. */
  readonly type: string;
  readonly score: string;
}

/** An OSV record, reduced to what matching and reporting need. */
export interface OsvRecord {
  readonly id: string;
  readonly aliases: readonly string[];
  readonly modified: string;
  readonly published: string | undefined;
  readonly withdrawn: string | undefined;
  readonly summary: string;
  readonly severity: readonly SeverityEntry[];
  /** The database's own word (`database_specific.severity`), upper case. */
  readonly severityWord: string | undefined;
  readonly cwes: readonly string[];
  /** Where the advisory can be read: the first reference that calls itself one, else the first of all. */
  readonly url: string | undefined;
  readonly affected: readonly AffectedPackage[];
  /** Names of the ecosystems of all its packages, supported or not. */
  readonly ecosystems: ReadonlySet<string>;
  /** Packages left out because only commits are named. */
  readonly commitsOnly: number;
  /** Packages that could not be understood; the others were. */
  readonly faults: readonly string[];
}

/** The record as a whole cannot be used. The message says why and quotes nothing. */
export class RecordError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'RecordError';
  }
}

const MAX_NAMES = 1_000;
const MAX_ID_CHARS = 128;
const MAX_NAME_CHARS = 512;
const MAX_SUMMARY_CHARS = 400;
const MAX_URL_CHARS = 1_000;
const ID = /^[A-Za-z0-9][\w.:+-]*$/;
const INSTANT = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?Z$/;
const KINDS: readonly EventKind[] = ['introduced', 'fixed', 'last_affected', 'limit'];

/**
 * Reads one OSV record (schema 1.x). Members it does not know are passed over, as the schema asks.
 * @throws RecordError when it is no record, or one of another major version
 */
export function parseOsvRecord(value: JsonValue): OsvRecord {
  if (!isObject(value)) throw new RecordError('it is no object');
  const version = value['schema_version'];
  if (version !== undefined && (typeof version !== 'string' || !/^1\.\d+(?:\.\d+)?$/.test(version)))
    throw new RecordError('schema_version is not 1.x');
  const id = value['id'];
  if (typeof id !== 'string' || id.length > MAX_ID_CHARS || !ID.test(id)) throw new RecordError('it has no usable id');
  const specific = objectOf(value['database_specific']);
  const packages = readPackages(value['affected']);
  return {
    id,
    aliases: names(value['aliases']).filter((alias) => alias !== id),
    modified: instant(value, 'modified') ?? missing('modified'),
    published: instant(value, 'published'),
    withdrawn: instant(value, 'withdrawn'),
    summary: summaryOf(value),
    severity: readSeverity(value['severity']),
    severityWord: wordOf(specific['severity']),
    cwes: names(specific['cwe_ids'] ?? specific['cwes']).filter((cwe) => /^CWE-\d{1,6}$/.test(cwe)),
    url: urlOf(value['references']),
    ...packages,
  };
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function objectOf(value: JsonValue | undefined): JsonObject {
  return isObject(value) ? value : {};
}

function listOf(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? value : [];
}

function missing(name: string): never {
  throw new RecordError(`${name} is missing`);
}

function instant(record: JsonObject, name: string): string | undefined {
  const value = record[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string' && INSTANT.test(value)) return value;
  throw new RecordError(`${name} is no RFC 3339 instant in UTC`);
}

function names(value: JsonValue | undefined): string[] {
  const found = listOf(value).filter((one) => typeof one === 'string' && one.length <= MAX_ID_CHARS && ID.test(one));
  return [...new Set(found.filter((one) => typeof one === 'string'))].slice(0, MAX_NAMES);
}

function summaryOf(record: JsonObject): string {
  const { summary, details } = record;
  const text =
    typeof summary === 'string' && summary.trim() !== '' ? summary : typeof details === 'string' ? details : '';
  return clip(
    text
      .slice(0, 4 * MAX_SUMMARY_CHARS)
      .replace(/\s+/g, ' ')
      .trim(),
    MAX_SUMMARY_CHARS,
  );
}

function clip(text: string, max: number): string {
  return text.length <= max
    ? text.toWellFormed()
    : `${text.slice(0, max - 1).replace(/[\ud800-\udbff]$/, '')}…`.toWellFormed();
}

function wordOf(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' && /^[A-Za-z]{1,16}$/.test(value) ? value.toUpperCase() : undefined;
}

function urlOf(value: JsonValue | undefined): string | undefined {
  const references = listOf(value).map(objectOf);
  const chosen = references.find((one) => one['type'] === 'ADVISORY') ?? references[0];
  const url = chosen?.['url'];
  return typeof url === 'string' && url.length <= MAX_URL_CHARS && /^https?:\/\/[!-~]+$/.test(url) ? url : undefined;
}

function readSeverity(value: JsonValue | undefined): SeverityEntry[] {
  const found: SeverityEntry[] = [];
  for (const { type, score } of listOf(value).map(objectOf)) {
    if (typeof type !== 'string' || typeof score !== 'string' || type.length > 32 || score.length > 512) continue;
    found.push({ type, score });
  }
  return found.slice(0, 8);
}

function readPackages(value: JsonValue | undefined) {
  if (value !== undefined && value !== null && !Array.isArray(value)) throw new RecordError('affected is no list');
  const ecosystems = new Set<string>();
  const affected: AffectedPackage[] = [];
  const faults: string[] = [];
  let commitsOnly = 0;
  listOf(value).forEach((entry, index) => {
    try {
      const found = readPackage(entry, ecosystems);
      if (found === 'commits-only') commitsOnly++;
      else if (found !== undefined) affected.push(found);
    } catch (error) {
      if (!(error instanceof RecordError)) throw error;
      faults.push(`affected[${index}]: ${error.message}`);
    }
  });
  return { affected, ecosystems, faults, commitsOnly };
}

function readPackage(entry: JsonValue, ecosystems: Set<string>): AffectedPackage | 'commits-only' | undefined {
  if (!isObject(entry)) throw new RecordError('it is no object');
  const ranges = readRanges(entry['ranges']);
  const named = entry['package'];
  // Records of source code without a package name commits and nothing else.
  if (named === undefined) return 'commits-only';
  const { ecosystem: ecosystemName, name } = objectOf(named);
  if (typeof ecosystemName !== 'string' || typeof name !== 'string')
    throw new RecordError('its package has no ecosystem or name');
  ecosystems.add(ecosystemName.slice(0, MAX_ID_CHARS));
  const ecosystem = findEcosystem(ecosystemName);
  if (ecosystem === undefined) return undefined;
  if (name === '' || name.length > MAX_NAME_CHARS || /\p{C}/u.test(name))
    throw new RecordError('its package name is none');
  const versions = listOf(entry['versions']);
  if (!versions.every((one) => typeof one === 'string')) throw new RecordError('versions are not texts');
  for (const { version, kind } of ranges.events.flat()) {
    const isOpen = (kind === 'introduced' && version === '0') || (kind === 'limit' && version === '*');
    if (!isOpen && !ecosystem.order.accepts(version))
      throw new RecordError('an event names what is no version of its ecosystem');
  }
  if (ranges.events.length === 0 && versions.length === 0 && ranges.git > 0) return 'commits-only';
  return {
    ecosystem: ecosystemName,
    name: ecosystem.packageKey(name),
    ranges: ranges.events,
    versions: versions.filter((one) => typeof one === 'string'),
    severity: readSeverity(entry['severity']),
    informational: informationalOf(objectOf(entry['database_specific'])['informational']),
  };
}

function informationalOf(value: JsonValue | undefined): InformationalKind | undefined {
  return value === 'unmaintained' || value === 'unsound' || value === 'notice' ? value : undefined;
}

function readRanges(value: JsonValue | undefined): { events: VersionEvent[][]; git: number } {
  if (value !== undefined && value !== null && !Array.isArray(value)) throw new RecordError('ranges is no list');
  const events: VersionEvent[][] = [];
  let git = 0;
  for (const range of listOf(value)) {
    const { type, events: listed } = objectOf(range);
    if (type === 'GIT') git++;
    else if (type === 'SEMVER' || type === 'ECOSYSTEM') events.push(readEvents(listed));
    else throw new RecordError('a range is of no known type');
  }
  return { events, git };
}

function readEvents(value: JsonValue | undefined): VersionEvent[] {
  const events = listOf(value).flatMap((event): VersionEvent[] => {
    if (!isObject(event)) throw new RecordError('an event is no object');
    return KINDS.flatMap((kind) => {
      const version = event[kind];
      if (version === undefined) return [];
      if (typeof version !== 'string') throw new RecordError('an event has no version text');
      return [{ kind, version }];
    });
  });
  if (!events.some(({ kind }) => kind === 'introduced')) throw new RecordError('a range is never introduced');
  return events;
}
