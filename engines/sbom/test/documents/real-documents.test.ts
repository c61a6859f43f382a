import { readFileSync, statSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { writeCycloneDx } from '../../src/documents/cyclonedx.ts';
import { writeSpdx } from '../../src/documents/spdx.ts';
import { readInventories } from '../../src/inventory.ts';
import { lockfileReaders } from '../../src/lockfiles/readers.ts';
import type { LockfileInventory } from '../../src/model.ts';
import { filesOf, HAS_DATA, lockfileSamples, NO_DATA } from '../test-data.ts';
import { cycloneDxValidator, spdxValidator } from './schema-validator.ts';

const OPTIONS = { timestamp: '2026-01-01T00:00:00Z', toolVersion: '0.1.0' };
/** The grammar of the package-url specification with everything but the unreserved characters and `:` encoded. */
const PURL =
  /^pkg:(?:npm|cargo|golang|pypi|gem|composer)\/(?:[\w.~:-]|%[0-9A-F]{2})+(?:\/(?:[\w.~:-]|%[0-9A-F]{2})+)*(?:@(?:[\w.~:-]|%[0-9A-F]{2})+)?(?:\?(?:vcs|download)_url=(?:[\w.~:/-]|%[0-9A-F]{2})+)?$/;

/** Small lockfiles, and every fifth of the large ones; all of them with `MEX_FULL=1`, which takes half a minute. */
const IS_FULL = process.env['MEX_FULL'] !== undefined;
const samples = lockfileSamples().filter(
  ({ dir, file }, index) => IS_FULL || statSync(`${dir}/${file}`).size < 250_000 || index % 5 === 0,
);
const validateCycloneDx = HAS_DATA ? cycloneDxValidator('1.7') : undefined;
const read = new Map<string, readonly LockfileInventory[]>();

describe.skipIf(!HAS_DATA)(`documents of real lockfiles${NO_DATA}`, () => {
  beforeAll(async () => {
    for (const { id, dir } of samples) {
      const source = {
        files: filesOf(dir),
        read: async (path: string) => new Uint8Array(readFileSync(`${dir}/${path}`)),
        size: () => 0,
      };
      const { inventories, failures } = await readInventories(source, lockfileReaders);
      expect(failures).toEqual([]);
      read.set(id, inventories);
    }
  });

  it('CycloneDX documents satisfy the official schema and account for every package', () => {
    const validate = validateCycloneDx;
    if (validate === undefined) throw new Error('no schema');
    for (const [id, inventories] of read) {
      const document = JSON.parse(writeCycloneDx(inventories, { name: id }, OPTIONS));
      for (const part of partsOf(document)) {
        expect(validate(part), `${id}: ${JSON.stringify(validate.errors?.slice(0, 3))}`).toBe(true);
      }
      for (const { purl } of document.components) if (purl !== undefined) expect(purl).toMatch(PURL);
      const refs = document.components.map((one: { 'bom-ref': string }) => one['bom-ref']);
      expect(new Set(refs).size, id).toBe(refs.length);
      const packages = inventories.flatMap((one) => one.packages).filter(({ source }) => source.kind === 'registry');
      const expected = new Set(packages.map((one) => `${one.name}@${one.version}`));
      const found = document.components
        .filter(
          (one: { properties?: { name: string }[] }) =>
            !one.properties?.some(({ name }) => name === 'mex:package:source'),
        )
        .map(
          (one: { group?: string; name: string; version: string }) =>
            `${one.group === undefined ? '' : `${one.group}/`}${one.name}@${one.version}`,
        );
      expect(new Set(found), id).toEqual(expected);
      expect(found.length, id).toBe(expected.size);
    }
  });

  it('SPDX documents satisfy the official schema and relate only what they hold', () => {
    const validate = spdxValidator();
    for (const [id, inventories] of read) {
      const document = JSON.parse(writeSpdx(inventories, { name: id }, OPTIONS));
      expect(validate(document), `${id}: ${JSON.stringify(validate.errors?.slice(0, 3))}`).toBe(true);
      const ids = new Set(['SPDXRef-DOCUMENT', ...document.packages.map((one: { SPDXID: string }) => one.SPDXID)]);
      expect(ids.size).toBe(document.packages.length + 1);
      for (const { spdxElementId, relatedSpdxElement } of document.relationships) {
        expect(ids.has(spdxElementId) && ids.has(relatedSpdxElement)).toBe(true);
      }
    }
  });

  it('one document for several lockfiles is valid as a whole', () => {
    const several = samples.filter(({ format }) => /^(?:Cargo|go|uv|poetry|composer|requirements)/.test(format));
    const all = several.flatMap(({ id }) => (read.get(id) ?? []).map((one) => ({ ...one, path: `${id}/${one.path}` })));
    expect(all.length).toBeGreaterThan(5);
    const validate = validateCycloneDx;
    if (validate === undefined) throw new Error('no schema');
    const isValid = validate(JSON.parse(writeCycloneDx(all, { name: 'all' }, OPTIONS)));
    expect(isValid, JSON.stringify(validate.errors?.slice(0, 3))).toBe(true);
  });
});

/**
 * The document with a slice of its lists at a time: the validator compares every item of a list with every other one,
 * which takes half a minute for the data set and says nothing that unique references do not say. Of the large documents
 * every sixth slice is checked, all of them with `MEX_FULL=1`.
 */
function partsOf(document: { components: unknown[]; dependencies: unknown[] }): object[] {
  const { components, dependencies, ...rest } = document;
  const parts: object[] = [{ ...rest, components: [], dependencies: [] }];
  const { metadata: _metadata, compositions: _compositions, ...head } = rest as Record<string, unknown>;
  const step = !IS_FULL && dependencies.length > 600 ? 6 * SLICE : SLICE;
  for (let at = 0; at < dependencies.length; at += step) {
    const slices = { components: components.slice(at, at + SLICE), dependencies: dependencies.slice(at, at + SLICE) };
    parts.push({ ...head, ...slices });
  }
  return parts;
}

const SLICE = 20;
