import { describe, expect, it } from 'vitest';
import { cargoLockReader } from '../../src/lockfiles/cargo-lock.ts';
import { edgeList, entry, read } from './npm-family-reading.ts';

const REGISTRY = 'registry+https://registry.example/index';
const SUM = 'ab'.repeat(32);
const cargo = (text: string, files: Record<string, string> = {}) => read(cargoLockReader, 'Cargo.lock', text, files);

function crate(name: string, version: string, rest = ''): string {
  return `[[package]]\nname = "${name}"\nversion = "${version}"\n${rest}\n`;
}

describe('Cargo.lock', () => {
  it('reads version 1: full dependency ids, checksums in [metadata]', async () => {
    const inventory = await cargo(
      crate('app', '0.1.0', `dependencies = ["a 1.0.0 (${REGISTRY})"]`) +
        crate('a', '1.0.0', `source = "${REGISTRY}"`) +
        `[metadata]\n"checksum a 1.0.0 (${REGISTRY})" = "${SUM}"\n"checksum g 1.0.0 (git+x)" = "<none>"\n`,
    );
    expect(inventory.format).toBe('cargo-lock-v1');
    expect(entry(inventory, 'a@1.0.0').hashes).toEqual([{ algorithm: 'SHA-256', hex: SUM }]);
    expect(edgeList(inventory)).toEqual(['app@0.1.0|workspace: > a@1.0.0']);
    expect(inventory.direct).toEqual(['a@1.0.0']);
  });

  it('reads the [root] table of the oldest lockfiles', async () => {
    const inventory = await cargo(
      `[root]\nname = "app"\nversion = "0.1.0"\ndependencies = ["a 1.0.0 (${REGISTRY})"]\n${crate('a', '1.0.0', `source = "${REGISTRY}"`)}`,
    );
    expect(inventory.direct).toEqual(['a@1.0.0']);
  });

  it('tells several versions and sources of one name apart', async () => {
    const git = 'git+https://user:pw@host.example/a?branch=main#0123456789abcdef0123456789abcdef01234567';
    const inventory = await cargo(
      `version = 4\n${crate('app', '0.1.0', `dependencies = ["a 1.0.0", "a 2.0.0 (${REGISTRY})", "a 2.0.0 (${git})", "b"]`)}` +
        crate('a', '1.0.0', `source = "${REGISTRY}"\nchecksum = "${SUM}"`) +
        crate('a', '2.0.0', `source = "${REGISTRY}"`) +
        crate('a', '2.0.0', `source = "${git}"`) +
        crate('b', '1.0.0', 'source = "sparse+https://registry.example/index/"\ndependencies = ["gone"]'),
    );
    const taken = 'a@2.0.0|git:https://host.example/a#0123456789abcdef0123456789abcdef01234567';
    expect(edgeList(inventory).map((edge) => edge.split(' > ')[1])).toEqual(['a@1.0.0', 'a@2.0.0', taken, 'b@1.0.0']);
    expect(entry(inventory, taken).source).toEqual({
      kind: 'git',
      url: 'https://host.example/a',
      commit: '0123456789abcdef0123456789abcdef01234567',
    });
    expect(inventory.warnings).toMatchObject([{ code: 'SBOM_UNRESOLVED_DEPENDENCY' }]);
  });

  it('takes development and optional from the manifests of the workspace', async () => {
    const lock =
      `version = 3\n${crate('app', '0.1.0', 'dependencies = ["a", "d", "member", "o", "renamed"]')}` +
      crate('member', '0.2.0', 'dependencies = ["a", "t"]') +
      crate('a', '1.0.0', `source = "${REGISTRY}"`) +
      crate('d', '1.0.0', `source = "${REGISTRY}"\ndependencies = ["e"]`) +
      crate('e', '1.0.0', `source = "${REGISTRY}"`) +
      crate('o', '1.0.0', `source = "${REGISTRY}"`) +
      crate('renamed', '1.0.0', `source = "${REGISTRY}"`) +
      crate('t', '1.0.0', `source = "${REGISTRY}"`);
    const inventory = await cargo(lock, {
      'Cargo.toml': `[package]\nname = "app"\nversion.workspace = true\nlicense = "MIT/Apache-2.0"
        [workspace.package]\nversion = "0.1.0"
        [workspace.dependencies]\nfirst = { package = "renamed", version = "1" }
        [dependencies]\na = "1"\no = { version = "1", optional = true }\nmember = { path = "member" }
        [dev-dependencies]\nd = "1"\na = "1"\nfirst.workspace = true`,
      'member/Cargo.toml':
        '[package]\nname = "member"\n[target."cfg(unix)".dev-dependencies]\nt = "1"\n[dependencies]\na = "1"',
    });
    const marked = inventory.packages.filter((one) => one.source.kind === 'registry');
    expect(marked.map((one) => `${one.name} ${one.dev} ${one.optional}`)).toEqual([
      'a false false',
      'd true false',
      'e true false',
      'o false true',
      'renamed true false',
      't true false',
    ]);
    expect(inventory.root).toEqual({ name: 'app', version: '0.1.0', licenses: ['MIT OR Apache-2.0'] });
  });

  it('reads on when the manifest is broken, and says so', async () => {
    const inventory = await cargo(`version = 4\n${crate('app', '0.1.0')}`, { 'Cargo.toml': '[package' });
    expect(inventory.warnings).toMatchObject([{ code: 'SBOM_MANIFEST_UNREADABLE' }]);
  });
});
