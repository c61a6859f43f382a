import { findEcosystem } from '../ecosystems.ts';
import { isInRange } from '../osv/affected.ts';
import type { AffectedPackage, OsvRecord } from '../osv/record.ts';
import { compareText } from '../versions/version-order.ts';
import { EVENT_LETTERS, FORMAT, type RejectedRecord, type SnapshotHeader, type SnapshotRecord } from './format.ts';

/** A record and the digest of the bytes it was read from. */
export interface ImportedRecord {
  readonly record: OsvRecord;
  readonly sha256: string;
}

export interface SnapshotInput {
  /** At most one per id. Withdrawn ones are counted and left out. */
  readonly records: readonly ImportedRecord[];
  readonly superseded: number;
  readonly rejected: readonly RejectedRecord[];
  /** Counted beyond `rejected`, which may be cut. */
  readonly rejectedCount: number;
  /** RFC 3339 instant of the import. Times after it are not believed: one record from the future would keep old data fresh for ever. */
  readonly now: string;
}

/** Rejections that the header names; it counts them all. */
const MAX_NAMED = 20;
/** A time before the first vulnerability database is a placeholder (Go's has `0001-01-01`). */
const FIRST_CREDIBLE = '1990';

/** Writes a snapshot. Equal records give equal bytes. */
export function writeSnapshot(input: SnapshotInput): Uint8Array<ArrayBuffer> {
  const usable = input.records.filter(({ record }) => record.withdrawn === undefined && record.affected.length > 0);
  const sorted = usable.toSorted((a, b) => compareText(a.record.id, b.record.id));
  const coverage = new Coverage(input.now);
  const packages = new Map<string, string[]>();
  sorted.forEach(({ record }, index) => {
    coverage.add(record);
    for (const affected of record.affected) {
      const key = `${affected.ecosystem}\t${affected.name}`;
      const lines = packages.get(key);
      const text = JSON.stringify(packageEntry(index, affected));
      if (lines === undefined) packages.set(key, [text]);
      else lines.push(text);
    }
  });
  const recordLines = sorted.map((one) => `${JSON.stringify(recordEntry(one))}\n`);
  const packageLines = [...packages].map(([key, entries]) => `${key}\t[${entries.join(',')}]\n`);
  return assemble(recordLines, packageLines, (sections) => ({
    format: FORMAT,
    records: sorted.length,
    packages: packages.size,
    ...coverage.result(packages.keys()),
    skipped: {
      withdrawn: input.records.filter(({ record }) => record.withdrawn !== undefined).length,
      superseded: input.superseded,
      commits_only: sum(input.records, ({ record }) => record.commitsOnly),
      other_ecosystems: otherEcosystems(input.records),
    },
    rejected: {
      count: input.rejectedCount,
      first: input.rejected.toSorted((a, b) => compareText(a.source, b.source)).slice(0, MAX_NAMED),
    },
    sections,
  }));
}

function sum<T>(list: readonly T[], count: (one: T) => number): number {
  return list.reduce((total, one) => total + count(one), 0);
}

function recordEntry({ record, sha256 }: ImportedRecord): SnapshotRecord {
  const { id, aliases, modified, published, summary, severity, severityWord, cwes, url } = record;
  return {
    id,
    aliases,
    modified,
    ...(published === undefined ? {} : { published }),
    summary,
    severity,
    ...(severityWord === undefined ? {} : { severity_word: severityWord }),
    cwes,
    ...(url === undefined ? {} : { url }),
    sha256,
  };
}

/** `[record, ranges, versions, {severity, informational}?]`. */
function packageEntry(record: number, affected: AffectedPackage): unknown[] {
  const ranges = affected.ranges.map((events) => events.map(({ kind, version }) => [EVENT_LETTERS[kind], version]));
  const extra = {
    ...(affected.severity.length === 0 ? {} : { severity: affected.severity }),
    ...(affected.informational === undefined ? {} : { informational: affected.informational }),
  };
  const entry = [record, ranges, remainingVersions(affected)];
  return Object.keys(extra).length === 0 ? entry : [...entry, extra];
}

