import { EngineError, type EngineInput } from '@mex/engine-sdk';
import { readText } from './file-text.ts';
import { maskText, shownPath } from './masking.ts';
import type { PathFilter } from './path-filter.ts';

/** A text file of the tree, with its secrets masked. */
export interface TextFile {
  readonly path: string;
  readonly sha256: string;
  /** As it is: only for questions whose answer cannot depend on a secret. */
  readonly raw: string;
  /** Masks at first use: most files need no second look. */
  readonly masked: () => string;
}

/** Why a file was not looked at. */
export type SkipReason = 'binary' | 'too_large' | 'unreadable';

/** What became of the files of a tree. */
export interface FileCounts {
  searched: number;
  /** Left out by the path patterns. */
  excluded: number;
  binary: number;
  too_large: number;
  unreadable: number;
}

/** Files read at once: the host reads while the engine works. */
const AHEAD = 16;
/** Codes after which nothing the input says can be relied on: the operation ends. */
const ENDS_THE_OPERATION = new Set(['ARTIFACT_DRIFT', 'ARTIFACT_CORRUPT', 'CAPABILITY_USED_WITHOUT_GRANT']);

/** @throws EngineError `CONTEXT_NO_DIRECTORY` */
export function directoryOf(inputs: readonly EngineInput[]): EngineInput {
  const [directory] = inputs;
  if (directory === undefined || directory.kind !== 'bundle')
    throw new EngineError('CONTEXT_NO_DIRECTORY', 'The input is not a pinned directory.');
  return directory;
}

export function noFiles(): FileCounts {
  return { searched: 0, excluded: 0, binary: 0, too_large: 0, unreadable: 0 };
}

/**
 * The text files of a directory that a filter wants, in code-unit order of paths; what is left out is counted. Files are
 * read ahead, so the host works while the caller does.
 */
export async function* readTexts(
  directory: EngineInput,
  filter: PathFilter,
  maxFileBytes: number,
  counts: FileCounts,
): AsyncGenerator<TextFile> {
  const queue: { path: string; shown: string; sha256: string }[] = [];
  for (const { path, size, sha256 } of await directory.files()) {
    const shown = shownPath(path);
    // By the name that is shown: what a pattern matches says nothing about a secret.
    if (!filter.isWanted(shown)) counts.excluded++;
    else if (size > maxFileBytes) counts.too_large++;
    else queue.push({ path, shown, sha256 });
  }
  const pending = new Map<number, Promise<Reading>>();
  const ask = (at: number): void => {
    const next = queue[at];
    if (next !== undefined) pending.set(at, read(directory, next.path));
  };
  for (let at = 0; at < AHEAD; at++) ask(at);
  for (const [at, { shown, sha256 }] of queue.entries()) {
    const reading = await pending.get(at);
    pending.delete(at);
    if (reading === undefined || 'ending' in reading) throw reading?.ending;
    ask(at + AHEAD);
    const raw = reading.bytes && readText(reading.bytes);
    if (raw === undefined) {
      counts[reading.bytes === undefined ? 'unreadable' : 'binary']++;
      continue;
    }
    counts.searched++;
    let masked: string | undefined;
    yield { path: shown, sha256, raw, masked: () => (masked ??= maskText(raw, shown)) };
  }
}

/** Bytes, none where they cannot be read, or the error that ends the operation. Never rejected: it is looked at later. */
type Reading = { readonly bytes: Uint8Array | undefined } | { readonly ending: Error };

async function read(directory: EngineInput, path: string): Promise<Reading> {
  try {
    return { bytes: await directory.read(path) };
  } catch (error) {
    const ends = error instanceof Error && 'code' in error && ENDS_THE_OPERATION.has(String(error.code));
    return ends ? { ending: error } : { bytes: undefined };
  }
}
