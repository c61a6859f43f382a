import type { LockfileInput, LockfileInventory, LockfileReader, PackageEntry } from '../../src/model.ts';
import { LockfileError } from '../../src/model.ts';

/** Reads one lockfile from memory; `files` are the other files, by path below the scanned directory. */
export function read(
  reader: LockfileReader,
  path: string,
  text: string,
  files: Readonly<Record<string, string>> = {},
): Promise<LockfileInventory> {
  const base = path.slice(0, path.lastIndexOf('/') + 1);
  const byPath = new Map(Object.entries(files));
  const input: LockfileInput = {
    path,
    text,
    files: [path, ...byPath.keys()],
    sibling: async (relative) => byPath.get(base + relative),
  };
  return reader.read(input);
}

/** The LockfileError that reading ends in; anything else fails the test. */
export async function errorOf(reading: Promise<unknown>): Promise<LockfileError> {
  try {
    await reading;
  } catch (error) {
    if (error instanceof LockfileError) return error;
    throw error;
  }
  throw new Error('expected a LockfileError, but the file was read');
}

/** `from > to` for every edge, by key. */
export function edgeList(inventory: LockfileInventory): string[] {
  return [...inventory.edges].flatMap(([from, targets]) => targets.map((to) => `${from} > ${to}`));
}

export function entry(inventory: LockfileInventory, key: string): PackageEntry {
  const found = inventory.packages.find((one) => one.key === key);
  if (found === undefined) throw new Error(`no ${key} among ${inventory.packages.map((one) => one.key).join(', ')}`);
  return found;
}

/** What every inventory must hold, whatever it was read from. Returns what is wrong. */
export function flawsOf(inventory: LockfileInventory): string[] {
  const flaws: string[] = [];
  const keys = inventory.packages.map((one) => one.key);
  const known = new Set(keys);
  if (known.size !== keys.length) flaws.push('keys are not unique');
  if (keys.join('\n') !== [...keys].sort().join('\n')) flaws.push('packages are not in order');
  const edgeEnds = [...inventory.edges].flatMap(([from, targets]) => [from, ...targets]);
  for (const key of [...inventory.direct, ...edgeEnds]) if (!known.has(key)) flaws.push(`unknown key ${key}`);
  for (const one of inventory.packages) {
    const texts = [one.key, one.name, one.version ?? '', one.source.url ?? '', one.alias ?? '', ...one.licenses];
    if (!texts.every((text) => text.isWellFormed())) flaws.push(`lone surrogate in ${one.key}`);
    if (one.hashes.some(({ hex }) => !/^(?:[0-9a-f]{2})+$/.test(hex))) flaws.push(`bad hash of ${one.key}`);
    if (/\/\/[^/]*:[^/]*@/.test(one.source.url ?? '')) flaws.push(`credentials in ${one.key}`);
  }
  return flaws;
}
