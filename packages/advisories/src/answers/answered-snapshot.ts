import { canonicalJson, type JsonObject } from '@mex/envelope/json';
import { findEcosystem } from '../ecosystems.ts';
import type { AffectedPackage, OsvRecord } from '../osv/record.ts';
import { parseOsvRecord, RecordError } from '../osv/record.ts';
import { type EcosystemCoverage, FORMAT, type RejectedRecord, type SnapshotRecord } from '../snapshot/format.ts';
import type { Snapshot, SnapshotEntry } from '../snapshot/reader.ts';
import type { OsvAnswers } from './osv-answers.ts';

/** A snapshot that knows which packages it was made for. */
export interface AnsweredSnapshot extends Snapshot {
  /** Whether this package, in this version, was asked about. `name` is what the ecosystem's `packageKey` gives. */
  readonly covers: (ecosystem: string, name: string, version: string) => boolean;
}

const MAX_NAMED = 20;
/** Some records list every version of a package. */
const LARGE = { maxChars: 64 * 1024 * 1024, maxDepth: 128 };

/**
 * Answers in the form in which a database is searched, so that both are judged by the same rules. Withdrawn records are left
 * out; what cannot be read as an OSV record is told in the header.
 * @param digest SHA-256 of a text, lowercase hex
 */
export function openAnswers(answers: OsvAnswers, digest: (text: string) => string): AnsweredSnapshot {
  const { records, rejected, withdrawn } = readRecords(answers.records);
  const told = toldVersions(answers);
  const entries = new Map<string, SnapshotEntry[]>();
  records.forEach(({ record }, number) => {
    for (const affected of affectedOf(record, told.get(record.id) ?? [])) {
      const key = keyOf(affected.ecosystem, affected.name);
      const listed = entries.get(key);
      if (listed === undefined) entries.set(key, [{ record: number, affected }]);
      else listed.push({ record: number, affected });
    }
  });
  const covered = new Set(answers.packages.map((one) => `${keyOf(one.ecosystem, one.name)}\t${one.version ?? ''}`));
  return {
    header: {
      format: FORMAT,
      records: records.length,
      packages: entries.size,
      newest: answers.retrievedAt,
      ecosystems: coverageOf(answers, records),
      skipped: { withdrawn, superseded: 0, commits_only: 0, other_ecosystems: {} },
      rejected: { count: rejected.length, first: rejected.slice(0, MAX_NAMED) },
      sections: { record_bytes: 0, package_bytes: 0 },
    },
    lookup: (ecosystem, name) => entries.get(keyOf(ecosystem, name)) ?? [],
    record: (number) => {
      const found = records[number];
      if (found === undefined) throw new RangeError('an entry names no record');
      return describe(found.record, digest(canonicalJson(found.value, LARGE)));
    },
    covers: (ecosystem, name, version) => {
      const key = keyOf(ecosystem, name);
      return covered.has(`${key}\t`) || covered.has(`${key}\t${version}`);
    },
  };
}

function keyOf(ecosystem: string, name: string): string {
  return `${ecosystem}\t${name}`;
}

interface ReadRecord {
  readonly record: OsvRecord;
  readonly value: JsonObject;
}

function readRecords(values: readonly JsonObject[]) {
  const records: ReadRecord[] = [];
  const rejected: RejectedRecord[] = [];
  let withdrawn = 0;
  for (const [index, value] of values.entries()) {
    const source = `records[${index}]`;
    try {
      const record = parseOsvRecord(value);
      for (const reason of record.faults) rejected.push({ source: `${record.id} (${source})`, reason });
      if (record.withdrawn === undefined) records.push({ record, value });
      else withdrawn++;
    } catch (error) {
      if (!(error instanceof RecordError)) throw error;
      rejected.push({ source, reason: error.message });
    }
  }
  return { records, rejected, withdrawn };
}

interface Told {
  readonly ecosystem: string;
  readonly name: string;
  readonly version: string;
}

/** By record: the packages and versions of which it was said to be true. */
function toldVersions({ packages }: OsvAnswers): Map<string, Told[]> {
  const told = new Map<string, Told[]>();
  for (const { ecosystem, name, version, ids = [] } of packages) {
    if (version === undefined) continue;
    for (const id of ids) {
      const listed = told.get(id);
      if (listed === undefined) told.set(id, [{ ecosystem, name, version }]);
      else listed.push({ ecosystem, name, version });
    }
  }
  return told;
}

/** What the record says, and what was said of it beyond that. */
function affectedOf(record: OsvRecord, told: readonly Told[]): AffectedPackage[] {
  const own = record.affected.map((affected) => {
    const extra = told.filter(({ ecosystem, name }) => ecosystem === affected.ecosystem && name === affected.name);
    const versions = extra.map(({ version }) => version);
    return versions.length === 0
      ? affected
      : { ...affected, versions: [...new Set([...affected.versions, ...versions])] };
  });
  const named = new Set(own.map(({ ecosystem, name }) => keyOf(ecosystem, name)));
  const foreign = told.filter(({ ecosystem, name }) => !named.has(keyOf(ecosystem, name)));
  return [
    ...own,
    ...foreign.map(({ ecosystem, name, version }) => ({
      ecosystem,
      name,
      ranges: [],
      versions: [version],
      severity: [],
      informational: undefined,
    })),
  ];
}

function describe(record: OsvRecord, sha256: string): SnapshotRecord {
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

/** An ecosystem is covered when one of its packages was asked about; which ones, `covers` says. */
function coverageOf({ packages, retrievedAt }: OsvAnswers, records: readonly ReadRecord[]) {
  const found: Record<string, EcosystemCoverage> = {};
  for (const { ecosystem } of packages) {
    if (findEcosystem(ecosystem) === undefined) continue;
    const known = found[ecosystem] ?? { packages: 0, records: 0, own: 0, newest: retrievedAt };
    found[ecosystem] = { ...known, packages: known.packages + 1, own: known.own + 1 };
  }
  for (const [name, coverage] of Object.entries(found)) {
    const count = records.filter(({ record }) => record.affected.some(({ ecosystem }) => ecosystem === name)).length;
    found[name] = { ...coverage, records: count };
  }
  return found;
}
