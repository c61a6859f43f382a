import { type JsonObject, type JsonValue, parseStrictJson } from '@mex/envelope/json';
import { findEcosystem } from '../ecosystems.ts';
import { advisoriesError } from '../errors.ts';
import type { EventKind, VersionEvent } from '../osv/affected.ts';
import type { AffectedPackage, InformationalKind, SeverityEntry } from '../osv/record.ts';
import { type EcosystemCoverage, FORMAT, type SnapshotHeader, type SnapshotRecord } from './format.ts';

/** What a snapshot says of one package in one record. */
export interface SnapshotEntry {
  /** Number of the record, for `Snapshot.record`. */
  readonly record: number;
  readonly affected: AffectedPackage;
}

/** A snapshot in memory: the bytes themselves, searched in place. Only lines that are asked for are parsed. */
export interface Snapshot {
  readonly header: SnapshotHeader;
  /** Everything about one package; `name` is what the ecosystem's `packageKey` gives. Empty when nothing is. */
  readonly lookup: (ecosystem: string, name: string) => readonly SnapshotEntry[];
  /** @throws MexError `ADVISORIES_SNAPSHOT_INVALID` for a number that no entry of this snapshot has */
  readonly record: (number: number) => SnapshotRecord;
}

const NEWLINE = 0x0a;
const MAX_HEADER_BYTES = 1024 * 1024;
const LETTERS: Readonly<Record<string, EventKind>> = { i: 'introduced', f: 'fixed', l: 'last_affected', m: 'limit' };

/**
 * Opens a snapshot. The bytes may be a stranger's: everything is checked when it is read.
 * @throws MexError `ADVISORIES_SNAPSHOT_INVALID` when they are no snapshot, or not a whole one
 */
export function openSnapshot(bytes: Uint8Array): Snapshot {
  const reader = new SnapshotReader(bytes);
  return {
    header: reader.header,
    lookup: (ecosystem, name) => reader.lookup(ecosystem, name),
    record: (number) => reader.record(number),
  };
}

class SnapshotReader {
  readonly header: SnapshotHeader;
  private readonly bytes: Uint8Array;
  private readonly view: DataView;
  private readonly recordsAt: number;
  private readonly packagesAt: number;
  private readonly recordTable: number;
  private readonly packageTable: number;
  private readonly decoder = new TextDecoder('utf-8', { fatal: true });

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const first = bytes.subarray(0, 64).indexOf(NEWLINE);
    if (first === -1 || this.decode(0, first) !== FORMAT)
      throw invalid('it does not begin with the name of the format');
    const second = bytes.subarray(0, first + 1 + MAX_HEADER_BYTES).indexOf(NEWLINE, first + 1);
    if (second === -1) throw invalid('it has no header');
    this.header = readHeader(this.json(first + 1, second));
    const { record_bytes: recordBytes, package_bytes: packageBytes } = this.header.sections;
    this.recordsAt = second + 1;
    this.packagesAt = this.recordsAt + recordBytes;
    this.recordTable = this.packagesAt + packageBytes;
    this.packageTable = this.recordTable + 4 * (this.header.records + 1);
    const end = this.packageTable + 4 * (this.header.packages + 1);
    if (end !== bytes.length) throw invalid(`it has ${bytes.length} bytes where its header announces ${end}`);
  }

  lookup(ecosystem: string, name: string): SnapshotEntry[] {
    const key = new TextEncoder().encode(`${ecosystem}\t${name}\t`);
    let low = 0;
    let high = this.header.packages - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const line = this.line('packages', middle);
      const order = this.compareKey(key, line);
      if (order === 0) return this.entries(ecosystem, name, line.start + key.length, line.end);
      if (order < 0) high = middle - 1;
      else low = middle + 1;
    }
    return [];
  }

  record(number: number): SnapshotRecord {
    if (!Number.isInteger(number) || number < 0 || number >= this.header.records)
      throw invalid('an entry names no record');
    const { start, end } = this.line('records', number);
    return readRecord(this.json(start, end));
  }

  /** Compares the wanted key with the beginning of a line, both as bytes. */
  private compareKey(key: Uint8Array, { start, end }: { start: number; end: number }): number {
    for (let index = 0; index < key.length; index++) {
      if (start + index >= end) return 1;
      const order = (key[index] ?? 0) - (this.bytes[start + index] ?? 0);
      if (order !== 0) return order;
    }
    return 0;
  }

  private line(section: 'records' | 'packages', number: number): { start: number; end: number } {
    const isRecords = section === 'records';
    const table = (isRecords ? this.recordTable : this.packageTable) + 4 * number;
    const base = isRecords ? this.recordsAt : this.packagesAt;
    const limit = isRecords ? this.packagesAt : this.recordTable;
    const start = base + this.view.getUint32(table, true);
    const end = base + this.view.getUint32(table + 4, true) - 1;
    if (start > end || end >= limit || this.bytes[end] !== NEWLINE)
      throw invalid('its table of lines does not fit its lines');
    return { start, end };
  }

  private entries(ecosystem: string, name: string, start: number, end: number): SnapshotEntry[] {
    const value = this.json(start, end);
    if (!Array.isArray(value)) throw invalid('a package is no list');
    return value.map((entry) => readEntry(entry, ecosystem, name));
  }

  private decode(start: number, end: number): string {
    try {
      return this.decoder.decode(this.bytes.subarray(start, end));
    } catch (cause) {
      throw invalid('it is not UTF-8', cause);
    }
  }

  private json(start: number, end: number): JsonValue {
    const text = this.decode(start, end);
    try {
      return parseStrictJson(text, { maxBytes: 64 * 1024 * 1024, maxKeys: 1_000_000 });
    } catch (cause) {
      throw invalid('a line is not JSON', cause);
    }
  }
}

