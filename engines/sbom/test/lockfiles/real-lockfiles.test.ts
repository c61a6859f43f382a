import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readInventories } from '../../src/inventory.ts';
import { cargoLockReader } from '../../src/lockfiles/cargo-lock.ts';
import { composerLockReader } from '../../src/lockfiles/composer-lock.ts';
import { gemfileLockReader } from '../../src/lockfiles/gemfile-lock.ts';
import { goModulesReader } from '../../src/lockfiles/go-modules.ts';
import { poetryLockReader } from '../../src/lockfiles/poetry-lock.ts';
import { requirementsReader } from '../../src/lockfiles/requirements-file.ts';
import { uvLockReader } from '../../src/lockfiles/uv-lock.ts';
import { LockfileError, type LockfileReader } from '../../src/model.ts';
import { expectedSbom, filesOf, HAS_DATA, type LockfileSample, lockfileSamples, NO_DATA } from '../test-data.ts';
import { mutate, mutateJson, seededRandom } from './npm-family-mutation.ts';
import { flawsOf } from './npm-family-reading.ts';

const READERS: readonly LockfileReader[] = [
  cargoLockReader,
  composerLockReader,
  gemfileLockReader,
  goModulesReader,
  poetryLockReader,
  requirementsReader,
  uvLockReader,
];

const samples = lockfileSamples().filter(({ file }) => READERS.some((reader) => reader.matches(file)));

async function readSample({ dir }: LockfileSample) {
  const { inventories, failures } = await readInventories(
    {
      files: filesOf(dir),
      size: () => 0,
      read: async (path) => new Uint8Array(readFileSync(`${dir}/${path}`)),
    },
    READERS,
  );
  expect(failures).toEqual([]);
  const [inventory] = inventories;
  if (inventory === undefined || inventories.length !== 1) throw new Error(`${dir}: ${inventories.length} inventories`);
  return inventory;
}

if (!HAS_DATA) console.warn(`real lockfiles${NO_DATA}`);

describe.skipIf(!HAS_DATA)(`real lockfiles${NO_DATA}`, () => {
  it('cover all seven formats', () => {
    expect(samples.length).toBeGreaterThanOrEqual(11);
    for (const reader of READERS)
      expect(
        samples.some(({ file }) => reader.matches(file)),
        reader.id,
      ).toBe(true);
  });

  it.each(samples.map((sample) => [sample.id, sample] as const))('%s', async (id, sample) => {
    const inventory = await readSample(sample);
    expect(flawsOf(inventory)).toEqual([]);
    expect(inventory.direct.length).toBeGreaterThan(0);
    if (inventory.graph === 'complete') expect(inventory.edges.size).toBeGreaterThan(10);
    const expected = expectedSbom(id);
    if (expected === undefined) return;
    const registry = inventory.packages.filter(({ source }) => source.kind === 'registry');
    const names = (pairs: readonly (readonly [string, string | undefined])[]) =>
      [...new Set(pairs.map((pair) => pair.join('@')))].sort();
    expect(names(registry.map((one) => [one.name, one.version]))).toEqual(names(expected.packages));
    const others = inventory.packages.filter(({ source }) => source.kind !== 'registry' && source.kind !== 'workspace');
    expect(names(others.map((one) => [one.name, one.version]))).toEqual(
      names(expected.nonregistry.map((one) => [one.name, one.version])),
    );
    const members = inventory.packages.filter(({ source }) => source.kind === 'workspace');
    expect(members.map(({ name }) => name).sort()).toEqual(expected.excluded_workspaces.map(({ name }) => name).sort());
  });

  it('counts by hand what has no reference', async () => {
    const counts = new Map<string, number>();
    for (const sample of samples) counts.set(sample.id, (await readSample(sample)).packages.length);
    // require lines of go.mod; lines of the requirements file; distinct names and versions of the specs.
    expect(counts.get('go.sum__gin-gonic__gin__2026-08-15')).toBe(35);
    expect(counts.get('go.sum__cli__cli__2024-10-24')).toBe(158);
    expect(counts.get('requirements-dev.txt__Yelp__detect-secrets__2026-04-02')).toBe(42);
    expect(counts.get('Gemfile.lock__huginn__huginn__2023-11-20')).toBe(302);
  });

  it('mutated at random, are read or refused, never anything else', async () => {
    const random = seededRandom(20261121);
    const texts = samples.map(({ dir, file }) => ({ file, dir, text: readFileSync(`${dir}/${file}`, 'utf8') }));
    for (let round = 0; round < 400; round++) {
      const { file, dir, text } = texts[round % texts.length] ?? { file: '', dir: '', text: '' };
      const reader = READERS.find((one) => one.matches(file));
      const mutated = file === 'composer.lock' && round % 2 === 0 ? mutateJson(text, random) : mutate(text, random);
      const sibling = async (path: string) =>
        existsSync(`${dir}/${path}`) ? mutate(readFileSync(`${dir}/${path}`, 'utf8'), random) : undefined;
      try {
        const inventory = await reader?.read({ path: file, text: mutated, files: filesOf(dir), sibling });
        if (inventory !== undefined) expect(flawsOf(inventory)).toEqual([]);
      } catch (error) {
        if (!(error instanceof LockfileError)) throw new Error(`round ${round} of ${file}`, { cause: error });
        expect(error.message).not.toMatch(/undefined|\[object/);
      }
    }
    expect(Object.keys(Object.prototype)).toEqual([]);
  });
});
