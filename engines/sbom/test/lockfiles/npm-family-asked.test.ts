import { describe, expect, it } from 'vitest';
import { readInventories } from '../../src/inventory.ts';
import { lockfileReaders } from '../../src/lockfiles/readers.ts';
import { severityOf } from '../../src/report.ts';

const REGISTRY = 'https://registry.example';
const ALPHA = { version: '1.0.0', resolved: `${REGISTRY}/alpha/-/alpha-1.0.0.tgz` };

function lock(packages: object, root: object = {}): string {
  return JSON.stringify({ lockfileVersion: 3, packages: { '': root, ...packages } });
}

/** Codes and messages of everything that was remarkable. */
async function told(files: Readonly<Record<string, string>>): Promise<string[]> {
  const { inventories, failures } = await readInventories(
    {
      files: Object.keys(files),
      size: (path) => files[path]?.length ?? 0,
      read: async (path) => new TextEncoder().encode(files[path]),
    },
    lockfileReaders,
  );
  expect(failures).toEqual([]);
  return inventories.flatMap(({ warnings }) => warnings.map(({ code, message }) => `${code} ${message}`));
}

const project = (manifest: object, packages: object, more: Readonly<Record<string, string>> = {}) =>
  told({ 'package.json': JSON.stringify(manifest), 'package-lock.json': lock(packages), ...more });

describe('[§14 C] a manifest that asks for more than its lockfile holds', () => {
  it.each([
    ['nothing at all', {}],
    ['something else', { 'node_modules/beta': { version: '1.0.0' } }],
    [
      'another version than the one that is named',
      { 'node_modules/alpha': { ...ALPHA, version: '1.0.1', resolved: '' } },
    ],
  ])('is told where the lockfile holds %s', async (_name, packages) => {
    const [first, ...rest] = await project({ dependencies: { alpha: '1.0.0' } }, packages);
    expect(first).toContain('SBOM_LOCKFILE_BEHIND package.json asks for "alpha@1.0.0"');
    expect(rest).toEqual([]);
    expect(severityOf('SBOM_LOCKFILE_BEHIND')).toBe('error');
  });

  it('is told of a workspace member, known to the lockfile or not', async () => {
    const asks = JSON.stringify({ name: 'member', dependencies: { gamma: '^1' } });
    const warnings = await project({ workspaces: ['p/*'] }, {}, { 'p/new/package.json': asks });
    expect(warnings).toEqual([expect.stringContaining('p/new/package.json asks for "gamma@^1"')]);
  });

  it('is told of yarn and pnpm lockfiles, too', async () => {
    const manifest = JSON.stringify({ dependencies: { alpha: '^1.0.0' } });
    const yarn = '# yarn lockfile v1\n\n\nbeta@1:\n  version "1.0.0"\n';
    const pnpm = "lockfileVersion: '9.0'\nimporters:\n  .: {}\n";
    for (const files of [{ 'yarn.lock': yarn }, { 'pnpm-lock.yaml': pnpm }]) {
      const warnings = await told({ 'package.json': manifest, ...files });
      expect(warnings.join('\n')).toContain('SBOM_LOCKFILE_BEHIND package.json asks for "alpha@^1.0.0"');
    }
  });

  it.each([
    ['what is held', { dependencies: { alpha: '^1.0.0' }, devDependencies: { alpha: '1.0.0' } }],
    ['an alias', { dependencies: { other: 'npm:alpha@1' } }],
    ['optional packages and peers', { optionalDependencies: { far: '1' }, peerDependencies: { near: '1' } }],
    ['directories and members', { dependencies: { here: 'file:./here', there: 'workspace:*', link: 'link:../x' } }],
    ['a version that is overridden', { dependencies: { alpha: '1.0.9' }, overrides: { alpha: '1.0.0' } }],
    ['nothing', {}],
  ])('is not told of %s', async (_name, manifest) => {
    const packages = { 'node_modules/alpha': ALPHA, 'node_modules/other': { name: 'alpha', ...ALPHA } };
    expect(await project(manifest, packages)).toEqual([]);
  });
});

describe('[§14 C] an address that is that of another package than the entry says', () => {
  const at = (fields: object) => told({ 'package-lock.json': lock({ 'node_modules/alpha': fields }) });

  it.each([
    ['another version', { ...ALPHA, version: '1.0.1' }],
    ['another name', { ...ALPHA, name: 'harmless' }],
    ['a scoped one', { version: '1.0.0', resolved: `${REGISTRY}/@evil%2falpha/-/alpha-1.0.0.tgz` }],
  ])('is told: %s', async (_name, fields) => {
    const [first = '', ...rest] = await at(fields);
    expect(first).toContain('SBOM_ADDRESS_DIFFERS');
    expect(rest).toEqual([]);
    expect(severityOf('SBOM_ADDRESS_DIFFERS')).toBe('error');
  });

  it('also when an honest entry of the same package comes first', async () => {
    const both = {
      'node_modules/alpha': ALPHA,
      'node_modules/b/node_modules/alpha': { ...ALPHA, resolved: `${REGISTRY}/alpha/-/alpha-0.9.0.tgz` },
    };
    expect(await told({ 'package-lock.json': lock(both) })).toEqual([expect.stringContaining('alpha@0.9.0')]);
  });

  it.each([
    ['build metadata', { version: '1.0.0+build.1', resolved: `${REGISTRY}/alpha/-/alpha-1.0.0.tgz` }],
    ['an alias', { name: 'real', version: '1.0.0', resolved: `${REGISTRY}/real/-/real-1.0.0.tgz` }],
    [
      'a registry with a path',
      { version: '1.0.0', resolved: 'https://registry.example/a/-/b/alpha/-/alpha-1.0.0.tgz' },
    ],
    ['another layout', { version: '1.0.0', resolved: 'https://registry.example/download/alpha/1.0.0/abc' }],
  ])('is not told of %s', async (_name, fields) => {
    expect(await at(fields)).toEqual([]);
  });
});

it('[§14 E] a list of requirements that is included and not read is told, one that is read is not', async () => {
  const line = await told({ 'requirements.txt': '-r base.txt\n-r requirements-dev.txt\n', 'requirements-dev.txt': '' });
  expect(line).toEqual([expect.stringContaining('SBOM_ENTRY_SKIPPED Includes "base.txt"')]);
});
