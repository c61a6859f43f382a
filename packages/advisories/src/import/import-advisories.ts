import { hash } from 'node:crypto';
import { quoteText } from '@mex/envelope';
import { advisoriesError } from '../errors.ts';
import { MAX_SNAPSHOT_BYTES, type RejectedRecord, type SnapshotHeader } from '../snapshot/format.ts';
import { openSnapshot } from '../snapshot/reader.ts';
import { type ImportedRecord, writeSnapshot } from '../snapshot/writer.ts';
import { readSource } from './sources.ts';

export interface ImportOptions {
  /** RFC 3339 instant in UTC of the import. Times of records after it are not believed. */
  readonly now: string;
  /** Called every thousand records, with how many were read so far. */
  readonly onProgress?: (records: number) => void;
}

export interface ImportedAdvisories {
  /** The snapshot: store it as an artifact. Equal records give equal bytes. */
  readonly snapshot: Uint8Array<ArrayBuffer>;
  readonly sha256: string;
  readonly header: SnapshotHeader;
  /** What could not be used: the first 1,000, in the order they were met. `header.rejected.count` has them all. */
  readonly rejected: readonly RejectedRecord[];
}

const MAX_REJECTED = 1_000;
const MAX_RECORDS = 5_000_000;
const MAX_SOURCE_CHARS = 300;

/**
 * Reads OSV records from files and directories and makes one snapshot of them. A record that comes more than once is
 * taken in its newest form. What cannot be read is counted and named, and the rest is used.
 *
 * @throws MexError `ADVISORIES_SOURCE_UNREADABLE`, `ADVISORIES_SOURCE_UNKNOWN`, `ADVISORIES_TOO_LARGE`; `ADVISORIES_EMPTY` when
 * no advisory for a supported ecosystem is left
 */
export async function importAdvisories(paths: readonly string[], options: ImportOptions): Promise<ImportedAdvisories> {
  const collection = new Collection();
  let read = 0;
  for (const path of paths) {
    for await (const found of readSource(path)) {
      if (found.kind === 'rejected') collection.reject(found);
      else collection.add(found.source, found);
      read++;
      if (read > MAX_RECORDS) throw tooLarge(`more than ${MAX_RECORDS} records`);
      if (read % 1_000 === 0) options.onProgress?.(read);
    }
  }
  const snapshot = writeSnapshot({
    records: [...collection.records.values()],
    superseded: collection.superseded,
    rejected: collection.rejected,
    rejectedCount: collection.rejectedCount,
    now: options.now,
  });
  if (snapshot.length > MAX_SNAPSHOT_BYTES) throw tooLarge(`${snapshot.length} bytes`);
  const { header } = openSnapshot(snapshot);
  if (header.records === 0) throw empty(paths, collection);
  return { snapshot, sha256: hash('sha256', snapshot, 'hex'), header, rejected: collection.rejected };
}

class Collection {
  readonly records = new Map<string, ImportedRecord>();
  readonly rejected: RejectedRecord[] = [];
  rejectedCount = 0;
  superseded = 0;

  add(source: string, found: ImportedRecord): void {
    const { record } = found;
    for (const fault of record.faults) this.reject({ source: `${record.id} (${source})`, reason: fault });
    const known = this.records.get(record.id);
    if (known !== undefined) this.superseded++;
    if (known === undefined || isNewer(found, known)) this.records.set(record.id, found);
  }

  reject({ source, reason }: RejectedRecord): void {
    this.rejectedCount++;
    if (this.rejected.length >= MAX_REJECTED) return;
    // File names are a stranger's text as much as what is in the files.
    const shown = quoteText(source, MAX_SOURCE_CHARS);
    this.rejected.push({ source: shown.slice(1, -1), reason });
  }
}

/** Equal times: the digest decides, so that the order of sources does not. */
function isNewer(a: ImportedRecord, b: ImportedRecord): boolean {
  const left = Date.parse(a.record.modified);
  const right = Date.parse(b.record.modified);
  return left === right ? a.sha256 < b.sha256 : left > right;
}

function tooLarge(what: string) {
  return advisoriesError({
    code: 'ADVISORIES_TOO_LARGE',
    kind: 'validation',
    message: `The advisories are too many for one snapshot: ${what}.`,
    remedy: 'Import only the ecosystems you use.',
  });
}

function empty(paths: readonly string[], { rejectedCount, records }: Collection) {
  const where = paths.map((path) => quoteText(path, 120)).join(', ');
  return advisoriesError({
    code: 'ADVISORIES_EMPTY',
    kind: 'validation',
    message: `No usable advisory in ${where}: ${records.size} records were read and ${rejectedCount} refused, none for an ecosystem that MEX knows.`,
    remedy:
      'Name a directory, archive or file of OSV records for npm, crates.io, PyPI, Go, RubyGems, Packagist or Maven.',
  });
}
