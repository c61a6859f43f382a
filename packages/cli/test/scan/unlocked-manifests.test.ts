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
    'web/package-lock.json': '{}',
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
  });
  expect(findUnlocked({ root, only: undefined })).toEqual([
    'api/package.json',
    'php/composer.json',
    'py/pyproject.toml',
    'rust/Cargo.toml',
  ]);
});
