import { join } from 'node:path';
import { expect, it } from 'vitest';
import { findUnlocked } from '../../src/scan/unlocked-manifests.ts';
import { scratch } from '../mex.ts';
import { write } from './project.ts';

const dir = scratch();

it('[§14 C] manifests that ask for packages, with no lockfile of their ecosystem beside or above them', () => {
  const root = join(dir, 'tree');
  const asks = '{"dependencies": {"alpha": "1"}}';
  write(root, {
    'web/package-lock.json': '{"packages": {"": {}, "member": {}}}',
    'web/stranger/package.json': asks,
    'web/package.json': asks,
    'web/member/package.json': asks,
    'api/package.json': asks,
    'api/Cargo.lock': '',
    'quiet/package.json': '{"name": "quiet"}',
    'broken/package.json': '{',
    'rust/Cargo.toml': '[package]\nname = "a"\n[target.x.dependencies]\nb = "1"\n',
    'rust-alone/Cargo.toml': '[package]\nname = "a"\n',
    'py/pyproject.toml': '[project]\ndependencies = [\n  "requests",\n]\n',
    'py-locked/pyproject.toml': '[project]\ndependencies = ["requests"]\n',
    'py-locked/uv.lock': '',
    'php/composer.json': '{"require": {"a/b": "*"}}',
    'node_modules/alpha/package.json': asks,
    'bom/package.json': `\ufeff${asks}`,
    'ruby/Gemfile': "source 'https://registry.example'\ngem 'rails'\n",
    'ruby-locked/Gemfile': "gem 'rails'\n",
    'ruby-locked/Gemfile.lock': '',
    'java/pom.xml': '<project><dependencies><dependency></dependency></dependencies></project>',
    'fast/bun.lock': '{}',
    'fast/Pipfile': '[packages]\nrequests = "*"\n',
    'fast/Pipfile.lock': '{}',
  });
  expect(findUnlocked({ root, only: undefined })).toEqual([
    { path: 'api/package.json', kind: 'manifest' },
    { path: 'bom/package.json', kind: 'manifest' },
    { path: 'fast/Pipfile', kind: 'manifest' },
    { path: 'fast/Pipfile.lock', kind: 'lockfile' },
    { path: 'fast/bun.lock', kind: 'lockfile' },
    { path: 'java/pom.xml', kind: 'manifest' },
    { path: 'php/composer.json', kind: 'manifest' },
    { path: 'py/pyproject.toml', kind: 'manifest' },
    { path: 'ruby/Gemfile', kind: 'manifest' },
    { path: 'rust/Cargo.toml', kind: 'manifest' },
    { path: 'web/stranger/package.json', kind: 'manifest' },
  ]);
  expect(findUnlocked({ root: join(root, 'web'), only: 'package-lock.json' })).toEqual([]);
});

it.each([
  ['pnpm-lock.yaml', "lockfileVersion: '9.0'\nimporters:\n  .: {}\n  member:\n    dependencies: {}\n"],
  ['yarn.lock', '__metadata:\n  version: 8\n"m@workspace:member":\n  version: 0.0.0-use.local\n'],
  ['npm-shrinkwrap.json', '{"packages": {"": {}, "member": {}}}'],
])('[§14 C] %s counts for its members and for nobody else below it', (name, text) => {
  const root = join(dir, name);
  const asks = '{"dependencies": {"alpha": "1"}}';
  write(root, { [name]: text, 'package.json': '{}', 'member/package.json': asks, 'other/package.json': asks });
  expect(findUnlocked({ root, only: undefined })).toEqual([{ path: 'other/package.json', kind: 'manifest' }]);
});

it('[§14 C] the first Yarn leaves its members to the manifest', () => {
  const root = join(dir, 'first-yarn');
  const asks = '{"dependencies": {"alpha": "1"}}';
  write(root, { 'yarn.lock': '# yarn lockfile v1\n', 'package.json': '{}', 'member/package.json': asks });
  expect(findUnlocked({ root, only: undefined })).toHaveLength(1);
  write(root, { 'package.json': '{"workspaces": {"packages": ["member"]}}' });
  expect(findUnlocked({ root, only: undefined })).toEqual([]);
});
