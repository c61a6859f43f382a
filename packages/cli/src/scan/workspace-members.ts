import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

const MAX_BYTES = 64 * 1024 * 1024;

/**
 * Which directories below an npm-family lockfile it counts for: those that it names as members of its workspace. Others
 * that happen to lie below it have packages of their own, which it does not pin. Errs towards no.
 * @param base absolute directory of the lockfile
 * @returns says it of a directory, `/`-separated and relative to `base`
 */
export function readMembers(base: string, lockfile: string): (directory: string) => boolean {
  const text = textOf(join(base, lockfile)) ?? '';
  if (lockfile === 'pnpm-lock.yaml') {
    const lines = new Set(text.split(/\r?\n/));
    return (directory) => lines.has(`  ${directory}:`) || lines.has(`  '${directory}':`);
  }
  if (lockfile !== 'yarn.lock') {
    const packages = new Set(keysOf(memberOf(text, 'packages')));
    return (directory) => packages.has(directory);
  }
  if (!isFirstYarn(text)) return (directory) => text.includes(`@workspace:${directory}"`);
  // The first Yarn names no members. The engine looks at each that matches the patterns of the manifest.
  const hasMembers = keysOf(memberOf(textOf(join(base, 'package.json')), 'workspaces')).length > 0;
  return () => hasMembers;
}

function isFirstYarn(text: string): boolean {
  return text.slice(0, 1_000).includes('yarn lockfile v1');
}

function keysOf(value: unknown): string[] {
  return typeof value === 'object' && value !== null ? Object.keys(value) : [];
}

function memberOf(text: string | undefined, name: string): unknown {
  try {
    const value: unknown = JSON.parse(text ?? 'null');
    return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
  } catch {
    return undefined;
  }
}

function textOf(file: string): string | undefined {
  try {
    const stats = statSync(file, { throwIfNoEntry: false });
    return stats?.isFile() === true && stats.size <= MAX_BYTES ? readFileSync(file, 'utf8') : undefined;
  } catch {
    return undefined;
  }
}
