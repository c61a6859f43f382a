import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { digestJson, sha256Hex } from '@mex/envelope/digest';

/** One digest of everything below a directory: names, kinds, modes, every byte. */
export function treeDigest(root: string): string {
  const entries = readdirSync(root, { recursive: true, withFileTypes: true }).map((entry) => {
    const path = join(entry.parentPath, entry.name);
    const content = entry.isFile() ? sha256Hex(readFileSync(path)) : null;
    return [relative(root, path), lstatSync(path).mode, content];
  });
  return digestJson(entries.toSorted(([a], [b]) => String(a).localeCompare(String(b), 'en')));
}