/** Databases list every version that the ranges hold already: those say nothing new, and they are most of the bytes. */
function remainingVersions(affected: AffectedPackage): readonly string[] {
  const order = findEcosystem(affected.ecosystem)?.order;
  if (order === undefined || affected.ranges.length === 0) return affected.versions;
  return affected.versions.filter(
    (version) => !order.accepts(version) || !affected.ranges.some((events) => isInRange(events, version, order)),
  );
}

function otherEcosystems(records: readonly ImportedRecord[]): Record<string, number> {
  const counts = new Map<string, number>();
  for (const { record } of records) {
    for (const name of record.ecosystems) {
      if (findEcosystem(name) === undefined) counts.set(name, (counts.get(name) ?? 0) + 1);
    }
  }
  return Object.fromEntries([...counts].sort(([a], [b]) => compareText(a, b)).slice(0, 200));
}

/** Counts and times by ecosystem. */
class Coverage {
  private readonly now: string;
  private readonly found = new Map<string, { records: number; own: number; newest: string | null }>();

  constructor(now: string) {
    this.now = now;
  }

  add(record: OsvRecord): void {
    const own = record.ecosystems.size === 1;
    for (const name of new Set(record.affected.map(({ ecosystem }) => ecosystem))) {
      const entry = this.found.get(name) ?? { records: 0, own: 0, newest: null };
      entry.records++;
      if (own) entry.own++;
      // A fresh record of another ecosystem that mentions this one says nothing about the age of this one's data.
      for (const time of [record.modified, record.published]) {
        if (!own || time === undefined || time < FIRST_CREDIBLE || compareInstants(time, this.now) > 0) continue;
        if (entry.newest === null || compareInstants(time, entry.newest) > 0) entry.newest = time;
      }
      this.found.set(name, entry);
    }
  }

  result(keys: Iterable<string>): Pick<SnapshotHeader, 'newest' | 'ecosystems'> {
    const packages = new Map<string, number>();
    for (const key of keys) {
      const ecosystem = key.slice(0, key.indexOf('\t'));
      packages.set(ecosystem, (packages.get(ecosystem) ?? 0) + 1);
    }
    const names = [...this.found].sort(([a], [b]) => compareText(a, b));
    let newest: string | null = null;
    for (const [, entry] of names) {
      if (entry.newest !== null && (newest === null || compareInstants(entry.newest, newest) > 0))
        newest = entry.newest;
    }
    const ecosystems = names.map(([name, entry]) => [name, { packages: packages.get(name) ?? 0, ...entry }]);
    return { newest, ecosystems: Object.fromEntries(ecosystems) };
  }
}

/** Fractions of a second may be missing: as texts, `…:00Z` would come after `…:00.5Z`. */
function compareInstants(a: string, b: string): number {
  return compareText(a.replace(/(?:\.(\d+))?Z$/, '.$1'), b.replace(/(?:\.(\d+))?Z$/, '.$1'));
}

function assemble(
  recordLines: readonly string[],
  packageLines: readonly string[],
  header: (sections: SnapshotHeader['sections']) => SnapshotHeader,
): Uint8Array<ArrayBuffer> {
  const encoder = new TextEncoder();
  const records = recordLines.map((line) => encoder.encode(line));
  const packages = packageLines.map((line) => encoder.encode(line)).sort(compareLines);
  const recordBytes = sum(records, (line) => line.length);
  const packageBytes = sum(packages, (line) => line.length);
  const text = JSON.stringify(header({ record_bytes: recordBytes, package_bytes: packageBytes }));
  const head = encoder.encode(`${FORMAT}\n${text}\n`);
  const tables = 4 * (records.length + 1 + packages.length + 1);
  const bytes = new Uint8Array(head.length + recordBytes + packageBytes + tables);
  bytes.set(head);
  const view = new DataView(bytes.buffer);
  let table = head.length + recordBytes + packageBytes;
  let at = head.length;
  for (const lines of [records, packages]) {
    let offset = 0;
    for (const line of lines) {
      bytes.set(line, at);
      view.setUint32(table, offset, true);
      table += 4;
      at += line.length;
      offset += line.length;
    }
    view.setUint32(table, offset, true);
    table += 4;
  }
  return bytes;
}

/** By bytes up to the second tab; keys are unique, so what follows never decides. */
function compareLines(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const order = (a[index] ?? 0) - (b[index] ?? 0);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}
