import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { vectorError } from './errors.ts';
import { readVectors } from './load-vectors.ts';
import { digestVectorFiles, scanVectorFolder } from './vector-folder.ts';

/** Names that package managers leave out of a package wherever they stand, whatever its `files` say. */
const UNPACKED = /^(\.git|\.svn|\.hg|CVS|\.DS_Store|\.npmrc|\.gitignore|\.npmignore|\._.*|\..*\.swp|.*\.orig)$/;

/** What a manifest says of the vectors of its package. */
export interface VectorsDigest {
  readonly sha256: string;
  readonly count: number;
}

/**
 * Reads the folder `conformance/` of an engine package that is being built.
 * @returns its digest; `undefined` where there is no such folder
 * @throws MexError with a `VectorErrorCode`: what is packed and certified must be readable and the same everywhere
 */
export function packageVectors(dir: string, operations: readonly string[]): VectorsDigest | undefined {
  const root = join(dir, 'conformance');
  if (!existsSync(root)) return undefined;
  const files = scanVectorFolder(root);
  const lost = files.find(({ path }) => path.split('/').some((name) => UNPACKED.test(name)));
  if (lost !== undefined) {
    throw vectorError(
      'VECTOR_FILE_INVALID',
      `conformance/${lost.path}: package managers leave a file of this name out of a package.`,
      'Give it another name: what is certified has to be what is installed.',
    );
  }
  for (const { name, document } of readVectors(root, files)) {
    if (operations.includes(document.operation)) continue;
    // A reject vector may name an operation that is not there: that is what it shows.
    if (document.expect.status === 'denied' && document.expect.code === 'OPERATION_UNKNOWN') continue;
    throw vectorError(
      'VECTOR_INVALID',
      `${name}/vector.json: /operation: the engine has no operation ${document.operation}.`,
      `Use one of: ${operations.join(', ')}.`,
    );
  }
  return digestVectorFiles(files);
}
