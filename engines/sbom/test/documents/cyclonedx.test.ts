import { describe, expect, it } from 'vitest';
import { writeCycloneDx } from '../../src/documents/cyclonedx.ts';
import { entry, inventory, largeInventory } from './fixture.ts';

const OPTIONS = { timestamp: '2026-02-03T04:05:06Z', toolVersion: '9.8.7' };
const SUBJECT = { name: 'app', version: '1.0.0', licenses: ['MIT'] };

// The document is plain JSON; tests look into it freely.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Json = any;

function write(...args: Parameters<typeof writeCycloneDx>): Json {
  return JSON.parse(writeCycloneDx(...args));
}

const SAMPLE = inventory(
  [
    entry('@s/a', {
      version: '1.0.0',
      hashes: [
        { algorithm: 'SHA-256', hex: '1'.repeat(64) },
        { algorithm: 'SHA-256', hex: '2'.repeat(64) },
      ],
      licenses: ['MIT'],
    }),
    entry('b', { version: '2.0.0', dev: true, alias: 'b-two', licenses: ['(MIT OR ISC)'] }),
    entry('c', { version: '3.0.0', optional: true, licenses: ['SEE LICENSE IN FILE', 'ISC', 'MIT OR ISC'] }),
    entry('d', { version: '4.0.0', source: { kind: 'git', url: 'git@host.example:x/d.git', commit: 'abc1234' } }),
    entry('e', { source: { kind: 'path', url: '../e' } }),
    entry('member', { version: '1.0.0', source: { kind: 'workspace' } }),
  ],
  {
    direct: ['@s/a@1.0.0', 'b@2.0.0'],
    edges: new Map([
      ['@s/a@1.0.0', ['b@2.0.0', 'e@']],
      ['member@1.0.0', ['d@4.0.0']],
    ]),
  },
);

const OTHER = { ...SAMPLE, path: 'other/package-lock.json' };

