import { buffer } from 'node:stream/consumers';
import { type Entry, openPromise, type ZipFile } from 'yauzl';
import { advisoriesError } from '../errors.ts';
import { MAX_RECORD_BYTES } from './document.ts';

export interface ZipDocument {
  readonly name: string;
  readonly bytes: Uint8Array | 'too-large' | 'unreadable';
}

/** Entries of one archive; the largest published one has a few hundred thousand. */
const MAX_ENTRIES = 5_000_000;

/**
 * The JSON files of a zip archive, one after the other, never more than one in memory.
 * @throws MexError `ADVISORIES_SOURCE_UNREADABLE` when the archive itself is broken
 */
export async function* readZip(path: string, source: string): AsyncGenerator<ZipDocument> {
  let archive: ZipFile;
  try {
    archive = await openPromise(path, { validateEntrySizes: true, strictFileNames: true });
  } catch (cause) {
    throw broken(source, cause);
  }
  try {
    if (archive.entryCount > MAX_ENTRIES) throw broken(source, undefined);
    for await (const entry of entriesOf(archive, source)) {
      if (!/\.json$/i.test(entry.fileName)) continue;
      yield { name: entry.fileName, bytes: await readEntry(archive, entry) };
    }
  } finally {
    archive.close();
  }
}

async function* entriesOf(archive: ZipFile, source: string): AsyncGenerator<Entry> {
  try {
    for await (const entry of archive.eachEntry()) yield entry;
  } catch (cause) {
    throw broken(source, cause);
  }
}

/** The announced size is checked first, and the archive's reader ends a stream that gives more than was announced. */
async function readEntry(archive: ZipFile, entry: Entry): Promise<ZipDocument['bytes']> {
  if (entry.uncompressedSize > MAX_RECORD_BYTES) return 'too-large';
  try {
    return await buffer(await archive.openReadStreamPromise(entry));
  } catch {
    // One damaged entry is one record that is named as rejected.
    return 'unreadable';
  }
}

function broken(source: string, cause: unknown) {
  return advisoriesError({
    code: 'ADVISORIES_SOURCE_UNREADABLE',
    kind: 'validation',
    message: `${source} is no zip archive that can be read to its end.`,
    remedy: 'Download or copy it again.',
    cause,
  });
}
