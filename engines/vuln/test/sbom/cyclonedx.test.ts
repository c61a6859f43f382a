import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readSbom } from '../../src/sbom/cyclonedx.ts';
import { findPaths } from '../../src/sbom/dependency-paths.ts';
import { sbomOf } from '../fixture.ts';

function read(value: unknown) {
  return readSbom(new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value)));
}

describe('readSbom', () => {
  it.each(['1.4', '1.5', '1.6', '1.7'])('reads CycloneDX %s', (specVersion) => {
    expect(
      read({ bomFormat: 'CycloneDX', specVersion, components: [{ type: 'library', name: 'a' }] }).components,
    ).toHaveLength(1);
  });

  it.each([
    ['text that is no JSON', '<bom/>'],
    ['a repeated name', '{"bomFormat":"CycloneDX","bomFormat":"x"}'],
    ['a list', []],
    ['SPDX', { spdxVersion: 'SPDX-2.3' }],
    ['version 1.3', { bomFormat: 'CycloneDX', specVersion: '1.3' }],
    ['version 2', { bomFormat: 'CycloneDX', specVersion: '2.0' }],
    ['components that are no list', { bomFormat: 'CycloneDX', specVersion: '1.7', components: {} }],
    ['a component without a name', { bomFormat: 'CycloneDX', specVersion: '1.7', components: [{ type: 'library' }] }],
    ['a dependency without a ref', { bomFormat: 'CycloneDX', specVersion: '1.7', dependencies: [{}] }],
    ['endless nesting', { bomFormat: 'CycloneDX', specVersion: '1.7', components: [nested(40)] }],
  ])('refuses %s', (_name, value) => {
    expect(() => read(value)).toThrow(expect.objectContaining({ code: 'VULN_SBOM_INVALID' }));
  });

  it('refuses bytes that are no UTF-8', () => {
    expect(() => readSbom(new Uint8Array([0x7b, 0xff]))).toThrow(
      expect.objectContaining({ code: 'VULN_SBOM_INVALID' }),
    );
  });

  it('lists components inside components, and gives those without a reference one', () => {
    const { components } = read(
      sbomOf([
        { name: 'outer', 'bom-ref': 'same', components: [{ name: 'inner', type: 'library', 'bom-ref': 'same' }] },
      ]),
    );
    expect(components.map(({ name }) => name)).toEqual(['outer', 'inner']);
    expect(new Set(components.map(({ ref }) => ref)).size).toBe(2);
  });

  it('knows development packages and lockfiles', () => {
    const properties = [
      { name: 'cdx:npm:package:development', value: 'true' },
      { name: 'mex:lockfile', value: 'a/package-lock.json' },
    ];
    const [component] = read(sbomOf([{ purl: 'pkg:npm/a@1.0.0', properties }])).components;
    expect(component).toMatchObject({ dev: true, lockfiles: ['a/package-lock.json'] });
  });

  it('reads or refuses whatever stands in for its parts', () => {
    fc.assert(
      fc.property(
        fc.json({ maxDepth: 3 }),
        fc.constantFrom('components', 'dependencies', 'metadata', 'serialNumber', 'version'),
        (text, member) => {
          try {
            const sbom = read({ bomFormat: 'CycloneDX', specVersion: '1.7', [member]: JSON.parse(text) });
            findPaths(sbom)('x');
          } catch (error) {
            expect(error).toMatchObject({ code: 'VULN_SBOM_INVALID' });
          }
        },
      ),
      { seed: 12, numRuns: 500 },
    );
  });
});

function nested(depth: number): object {
  return depth === 0 ? { name: 'x' } : { name: 'x', components: [nested(depth - 1)] };
}

describe('findPaths', () => {
  const names = ['a', 'b', 'c', 'd', 'alone'];
  const components = names.map((name) => ({ name, 'bom-ref': name, version: '1' }));

  it('takes the shortest path, ends in cycles, and says nothing of what is not connected', () => {
    const dependencies = [
      { ref: 'root', dependsOn: ['a', 'missing'] },
      { ref: 'a', dependsOn: ['b', 'c', 'root'] },
      { ref: 'b', dependsOn: ['c', 'd'] },
      { ref: 'c', dependsOn: ['a', 'd'] },
      { ref: 'd', dependsOn: ['a', 'd'] },
    ];
    const pathTo = findPaths(read(sbomOf(components, { dependencies })));
    expect(pathTo('d')).toEqual(['app@1.0.0', 'a@1', 'b@1', 'd@1']);
    expect(pathTo('alone')).toBeUndefined();
    expect(pathTo('missing')).toBeUndefined();
  });

  it('tells both ends of a very long path', () => {
    const chain = Array.from({ length: 30_000 }, (_, index) => ({ name: `n${index}`, 'bom-ref': `n${index}` }));
    const dependencies = [
      { ref: 'root', dependsOn: ['n0'] },
      ...chain.map((_, index) => ({ ref: `n${index}`, dependsOn: [`n${index + 1}`] })),
    ];
    const path = findPaths(read(sbomOf(chain, { dependencies })))('n29999');
    expect(path).toHaveLength(25);
    expect([path?.[0], path?.[12], path?.at(-1)]).toEqual(['app@1.0.0', '… 29977 more …', 'n29999']);
  });
});
