import { describe, expect, it } from 'vitest';
import { poetryLockReader } from '../../src/lockfiles/poetry-lock.ts';
import { parseRequirement } from '../../src/lockfiles/python-name.ts';
import { uvLockReader } from '../../src/lockfiles/uv-lock.ts';
import { edgeList, entry, read } from './npm-family-reading.ts';

const HEX = 'cd'.repeat(32);
const poetry = (text: string, pyproject?: string) =>
  read(poetryLockReader, 'poetry.lock', text, pyproject === undefined ? {} : { 'pyproject.toml': pyproject });

describe('poetry.lock', () => {
  it('reads 0.x and 1.x: categories, digests in [metadata]', async () => {
    const inventory = await poetry(`
[[package]]\nname = "Zope.Interface"\nversion = "1.0"\ncategory = "main"\noptional = false
[package.dependencies]\nsix = "*"
[[package]]\nname = "six"\nversion = "1.1"\ncategory = "dev"\noptional = true
[metadata]\nlock-version = "1.1"
[metadata.files]\n"Zope.Interface" = [{file = "z.whl", hash = "sha256:${HEX}"}]
[metadata.hashes]\nsix = ["${HEX}"]`);
    expect(entry(inventory, 'zope-interface@1.0')).toMatchObject({
      dev: false,
      hashes: [{ algorithm: 'SHA-256', hex: HEX }],
    });
    expect(entry(inventory, 'six@1.1')).toMatchObject({ dev: true, optional: true, hashes: [{ hex: HEX }] });
    expect(edgeList(inventory)).toEqual(['zope-interface@1.0 > six@1.1']);
    expect(inventory.direct).toEqual(['zope-interface@1.0']);
  });

  it('reads 2.0, which marks nothing, through pyproject.toml', async () => {
    const inventory = await poetry(
      `
[[package]]\nname = "a"\nversion = "1"\noptional = false\nfiles = []
[package.dependencies]\nb = [{version = "1", markers = "x"}, {version = "2", markers = "y"}]
[[package]]\nname = "b"\nversion = "1"\noptional = false
[[package]]\nname = "b"\nversion = "2"\noptional = false
[[package]]\nname = "t"\nversion = "1"\noptional = false
[package.dependencies]\nu = "*"\nb = "*"
[[package]]\nname = "u"\nversion = "1"\noptional = false
[metadata]\nlock-version = "2.0"`,
      '[tool.poetry]\nname = "My.App"\nversion = "3"\nlicense = "MIT"\n[tool.poetry.dependencies]\npython = "*"\na = "1"\n[tool.poetry.group.test.dependencies]\nT = "*"',
    );
    expect(inventory.packages.map((one) => `${one.key} ${one.dev}`)).toEqual([
      'a@1 false',
      'b@1 false',
      'b@2 false',
      't@1 true',
      'u@1 true',
    ]);
    expect(inventory.root).toEqual({ name: 'my-app', version: '3', licenses: ['MIT'] });
    expect(inventory.direct).toEqual(['a@1', 't@1']);
  });

  it('reads groups and sources of 2.1', async () => {
    const inventory = await poetry(`
[[package]]\nname = "a"\nversion = "1"\noptional = false\ngroups = ["dev"]
[[package]]\nname = "b"\nversion = "1"\noptional = true\ngroups = ["dev", "main"]
[package.source]\ntype = "legacy"\nurl = "https://registry.example/simple"
[[package]]\nname = "g"\nversion = "1"\ngroups = ["main"]
[package.source]\ntype = "git"\nurl = "https://user:pw@host.example/g.git"\nreference = "v1"\nresolved_reference = "ABCDEF1"
[[package]]\nname = "p"\nversion = "1"\ngroups = ["main"]
[package.source]\ntype = "directory"\nurl = "../p"
[[package]]\nname = "u"\nversion = "1"\ngroups = ["main"]
[package.source]\ntype = "url"\nurl = "https://host.example/u.whl"
[metadata]\nlock-version = "2.1"`);
    expect(
      inventory.packages.map((one) => `${one.name} ${one.dev} ${one.optional} ${JSON.stringify(one.source)}`),
    ).toEqual([
      'a true false {"kind":"registry"}',
      'b false true {"kind":"registry"}',
      'g false false {"kind":"git","url":"https://host.example/g.git","commit":"abcdef1"}',
      'p false false {"kind":"path","url":"../p"}',
      'u false false {"kind":"url","url":"https://host.example/u.whl"}',
    ]);
  });
});

