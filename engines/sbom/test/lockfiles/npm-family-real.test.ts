import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { npmLockReader } from '../../src/lockfiles/npm-lock.ts';
import { pnpmLockReader } from '../../src/lockfiles/pnpm-lock.ts';
import { yarnLockReader } from '../../src/lockfiles/yarn-lock.ts';
import type { LockfileInventory, LockfileReader } from '../../src/model.ts';
import { expectedSbom, HAS_DATA, type LockfileSample, lockfileSamples, NO_DATA } from '../test-data.ts';
import { flawsOf } from './npm-family-reading.ts';

const READERS: readonly LockfileReader[] = [npmLockReader, pnpmLockReader, yarnLockReader];

/** Samples whose reference is wrong, with the reason. None so far. */
const REFERENCE_ERRORS: ReadonlyMap<string, string> = new Map();

/** The root manifest of these samples (Lerna, or workspaces whose manifests are not in the data) does not reach all packages. */
const UNREACHED: ReadonlyMap<string, string> = new Map([
  ['npm-v1__sveltejs__svelte__2017-06-11', 'the format has no edges'],
  ['npm-shrinkwrap-v0__npm__cli__2017-05-25', 'the format has no edges'],
  ['npm-v1__npm__cli__2019-12-11', 'six packages are bundled without being required by anything'],
  ['yarn-v1__expo__snack__2023-10-19', 'dependencies are in manifests of workspace members, which the data leaves out'],
  ['yarn-berry-8__reduxjs__redux-toolkit__2024-12-20', 'three entries are left over from before resolutions changed'],
]);

interface Case {
  readonly sample: LockfileSample;
  readonly reader: LockfileReader;
}

function cases(): Case[] {
  return lockfileSamples().flatMap((sample) => {
    const reader = READERS.find((one) => one.matches(sample.file));
    return reader === undefined ? [] : [{ sample, reader }];
  });
}

function readSample({ sample, reader }: Case): Promise<LockfileInventory> {
  const text = readFileSync(`${sample.dir}/${sample.file}`, 'utf8');
  const onDisk = (path: string): string | undefined =>
    existsSync(`${sample.dir}/${path}`) ? readFileSync(`${sample.dir}/${path}`, 'utf8') : undefined;
  return reader.read({
    path: sample.file,
    text,
    files: [sample.file, 'package.json'],
    sibling: async (path) => onDisk(path),
  });
}

function registryPackages(inventory: LockfileInventory): string[] {
  const published = inventory.packages.filter((one) => one.source.kind === 'registry');
  return [...new Set(published.map((one) => `${one.name}@${one.version}`))].sort();
}

if (!HAS_DATA) console.warn(`npm-family lockfiles${NO_DATA}`);

describe.skipIf(!HAS_DATA)(`[§13] real npm-family lockfiles${NO_DATA}`, () => {
  it('the data covers every format this package reads', () => {
    const formats = new Set(cases().map(({ sample }) => sample.format));
    for (const format of [
      'npm-v1',
      'npm-v2',
      'npm-v3',
      'npm-shrinkwrap-v0',
      'pnpm-5.3',
      'pnpm-6.0',
      'pnpm-9.0',
      'yarn-v1',
    ]) {
      expect(formats).toContain(format);
    }
  });

  it.each(cases().map((one) => [one.sample.id, one] as const))('%s', async (id, one) => {
    const inventory = await readSample(one);
    const expected = expectedSbom(id);
    const wanted = new Set(expected?.packages.map(([name, version]) => `${name}@${version}`));
    if (!REFERENCE_ERRORS.has(id)) expect(registryPackages(inventory)).toEqual([...wanted].sort());

    expect(flawsOf(inventory)).toEqual([]);
    const names = new Set(
      inventory.packages.filter((entry) => entry.source.kind !== 'registry').map((entry) => entry.name),
    );
    for (const other of expected?.nonregistry ?? []) expect(names).toContain(other.name);

    // Every edge and every direct dependency was found, so each package is reached from the project.
    const reached = new Set(inventory.direct);
    for (const key of reached) for (const to of inventory.edges.get(key) ?? []) reached.add(to);
    const unreached = inventory.packages.filter((entry) => !reached.has(entry.key)).map((entry) => entry.key);
    if (UNREACHED.has(id)) expect(unreached).not.toEqual([]);
    else expect(unreached).toEqual([]);
    const unresolved = inventory.warnings.filter((warning) => warning.code === 'SBOM_UNRESOLVED_DEPENDENCY');
    if (inventory.graph === 'complete') expect(unresolved).toEqual([]);
  });

  it('aliases keep the name they are installed under', async () => {
    const one = cases().find(({ sample }) => sample.id.startsWith('yarn-berry-5__babel'));
    if (one === undefined) throw new Error('the sample with most aliases is gone');
    const inventory = await readSample(one);
    const parser = inventory.packages.find((entry) => entry.key === '@babel/parser@7.14.0');
    expect(parser?.alias).toBe('npm-babel-parser');
  });

  it('hashes: every package of a recent npm and pnpm lockfile has its SHA-512, none of a berry lockfile has any', async () => {
    for (const [format, kinds] of [
      ['npm-v3', ['SHA-512']],
      ['pnpm-9.0', ['SHA-512']],
      ['yarn-berry-10', []],
    ] as const) {
      const one = cases().find(
        ({ sample }) => sample.format === format && !sample.id.includes('sigstore') && !sample.id.includes('cli'),
      );
      if (one === undefined) throw new Error(`no sample of ${format}`);
      const published = (await readSample(one)).packages.filter((entry) => entry.source.kind === 'registry');
      for (const entry of published) expect(entry.hashes.map(({ algorithm }) => algorithm)).toEqual(kinds);
    }
  });

  it('[§6] reading twice gives the same inventory in the same order', async () => {
    for (const id of ['npm-v3__sigstore', 'pnpm-9.0__sveltejs', 'yarn-v1__prettier', 'yarn-berry-6']) {
      const one = cases().find(({ sample }) => sample.id.startsWith(id));
      if (one === undefined) throw new Error(`no sample ${id}`);
      const [first, second] = [await readSample(one), await readSample(one)];
      expect(JSON.stringify([...second.edges, second])).toBe(JSON.stringify([...first.edges, first]));
    }
  });
});
