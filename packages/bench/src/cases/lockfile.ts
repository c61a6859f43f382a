import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const LICENSES = ['MIT', 'ISC', 'Apache-2.0', 'BSD-3-Clause', '(MIT OR Apache-2.0)'];
/** Packages that the root names itself, each the head of a family. */
const ROOTS = 20;
/** Every so many packages one also brings a second version of the next, nested below it, as real trees do. */
const NESTED_EVERY = 10;

interface LockedPackage {
  readonly version: string;
  readonly resolved: string;
  readonly integrity: string;
  readonly license: string;
  readonly dev?: true;
  readonly dependencies?: Record<string, string>;
}

/**
 * Writes a manifest and a package-lock of version 3 with exactly `count` packages: scopes, nested second versions, dev
 * dependencies, a graph in which everything is reached. Always the same for the same count.
 */
export function writeLockfile(dir: string, count: number): void {
  const nestedCount = Math.floor(count / (NESTED_EVERY + 1));
  const flat = count - nestedCount;
  const dependencies: Record<string, string> = {};
  const devDependencies: Record<string, string> = {};
  for (let index = 0; index < Math.min(ROOTS, flat); index += 1) {
    (isDev(index) ? devDependencies : dependencies)[nameOf(index)] = '^1.0.0';
  }
  const packages: Record<string, unknown> = {
    '': { name: 'bench-project', version: '1.0.0', dependencies, devDependencies },
  };
  let nested = 0;
  for (let index = 0; index < flat; index += 1) {
    const wants = below(index, flat);
    const next = nameOf(index + 1);
    const second = index % NESTED_EVERY === 5 && nested < nestedCount && index + 1 < flat;
    if (second) wants[next] = '^0.9.0';
    packages[`node_modules/${nameOf(index)}`] = locked(nameOf(index), '1.0.0', isDev(index), wants);
    if (!second) continue;
    packages[`node_modules/${nameOf(index)}/node_modules/${next}`] = locked(next, '0.9.0', isDev(index), {});
    nested += 1;
  }
  if (nested < nestedCount) throw new Error(`no lockfile of ${count} packages can be made`);
  mkdirSync(dir, { recursive: true });
  const project = { name: 'bench-project', version: '1.0.0' };
  const manifest = { ...project, license: 'MIT', dependencies, devDependencies };
  const lock = { ...project, lockfileVersion: 3, requires: true, packages: sorted(packages) };
  writeFileSync(join(dir, 'package.json'), JSON.stringify(manifest, undefined, 2));
  writeFileSync(join(dir, 'package-lock.json'), JSON.stringify(lock, undefined, 2));
}

/** Whole families are for development only: those below the last roots. */
function isDev(index: number): boolean {
  return index % ROOTS >= ROOTS - 4;
}

/**
 * A family is a heap below its root, with some longer edges. Dependencies stay inside the family, so that a production
 * package never needs a development one.
 */
function below(index: number, flat: number): Record<string, string> {
  const family = index % ROOTS;
  const place = (index - family) / ROOTS;
  const children = [2 * place + 1, 2 * place + 2, place + 7].map((child) => child * ROOTS + family);
  return Object.fromEntries(children.filter((child) => child < flat).map((child) => [nameOf(child), '^1.0.0']));
}

function nameOf(index: number): string {
  const plain = `package-${index.toString().padStart(4, '0')}`;
  return index % 6 === 0 ? `@scope-${index % 5}/${plain}` : plain;
}

function locked(name: string, version: string, dev: boolean, dependencies: Record<string, string>): LockedPackage {
  const id = `${name}@${version}`;
  const base = name.slice(name.indexOf('/') + 1);
  return {
    version,
    resolved: `https://registry.example/${name}/-/${base}-${version}.tgz`,
    integrity: `sha512-${createHash('sha512').update(id).digest('base64')}`,
    license: LICENSES[id.length % LICENSES.length] ?? 'MIT',
    ...(dev ? { dev: true } : {}),
    ...(Object.keys(dependencies).length === 0 ? {} : { dependencies: sorted(dependencies) }),
  };
}

function sorted<T>(record: Record<string, T>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}
