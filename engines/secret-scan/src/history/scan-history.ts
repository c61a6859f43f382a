import type { Confidence } from '@mex/guard';
import { readText } from '../file-text.ts';
import { type FoundSecret, secretsIn, secretsInName } from '../finding.ts';
import { valueMark } from '../fingerprint.ts';
import type { TreeMemory } from '../tree-memory.ts';
import { type Blob, collectBlobs } from './collect-blobs.ts';
import { FoundOnce, type Meeting } from './found-once.ts';
import { GapList, type HistoryGap } from './gaps.ts';
import { HistoryBound, HistoryFault } from './history-fault.ts';
import { Inflater } from './inflater.ts';
import { ObjectCache } from './object-cache.ts';
import { ObjectDatabase } from './object-database.ts';
import type { GitObject } from './object-id.ts';
import { LARGEST_OBJECT_BYTES } from './pack.ts';
import { type RepositoryFiles, readRepository } from './read-repository.ts';
import { type Message, type Stop, walkCommits } from './walk-commits.ts';
import { WorkMeter } from './work-meter.ts';

/** How far into a history a scan goes. */
export interface HistoryBounds {
  readonly maxCommits: number;
  /** Different contents of files. */
  readonly maxBlobs: number;
  /** Of all objects that are unpacked, those that others are deltas of included. */
  readonly maxBytes: number;
}

export interface HistoryOptions extends HistoryBounds {
  readonly minConfidence: Confidence;
  /** Larger texts are left out, and said so. */
  readonly maxFileBytes: number;
  /** Secrets that are described. */
  readonly room: number;
}

/** What the history of a repository holds besides what its tree holds. */
export interface HistoryScan {
  readonly commits: number;
  /** Contents that were scanned. */
  readonly blobs: number;
  readonly binary: number;
  /** Contents that are files of the scanned tree, and were scanned there. */
  readonly inTree: number;
  /** Directories of installed packages that were left out. */
  readonly installed: number;
  readonly bytes: number;
  readonly gaps: readonly HistoryGap[];
  readonly found: FoundOnce;
}

/** Paths that messages are told under: no file of a tree can be called so. */
const MESSAGE_PATHS = { commit: '.git/commit message', tag: '.git/tag message' } as const;
/** As many bytes tell whether a file is binary. */
const HEAD_BYTES = 8_000;

/**
 * Scans every content that the refs of a repository lead to, once. Nothing of git is run: packs and loose objects are read
 * as bytes, which may come from anybody. What cannot be read is a gap; only the host's own refusals are thrown.
 */
export async function scanHistory(
  repository: RepositoryFiles,
  memory: TreeMemory,
  options: HistoryOptions,
): Promise<HistoryScan> {
  const gaps = new GapList();
  const scanner = new HistoryScanner(memory, gaps, options);
  const read = await readRepository(repository, gaps);
  if (read === undefined) return scanner.result();
  const tools = { inflater: new Inflater(), cache: new ObjectCache(), meter: new WorkMeter(options.maxBytes) };
  const database = new ObjectDatabase(read.database, tools);
  for (const fault of [...database.faults, ...read.refs.faults]) gaps.add(fault);
  if (read.refs.refs.length === 0 && read.refs.faults.length === 0 && database.count > 0)
    gaps.add(new HistoryFault('missing', 'there are objects, and no ref leads to them'));
  try {
    const { refs } = read.refs;
    scanner.run({ database, refs, shallow: read.shallow });
  } catch (error) {
    if (!(error instanceof HistoryBound)) throw error;
    gaps.add(error);
  }
  return scanner.result();
}

type Source = Pick<Parameters<typeof walkCommits>[0], 'database' | 'refs' | 'shallow'>;

class HistoryScanner {
  readonly #memory: TreeMemory;
  readonly #gaps: GapList;
  readonly #options: HistoryOptions;
  readonly #found: FoundOnce;
  readonly #names = new Set<string>();
  readonly #counts = { commits: 0, blobs: 0, binary: 0, inTree: 0, installed: 0, bytes: 0 };

  constructor(memory: TreeMemory, gaps: GapList, options: HistoryOptions) {
    this.#memory = memory;
    this.#gaps = gaps;
    this.#options = options;
    this.#found = new FoundOnce(options.room);
  }

