import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The top of the checkout. */
export const ROOT = fileURLToPath(new URL('../../../..', import.meta.url));

export function readText(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

/** Names in a directory of the checkout, sorted. */
export function listNames(path: string): string[] {
  return readdirSync(join(ROOT, path)).toSorted();
}

/** What the command says, run from its sources. */
export function runMex(...args: readonly string[]): string {
  const main = join(ROOT, 'packages/cli/src/main.ts');
  return execFileSync(process.execPath, ['--conditions=@mex/source', main, ...args], { encoding: 'utf8' });
}
