import { describe, expect, it } from 'vitest';
import { goModulesReader } from '../../src/lockfiles/go-modules.ts';
import { compareGoVersions } from '../../src/lockfiles/go-version.ts';
import { entry, read } from './npm-family-reading.ts';

const go = (text: string, sum?: string) =>
  read(goModulesReader, 'go.mod', text, sum === undefined ? {} : { 'go.sum': sum });

const SUM = [
  'example.com/a v1.0.0 h1:x=',
  'example.com/a v1.0.0/go.mod h1:x=',
  'example.com/deep v1.9.0 h1:x=',
  'example.com/deep v1.10.0 h1:x=',
  'example.com/deep v1.10.0-rc.1 h1:x=',
  'example.com/seen v1.0.0/go.mod h1:x=',
  '',
].join('\n');

describe('go.mod and go.sum', () => {
  it('takes go.mod as the truth from Go 1.17 on', async () => {
    const inventory = await go(
      `module example.com/app // comment
go 1.17
require example.com/a v1.0.0
require (
\texample.com/b/v2 v2.0.0+incompatible // indirect
\t"example.com/quoted" v0.0.0-20200101000000-abcdefabcdef // indirect; why
\t// example.com/not v1.0.0
)
exclude example.com/a v0.9.0
retract [v1.0.0, v1.1.0]
toolchain go1.22.0`,
      SUM,
    );
    expect(inventory.packages.map(({ key }) => key)).toEqual([
      'example.com/a@v1.0.0',
      'example.com/b/v2@v2.0.0+incompatible',
      'example.com/quoted@v0.0.0-20200101000000-abcdefabcdef',
    ]);
    expect(inventory.direct).toEqual(['example.com/a@v1.0.0']);
    expect(inventory).toMatchObject({
      format: 'go-mod',
      graph: 'none',
      root: { name: 'example.com/app' },
      warnings: [],
    });
    expect(inventory.packages.every((one) => one.hashes.length === 0)).toBe(true);
  });

  it('adds what go.sum verified to an older go.mod, in the version Go selects', async () => {
    const inventory = await go('module example.com/app\ngo 1.16\nrequire example.com/a v1.0.0', SUM);
    expect(inventory.packages.map(({ key }) => key)).toEqual(['example.com/a@v1.0.0', 'example.com/deep@v1.10.0']);
    expect(inventory.direct).toEqual(['example.com/a@v1.0.0']);
  });

  it('follows replace directives', async () => {
    const inventory = await go(`module example.com/app
go 1.21
require (
  example.com/a v1.0.0
  example.com/b v1.0.0
  example.com/c v1.0.0
  example.com/d v1.0.0
)
replace example.com/a => example.com/fork v1.2.3
replace (
  example.com/b v1.0.0 => ../b
  example.com/c v9.9.9 => example.com/other v1.0.0
  example.com/d => example.com/d v1.0.1
)`);
    expect(entry(inventory, 'example.com/fork@v1.2.3')).toMatchObject({ alias: 'example.com/a' });
    expect(entry(inventory, 'example.com/b|path:../b').source).toEqual({ kind: 'path', url: '../b' });
    expect(inventory.packages.map(({ key }) => key)).toContain('example.com/c@v1.0.0');
    expect(inventory.packages.map(({ key }) => key)).toContain('example.com/d@v1.0.1');
    expect(inventory.direct).toHaveLength(4);
  });

  it('reads a go.sum alone', async () => {
    const inventory = await read(goModulesReader, 'go.sum', SUM);
    expect(inventory.packages.map(({ key }) => key)).toEqual([
      'example.com/a@v1.0.0',
      'example.com/deep@v1.10.0',
      'example.com/deep@v1.10.0-rc.1',
      'example.com/deep@v1.9.0',
    ]);
  });

  it('orders versions as Semantic Versioning does', () => {
    const sorted = [
      'v0.9.9',
      'v1.0.0-alpha',
      'v1.0.0-alpha.1',
      'v1.0.0-beta.2',
      'v1.0.0-beta.11',
      'v1.0.0',
      'v1.0.10',
      'v1.2.0',
    ];
    expect(sorted.toReversed().toSorted(compareGoVersions)).toEqual(sorted);
    expect(compareGoVersions('v2.0.0+incompatible', 'v2.0.0')).toBe(0);
    expect(compareGoVersions(`v1.0.${'9'.repeat(400)}`, `v1.0.1${'0'.repeat(400)}`)).toBeLessThan(0);
  });
});
