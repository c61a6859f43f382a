import type { LockfileInventory, PackageEntry } from '../../src/model.ts';

/** An entry with everything a test does not care about filled in. */
export function entry(name: string, rest: Partial<PackageEntry> = {}): PackageEntry {
  return {
    key: `${name}@${rest.version ?? ''}`,
    type: 'npm',
    name,
    source: { kind: 'registry' },
    hashes: [],
    licenses: [],
    dev: false,
    optional: false,
    ...rest,
  };
}

export function inventory(packages: readonly PackageEntry[], rest: Partial<LockfileInventory> = {}): LockfileInventory {
  return {
    path: 'package-lock.json',
    format: 'npm-lock-v3',
    type: 'npm',
    root: { name: 'app' },
    packages,
    direct: packages.slice(0, 1).map(({ key }) => key),
    edges: new Map(),
    graph: 'complete',
    warnings: [],
    ...rest,
  };
}

/** A connected inventory of `count` packages with hashes, licenses and three edges each, like a real one of its size. */
export function largeInventory(count: number): LockfileInventory {
  const packages = Array.from({ length: count }, (_, index) =>
    entry(index % 5 === 0 ? `@scope-${index % 97}/package-${index}` : `package-${index}`, {
      version: `${index % 9}.${index % 13}.${index}`,
      source: { kind: 'registry', url: `https://registry.example/package-${index}/-/package-${index}.tgz` },
      hashes: [{ algorithm: 'SHA-512', hex: index.toString(16).padStart(128, '0') }],
      licenses: [index % 11 === 0 ? '(MIT OR Apache-2.0)' : 'MIT'],
      dev: index % 3 === 0,
    }),
  );
  const key = (index: number): string => packages[index % count]?.key ?? '';
  const edges = new Map(
    packages.map((one, index) => [one.key, [index + 1, index * 2 + 1, index * 3 + 1].map(key)] as const),
  );
  return inventory(packages, { edges, direct: packages.slice(0, 30).map((one) => one.key) });
}
