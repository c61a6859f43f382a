import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The top of the checkout. */
export const ROOT = fileURLToPath(new URL('../../../..', import.meta.url));

/** Every Markdown file that is a page: tracked or about to be, and no test data. */
export function listPages(): string[] {
  const args = ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'];
  return execFileSync('git', args, { cwd: ROOT, encoding: 'utf8' })
    .split('\n')
    .filter((file) => file !== '' && !/^\.changeset\/|\/conformance\/|\/fixtures\/|\/golden\/|\/cases\//.test(file))
    .filter((file) => existsSync(join(ROOT, file)));
}

export function readPage(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8');
}
