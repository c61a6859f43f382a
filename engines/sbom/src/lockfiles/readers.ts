import type { LockfileReader } from '../model.ts';
import { cargoLockReader } from './cargo-lock.ts';
import { composerLockReader } from './composer-lock.ts';
import { gemfileLockReader } from './gemfile-lock.ts';
import { goModulesReader } from './go-modules.ts';
import { npmLockReader } from './npm-lock.ts';
import { pnpmLockReader } from './pnpm-lock.ts';
import { poetryLockReader } from './poetry-lock.ts';
import { requirementsReader } from './requirements-file.ts';
import { uvLockReader } from './uv-lock.ts';
import { yarnLockReader } from './yarn-lock.ts';

/** Every lockfile format this engine reads. No two match the same file name. */
export const lockfileReaders: readonly LockfileReader[] = [
  npmLockReader,
  pnpmLockReader,
  yarnLockReader,
  cargoLockReader,
  goModulesReader,
  poetryLockReader,
  uvLockReader,
  requirementsReader,
  gemfileLockReader,
  composerLockReader,
];
