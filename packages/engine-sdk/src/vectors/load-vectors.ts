import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CHECKERS, type ConformanceVector, escapeControls, MexError, parseStrictJson } from '@mex/envelope';
import { vectorError } from './errors.ts';
import { isVectorDocument, scanVectorFolder, VECTOR_BOUNDS, type VectorFile } from './vector-folder.ts';
import { checkVectorFiles } from './vector-paths.ts';

/** One vector of an engine package, read and checked: everything it names is there, and is no link. */
export interface LoadedVector {
  /** The name of its folder. */
  readonly name: string;
  /** Its folder, absolute. */
  readonly dir: string;
  /** `document.title`, for the name of a test. */
  readonly title: string;
  /** Whether the operation must succeed (`golden`) or must not (`reject`). */
  readonly kind: 'golden' | 'reject';
  readonly document: ConformanceVector;
  /** Every file below `dir`: `/`-separated path, digest and size, in code-unit order. */
  readonly files: readonly VectorFile[];
}

/** Of one `vector.json`, in bytes. */
const MAX_DOCUMENT_BYTES = 1024 * 1024;

/**
 * Reads the vectors of an engine package, in order of their names.
 *
 * @param dir the folder `conformance` itself: a path, or a `file:` URL such as `new URL('../conformance/', import.meta.url)`
 * @throws MexError with a `VectorErrorCode`; the message names the vector and the member
 */
export function loadVectors(dir: string | URL): readonly LoadedVector[] {
  const root = typeof dir === 'string' ? dir : fileURLToPath(dir);
  return readVectors(root, scanVectorFolder(root));
}

/** `loadVectors` for a folder that was scanned already. */
export function readVectors(root: string, files: readonly VectorFile[]): readonly LoadedVector[] {
  const names = new Map<string, VectorFile[]>();
  for (const file of files) {
    const cut = file.path.indexOf('/');
    if (cut === -1) {
      if (file.path === 'README.md') continue;
      const remedy = 'Move it into the folder of a vector; only README.md may lie beside them.';
      throw vectorError('VECTOR_FILE_INVALID', `${shown(file.path)}: no part of any vector.`, remedy);
    }
    const name = file.path.slice(0, cut);
    const own = names.get(name) ?? [];
    own.push({ ...file, path: file.path.slice(cut + 1) });
    names.set(name, own);
  }
  if (names.size > VECTOR_BOUNDS.maxVectors) {
    const message = `There are ${names.size} vectors; at most ${VECTOR_BOUNDS.maxVectors} are read.`;
    throw vectorError('VECTOR_TOO_LARGE', message, 'Keep those that show something of their own.');
  }
  return [...names].map(([name, own]) => readVector(root, name, own));
}

function readVector(root: string, name: string, files: readonly VectorFile[]): LoadedVector {
  if (!/^[a-z0-9][a-z0-9._-]{0,63}$/.test(name)) {
    const remedy = 'Use up to 64 lower-case letters, digits, dots, dashes and underscores.';
    throw vectorError('VECTOR_INVALID', `${shown(name)}: not a name of a vector.`, remedy);
  }
  if (!files.some(({ path }) => isVectorDocument(`${name}/${path}`))) {
    throw vectorError('VECTOR_INVALID', `${name}: there is no vector.json.`, 'Write one, or delete the folder.');
  }
  const dir = join(root, name);
  const document = readDocument(dir, name);
  checkVectorFiles(name, document, files);
  const kind = document.expect.status === 'succeeded' ? 'golden' : 'reject';
  return { name, dir, title: document.title, kind, document, files };
}

function readDocument(dir: string, name: string): ConformanceVector {
  const place = `${name}/vector.json`;
  const bytes = readFileSync(join(dir, 'vector.json'));
  if (bytes.length > MAX_DOCUMENT_BYTES) {
    const message = `${place}: ${bytes.length} bytes; at most ${MAX_DOCUMENT_BYTES} are read.`;
    throw vectorError('VECTOR_TOO_LARGE', message, 'Put large content into files beside it.');
  }
  let value: unknown;
  try {
    value = parseStrictJson(bytes);
  } catch (thrown) {
    const reason = thrown instanceof MexError ? thrown.message : 'it could not be read';
    throw vectorError('VECTOR_INVALID', `${place}: ${reason}`, 'Write it as strict JSON: no comments, each name once.');
  }
  if (CHECKERS.conformanceVector.check(value)) return value;
  const issues = CHECKERS.conformanceVector.issues(value, 3).map(({ path, message }) => `${path}: ${message}`);
  throw vectorError('VECTOR_INVALID', `${place}: ${issues.join('; ').slice(0, 1_000)}`, remedyFor(issues));
}

/** A union says only that none of its forms fits; this says which there are. */
function remedyFor(issues: readonly string[]): string {
  if (!issues.some((issue) => issue.startsWith('/expect:'))) {
    return 'Compare it with the published schema @mex/envelope/schemas/conformance-vector.schema.json.';
  }
  return (
    'Write expect as {"status":"succeeded"} with any of outputs, summary and problems (each output one of path, sha256, ' +
    'contains, json), or as {"status":"failed"|"denied","code":"…"}.'
  );
}

const shown = (text: string): string => escapeControls(text).slice(0, 200);
