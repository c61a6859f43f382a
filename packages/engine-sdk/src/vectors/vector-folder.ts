import { hash } from 'node:crypto';
import { type Dirent, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { canonicalJson, escapeControls } from '@mex/envelope';
import { vectorError } from './errors.ts';

/** Bounds of the folder `conformance/` of one engine. */
export const VECTOR_BOUNDS = {
  maxVectors: 1_000,
  maxFiles: 10_000,
  /** Nesting of directories below `conformance/`. */
  maxDepth: 32,
  /** Of all files together. */
  maxBytes: 256 * 1024 * 1024,
} as const;

/** A regular file of the folder: `/`-separated NFC path below it. */
export interface VectorFile {
  readonly path: string;
  readonly sha256: string;
  readonly size_bytes: number;
}

/**
 * Every regular file below a folder of vectors, with its digest, in code-unit order of paths.
 * @throws MexError `VECTORS_MISSING` when there is no such directory, `VECTOR_FILE_INVALID` for links and special files,
 * `VECTOR_TOO_LARGE`.
 */
export function scanVectorFolder(dir: string): VectorFile[] {
  if (lstatSync(dir, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw vectorError(
      'VECTORS_MISSING',
      `${escapeControls(dir)} is no directory of vectors.`,
      'Make a folder conformance/<name>/ with a vector.json in it.',
    );
  }
  const found: VectorFile[] = [];
  let bytes = 0;
  const walk = (below: string, depth: number): void => {
    if (depth > VECTOR_BOUNDS.maxDepth) throw tooLarge(below, `more than ${VECTOR_BOUNDS.maxDepth} directories deep`);
    for (const entry of readdirSync(join(dir, below), { withFileTypes: true })) {
      const path = below === '' ? entry.name : `${below}/${entry.name}`;
      refuseEntry(path, entry);
      if (entry.isDirectory()) {
        walk(path, depth + 1);
        continue;
      }
      bytes += lstatSync(join(dir, path)).size;
      if (bytes > VECTOR_BOUNDS.maxBytes) throw tooLarge(path, `more than ${VECTOR_BOUNDS.maxBytes} bytes in all`);
      if (found.length >= VECTOR_BOUNDS.maxFiles) throw tooLarge(path, `more than ${VECTOR_BOUNDS.maxFiles} files`);
      const content = readFileSync(join(dir, path));
      found.push({ path: path.normalize('NFC'), sha256: hash('sha256', content, 'hex'), size_bytes: content.length });
    }
  };
  walk('', 0);
  found.sort((a, b) => (a.path < b.path ? -1 : 1));
  const twice = found.find((file, at) => found[at + 1]?.path === file.path);
  if (twice !== undefined) throw sameName(twice.path);
  return found;
}

/**
 * What the manifest says of the vectors: the digest of the canonical bundle index of the folder, as the artifact store
 * computes it for the same directory, and how many vectors there are.
 */
export function digestVectorFiles(files: readonly VectorFile[]): { sha256: string; count: number } {
  const index = canonicalJson({ schema_version: 'mex.bundle@1.0', entries: files }, { maxChars: 64 * 1024 * 1024 });
  return { sha256: hash('sha256', index, 'hex'), count: files.filter(({ path }) => isVectorDocument(path)).length };
}

/** `<name>/vector.json`. */
export function isVectorDocument(path: string): boolean {
  return /^[^/]+\/vector\.json$/.test(path);
}

function refuseEntry(path: string, entry: Dirent): void {
  const name = escapeControls(path).slice(0, 200);
  if (entry.isFile() || entry.isDirectory()) return;
  const what = entry.isSymbolicLink() ? 'a link' : 'no regular file';
  throw vectorError('VECTOR_FILE_INVALID', `${name}: it is ${what}.`, 'Put a copy of the file there.');
}

function sameName(path: string): Error {
  const name = escapeControls(path).slice(0, 200);
  return vectorError('VECTOR_FILE_INVALID', `${name}: two files have this name after NFC.`, 'Rename one of them.');
}

function tooLarge(path: string, what: string): Error {
  return vectorError(
    'VECTOR_TOO_LARGE',
    `${escapeControls(path).slice(0, 200)}: the vectors have ${what}.`,
    'Use smaller or fewer vectors: each is read and run at every certification.',
  );
}