describe('uv.lock', () => {
  it('reads members, groups, extras, forks, sources and digests', async () => {
    const inventory = await read(
      uvLockReader,
      'uv.lock',
      `version = 1\nrevision = 3
[manifest]\nmembers = ["app", "lib"]
[manifest.dependency-groups]\nlint = [{ name = "ruff" }]
[[package]]\nname = "app"\nversion = "0.1.0"\nsource = { virtual = "." }
dependencies = [{ name = "a" }, { name = "b", version = "1.0", source = { registry = "x" }, marker = "m" }, { name = "lib" }]
[package.optional-dependencies]\nfast = [{ name = "o" }]
[package.dev-dependencies]\ndev = [{ name = "t" }]
[[package]]\nname = "lib"\nversion = "0.1.0"\nsource = { editable = "lib" }\ndependencies = [{ name = "g" }]
[[package]]\nname = "a"\nversion = "1.0"\nsource = { registry = "x" }
sdist = { url = "https://registry.example/a.tar.gz", hash = "sha256:${HEX}" }
wheels = [{ url = "https://registry.example/a.whl", hash = "sha256:${'ef'.repeat(32)}" }]
[package.optional-dependencies]\nextra = [{ name = "b", version = "2.0" }]
[[package]]\nname = "b"\nversion = "1.0"\nsource = { registry = "x" }
[[package]]\nname = "b"\nversion = "2.0"\nsource = { registry = "x" }
[[package]]\nname = "g"\nversion = "1.0"\nsource = { git = "https://host.example/g?tag=v1#0123456" }
[[package]]\nname = "local"\nversion = "1.0"\nsource = { directory = "../local" }
[[package]]\nname = "o"\nversion = "1.0"\nsource = { registry = "x" }
[[package]]\nname = "ruff"\nversion = "1.0"\nsource = { registry = "x" }
[[package]]\nname = "t"\nversion = "1.0"\nsource = { registry = "x" }`,
    );
    expect(
      inventory.packages.map((one) => `${one.name}@${one.version} ${one.source.kind} ${one.dev} ${one.optional}`),
    ).toEqual([
      'a@1.0 registry false false',
      'app@0.1.0 workspace false false',
      'b@1.0 registry false false',
      'b@2.0 registry false false',
      'g@1.0 git false false',
      'lib@0.1.0 workspace false false',
      'local@1.0 path false false',
      'o@1.0 registry false true',
      'ruff@1.0 registry true false',
      't@1.0 registry true false',
    ]);
    expect(entry(inventory, 'a@1.0').hashes).toHaveLength(2);
    expect(edgeList(inventory)).toContain('a@1.0 > b@2.0');
    expect(edgeList(inventory)).not.toContain('a@1.0 > b@1.0');
    expect(inventory.root).toEqual({ name: 'app', version: '0.1.0' });
  });
});

describe('PEP 508', () => {
  it.each([
    ['Foo.Bar_baz [x, y] (>=1.0, <2) ; python_version < "3"', 'foo-bar-baz', '(>=1.0, <2)'],
    ['a==1;os_name=="nt"', 'a', '==1'],
    ['pip @ https://host.example/pip;v=1.whl ; x', 'pip', '@ https://host.example/pip;v=1.whl'],
    ['name', 'name', ''],
    ['a@https://host.example/a', 'a', '@https://host.example/a'],
  ])('%s', (text, name, rest) => {
    expect(parseRequirement(text)).toEqual({ name, rest });
  });

  it.each(['', '-x', './path', 'a b', 'a/b', '[x]', 'ü'])('%j is no requirement', (text) => {
    expect(parseRequirement(text)).toBeUndefined();
  });
});
