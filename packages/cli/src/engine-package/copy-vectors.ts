import { copyFileSync, lstatSync, mkdirSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { usageError } from '../usage-error.ts';

const MAX_FILES = 5_000;
const MAX_BYTES = 64 * 1024 * 1024;

/**
 * Copies the conformance vectors of an engine, so that it can be certified again without its package.
 * @param target a folder that does not exist; whoever asked takes it away when this throws
 * @throws MexError `CLI_ENGINE_PACKAGE` for links and other things that are no files, and beyond 5,000 files or 64 MiB
 */
export function copyVectors(source: string, target: string): void {
  const files = listFiles(source);
  mkdirSync(target);
  for (const file of files) {
    const copy = join(target, relative(source, file));
    mkdirSync(join(copy, '..'), { recursive: true });
    copyFileSync(file, copy);
  }
}

/** A link could bring in any file of this machine, and put it where engines read. */
function listFiles(root: string): string[] {
  if (!lstatSync(root).isDirectory()) throw refuse('conformance/ itself is no folder of its own');
  const files: string[] = [];
  let bytes = 0;
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    if (entry.isDirectory()) continue;
    const path = join(entry.parentPath, entry.name);
    if (!entry.isFile()) throw refuse(`${relative(root, path)} is no regular file`);
    bytes += lstatSync(path).size;
    if (files.push(path) > MAX_FILES || bytes > MAX_BYTES) throw refuse('there are too many of them');
  }
  return files;
}

function refuse(why: string): Error {
  return usageError(
    `The conformance vectors of this package cannot be taken over: ${why}.`,
    'Build the engine again with plain files below conformance/.',
    'CLI_ENGINE_PACKAGE',
  );
}