function invalid(what: string, cause?: unknown): Error {
  return advisoriesError({
    code: 'ADVISORIES_SNAPSHOT_INVALID',
    kind: 'integrity',
    message: `The advisory snapshot cannot be used: ${what}.`,
    remedy: 'Import the advisories again (mex db import).',
    ...(cause === undefined ? {} : { cause }),
  });
}

function object(value: JsonValue | undefined, what: string): JsonObject {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw invalid(`${what} is no object`);
}

function count(value: JsonValue | undefined, what: string): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw invalid(`${what} is no count`);
}

function text(value: JsonValue | undefined, what: string): string {
  if (typeof value === 'string') return value;
  throw invalid(`${what} is no text`);
}

function list(value: JsonValue | undefined, what: string): readonly JsonValue[] {
  if (Array.isArray(value)) return value;
  throw invalid(`${what} is no list`);
}

function texts(value: JsonValue | undefined, what: string): string[] {
  return list(value, what).map((one) => text(one, what));
}

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/;

function instantOrNull(value: JsonValue | undefined): string | null {
  if (value === null) return null;
  const found = text(value, 'a time');
  if (!INSTANT.test(found)) throw invalid('a time is none');
  return found;
}

function counts(value: JsonValue | undefined, what: string): Record<string, number> {
  return Object.fromEntries(Object.entries(object(value, what)).map(([name, one]) => [name, count(one, what)]));
}

function readHeader(value: JsonValue): SnapshotHeader {
  const header = object(value, 'the header');
  if (header['format'] !== FORMAT) throw invalid('its header is of another format');
  const skipped = object(header['skipped'], 'skipped');
  const rejected = object(header['rejected'], 'rejected');
  const sections = object(header['sections'], 'sections');
  const ecosystems = Object.entries(object(header['ecosystems'], 'ecosystems'));
  return {
    format: FORMAT,
    records: count(header['records'], 'records'),
    packages: count(header['packages'], 'packages'),
    newest: instantOrNull(header['newest']),
    ecosystems: Object.fromEntries(ecosystems.map(([name, one]) => [name, readCoverage(one)])),
    skipped: {
      withdrawn: count(skipped['withdrawn'], 'withdrawn'),
      superseded: count(skipped['superseded'], 'superseded'),
      commits_only: count(skipped['commits_only'], 'commits_only'),
      other_ecosystems: counts(skipped['other_ecosystems'], 'other_ecosystems'),
    },
    rejected: {
      count: count(rejected['count'], 'rejected'),
      first: list(rejected['first'], 'rejected').map((one) => {
        const { source, reason } = object(one, 'a rejected record');
        return { source: text(source, 'a source'), reason: text(reason, 'a reason') };
      }),
    },
    sections: {
      record_bytes: count(sections['record_bytes'], 'record_bytes'),
      package_bytes: count(sections['package_bytes'], 'package_bytes'),
    },
  };
}

function readCoverage(value: JsonValue): EcosystemCoverage {
  const found = object(value, 'an ecosystem');
  return {
    packages: count(found['packages'], 'packages'),
    records: count(found['records'], 'records'),
    own: count(found['own'], 'own'),
    newest: instantOrNull(found['newest']),
  };
}

function readSeverity(value: JsonValue | undefined): SeverityEntry[] {
  return list(value, 'severity').map((one) => {
    const { type, score } = object(one, 'a severity');
    return { type: text(type, 'a type'), score: text(score, 'a score') };
  });
}

function readRecord(value: JsonValue): SnapshotRecord {
  const found = object(value, 'a record');
  const { published, severity_word: word, url } = found;
  return {
    id: text(found['id'], 'an id'),
    aliases: texts(found['aliases'], 'aliases'),
    modified: text(found['modified'], 'a time'),
    ...(published === undefined ? {} : { published: text(published, 'a time') }),
    summary: text(found['summary'], 'a summary'),
    severity: readSeverity(found['severity']),
    ...(word === undefined ? {} : { severity_word: text(word, 'a word') }),
    cwes: texts(found['cwes'], 'cwes'),
    ...(url === undefined ? {} : { url: text(url, 'an address') }),
    sha256: text(found['sha256'], 'a digest'),
  };
}

function readEntry(value: JsonValue, ecosystem: string, name: string): SnapshotEntry {
  const [record, ranges, versions, extra] = list(value, 'a package entry');
  const { severity, informational } = extra === undefined ? {} : object(extra, 'a package entry');
  return {
    record: count(record, 'a record number'),
    affected: {
      ecosystem,
      name,
      ranges: list(ranges, 'ranges').map((events) => list(events, 'events').map((one) => readEvent(one, ecosystem))),
      versions: texts(versions, 'versions'),
      severity: severity === undefined ? [] : readSeverity(severity),
      informational: readInformational(informational),
    },
  };
}

function readEvent(value: JsonValue, ecosystem: string): VersionEvent {
  const [letter, version] = texts(value, 'an event');
  const kind = letter === undefined ? undefined : LETTERS[letter];
  if (kind === undefined || version === undefined) throw invalid('an event is of no known kind');
  const isOpen = (kind === 'introduced' && version === '0') || (kind === 'limit' && version === '*');
  if (!isOpen && findEcosystem(ecosystem)?.order.accepts(version) !== true) throw invalid('an event has no version');
  return { kind, version };
}

function readInformational(value: JsonValue | undefined): InformationalKind | undefined {
  if (value === undefined || value === 'unmaintained' || value === 'unsound' || value === 'notice') return value;
  throw invalid('a package entry is of no known kind');
}