describe('writeCycloneDx', () => {
  const bom = write([SAMPLE], SUBJECT, OPTIONS);
  const component = (ref: string) => bom.components.find((one: Json) => one['bom-ref'] === ref);

  it('says what it is, what made it, when in the life of the software, and about what', () => {
    expect(bom).toMatchObject({ bomFormat: 'CycloneDX', specVersion: '1.7', version: 1 });
    expect(bom.serialNumber).toMatch(/^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(bom.metadata).toMatchObject({
      timestamp: '2026-02-03T04:05:06.000Z',
      lifecycles: [{ phase: 'pre-build' }],
      tools: { components: [{ group: 'MEX', name: 'engine.supply_chain.sbom', version: '9.8.7' }] },
      component: { type: 'application', name: 'app', version: '1.0.0', licenses: [{ license: { id: 'MIT' } }] },
    });
  });

  it('describes packages: group, purl, scope, every pinned hash', () => {
    expect(component('pkg:npm/%40s/a@1.0.0')).toMatchObject({
      group: '@s',
      name: 'a',
      version: '1.0.0',
      purl: 'pkg:npm/%40s/a@1.0.0',
      scope: 'required',
      hashes: [
        { alg: 'SHA-256', content: '1'.repeat(64) },
        { alg: 'SHA-256', content: '2'.repeat(64) },
      ],
    });
    expect(component('pkg:npm/b@2.0.0')).toMatchObject({
      scope: 'excluded',
      properties: [
        { name: 'cdx:npm:package:development', value: 'true' },
        { name: 'mex:package:alias', value: 'b-two' },
      ],
    });
    expect(component('pkg:npm/c@3.0.0').scope).toBe('optional');
  });

  it('writes licenses as id, as one expression, or by name', () => {
    expect(component('pkg:npm/%40s/a@1.0.0').licenses).toEqual([{ license: { id: 'MIT' } }]);
    expect(component('pkg:npm/b@2.0.0').licenses).toEqual([{ expression: '(MIT OR ISC)' }]);
    expect(component('pkg:npm/c@3.0.0').licenses).toEqual([
      { license: { id: 'ISC' } },
      { license: { name: 'MIT OR ISC' } },
      { license: { name: 'SEE LICENSE IN FILE' } },
    ]);
  });

  it('keeps workspace members out of the packages and gives local ones no purl', () => {
    expect(bom.components.map((one: Json) => one.name)).toEqual(['e', 'a', 'b', 'c', 'd']);
    expect(component('mex:local/package-lock.json#e@').purl).toBeUndefined();
    expect(bom.metadata.component.components).toMatchObject([{ name: 'member' }]);
    expect(component('pkg:npm/d@4.0.0?vcs_url=git%2Bgit%40host.example:x/d.git%40abc1234').externalReferences).toEqual([
      { url: 'ssh://git@host.example/x/d.git', type: 'vcs' },
    ]);
  });

  it('writes the graph from the root down', () => {
    const graph = new Map(bom.dependencies.map((one: Json) => [one.ref, one.dependsOn]));
    expect(graph.get('mex:subject')).toEqual(['pkg:npm/%40s/a@1.0.0', 'pkg:npm/b@2.0.0']);
    expect(graph.get('pkg:npm/%40s/a@1.0.0')).toEqual(['mex:local/package-lock.json#e@', 'pkg:npm/b@2.0.0']);
    expect(graph.get('mex:local/package-lock.json#member@1.0.0')).toHaveLength(1);
    const refs = [bom.metadata.component, ...bom.metadata.component.components, ...bom.components];
    expect(new Set(graph.keys())).toEqual(new Set(refs.map((one: Json) => one['bom-ref'])));
    expect(bom.compositions).toHaveLength(1);
    expect(bom.compositions[0]).toMatchObject({ aggregate: 'complete' });
  });

  it('says where the graph is not the whole truth, and that a lockfile is missing', () => {
    const partial = write([inventory([entry('a', { version: '1.0.0' })], { graph: 'none' })], SUBJECT, {
      ...OPTIONS,
      unread: ['web/yarn.lock'],
    });
    expect(partial.compositions).toEqual([
      { aggregate: 'incomplete', dependencies: ['mex:subject', 'pkg:npm/a@1.0.0'] },
      { aggregate: 'incomplete', assemblies: ['mex:subject'] },
    ]);
    expect(partial.metadata.properties).toEqual([{ name: 'mex:lockfile:unread', value: 'web/yarn.lock' }]);
  });

  it('merges a package of several lockfiles; development only if it is so in each', () => {
    const one = inventory([entry('a', { version: '1.0.0', dev: true })], { path: 'x/package-lock.json' });
    const two = inventory([entry('a', { version: '1.0.0' }), entry('b', { version: '1.0.0' })], {
      path: 'y/yarn.lock',
      edges: new Map([['a@1.0.0', ['b@1.0.0']]]),
    });
    const merged = write([two, one], SUBJECT, OPTIONS);
    expect(merged.components).toHaveLength(2);
    expect(merged.components[0]).toMatchObject({
      scope: 'required',
      properties: [
        { name: 'mex:lockfile', value: 'x/package-lock.json' },
        { name: 'mex:lockfile', value: 'y/yarn.lock' },
      ],
    });
    expect(merged.metadata.component.components.map((project: Json) => project['bom-ref'])).toEqual([
      'mex:project/x/package-lock.json',
      'mex:project/y/yarn.lock',
    ]);
    expect(merged.dependencies[0]).toEqual({
      ref: 'mex:subject',
      dependsOn: ['mex:project/x/package-lock.json', 'mex:project/y/yarn.lock'],
    });
  });

  it('[§6] gives the same bytes for the same input in any order, and another serial number for other input', () => {
    const large = largeInventory(200);
    const shuffled = { ...large, packages: large.packages.toReversed(), direct: large.direct.toReversed() };
    const text = writeCycloneDx([large, OTHER], SUBJECT, OPTIONS);
    expect(writeCycloneDx([OTHER, shuffled], SUBJECT, OPTIONS)).toBe(text);
    const other = write([large], SUBJECT, { ...OPTIONS, timestamp: '2026-02-03T04:05:07Z' });
    expect(other.serialNumber).not.toBe(JSON.parse(text).serialNumber);
  });

  it('survives names made to break documents', () => {
    const names = ['__proto__', 'constructor', '"}', '\ud800', '../../x', '$&', 'a b'];
    const nasty = inventory(names.map((name) => entry(name, { version: name, licenses: [name], alias: name })));
    const document = write([nasty], { name: '$& urn:uuid:00000000-0000-0000-0000-000000000000' }, OPTIONS);
    expect(document.components).toHaveLength(names.length);
    expect(document.metadata.component.name).toContain('urn:uuid:00000000');
    expect(({} as Json).polluted).toBeUndefined();
  });

  it('refuses a timestamp that is none', () => {
    expect(() => writeCycloneDx([], SUBJECT, { ...OPTIONS, timestamp: 'yesterday' })).toThrow(RangeError);
    expect(() => writeCycloneDx([], SUBJECT, { ...OPTIONS, timestamp: '2026-02-30T99:00:00Z' })).toThrow(RangeError);
  });
});