  result(): HistoryScan {
    return { ...this.#counts, gaps: this.#gaps.list(), found: this.#found };
  }

  run(source: Source): void {
    const gaps = this.#gaps;
    const spoken: (Message & { found: readonly FoundSecret[] })[] = [];
    const onMessage = (message: Message): void => {
      const found = this.#secretsIn(MESSAGE_PATHS[message.kind], message.text);
      if (found.length > 0) spoken.push({ ...message, text: '', found });
    };
    const { stops, commits } = walkCommits({ ...source, maxCommits: this.#options.maxCommits, gaps, onMessage });
    this.#counts.commits = commits;
    this.#addSpoken(spoken, stops);
    const { blobs, installed } = collectBlobs({
      database: source.database,
      stops,
      maxBlobs: this.#options.maxBlobs,
      gaps,
    });
    this.#counts.installed = installed;
    this.#scanBlobs(source.database, blobs, stops);
  }

  #secretsIn(path: string, text: string): FoundSecret[] {
    return secretsIn(path, text, this.#options.minConfidence, (value, secret) => {
      this.#marks.set(secret, valueMark(value));
    });
  }

  /** Marks of values, for as long as their finds are looked at. */
  readonly #marks = new WeakMap<FoundSecret, string>();

  #isInTree(secret: FoundSecret): boolean {
    return this.#memory.hasValue(this.#marks.get(secret) ?? '');
  }

  #addSpoken(spoken: readonly (Message & { found: readonly FoundSecret[] })[], stops: readonly Stop[]): void {
    if (spoken.length === 0) return;
    const places = new Map(stops.map(({ commit }, at) => [commit, at]));
    for (const { kind, object, ref, found } of spoken) {
      const commit = kind === 'commit' ? object : undefined;
      const place = commit === undefined ? undefined : places.get(commit);
      const meeting = { order: [place ?? stops.length, -1], commit, ref } as const;
      for (const secret of found) this.#found.add(secret, meeting, this.#isInTree(secret));
    }
  }

  #scanBlobs(database: ObjectDatabase, blobs: readonly Blob[], stops: readonly Stop[]): void {
    const places = blobs.map(({ object }) => database.placeOf(object));
    const order = places.map((_, at) => at).sort((a, b) => (places[a] ?? 0) - (places[b] ?? 0));
    for (const [done, at] of order.entries()) {
      const blob = blobs[at];
      if (blob === undefined) continue;
      const { commit, ref = '' } = stops[blob.stop] ?? { commit: undefined };
      try {
        this.#scanBlob(database, blob, { order: [blob.stop, at], commit, ref });
      } catch (error) {
        if (!(error instanceof HistoryBound)) throw error;
        throw new HistoryBound(`${error.message}; ${order.length - done} files were not scanned`);
      }
    }
  }

  #scanBlob(database: ObjectDatabase, { object, path }: Blob, meeting: Meeting): void {
    const id = database.idOf(object);
    this.#scanName(path, meeting);
    const inTree = this.#memory.foundIn(id);
    if (inTree !== undefined) {
      this.#counts.inTree += 1;
      for (const { fingerprint } of inTree) this.#found.addOfTree(fingerprint, meeting);
      return;
    }
    this.#gaps.keep(
      () => {
        const content = this.#read(database, object);
        const text = content === undefined ? undefined : readText(content);
        if (text?.kind !== 'text') {
          this.#counts.binary += 1;
          return;
        }
        this.#counts.blobs += 1;
        this.#counts.bytes += content?.length ?? 0;
        for (const secret of this.#secretsIn(path, text.text)) this.#found.add(secret, meeting, this.#isInTree(secret));
      },
      { object: id, path },
    );
  }

  #scanName(path: string, meeting: Meeting): void {
    if (this.#names.has(path)) return;
    this.#names.add(path);
    for (const secret of secretsInName(path, this.#options.minConfidence)) this.#found.add(secret, meeting, false);
  }

  /** The content of a file; `undefined` when it is large and binary. @throws HistoryFault */
  #read(database: ObjectDatabase, object: number): Uint8Array | undefined {
    try {
      return contentOf(database.read(object, this.#options.maxFileBytes));
    } catch (error) {
      if (!(error instanceof HistoryFault) || error.reason !== 'too-large') throw error;
      // A large delta tells what it is only as a whole.
      const head = database.head(object, HEAD_BYTES) ?? contentOf(database.read(object, LARGEST_OBJECT_BYTES));
      if (readText(head).kind === 'binary') return undefined;
      throw error;
    }
  }
}

function contentOf({ type, content }: GitObject): Uint8Array {
  if (type === 'blob') return content;
  throw new HistoryFault('malformed', `it should be a file and is a ${type}`);
}
