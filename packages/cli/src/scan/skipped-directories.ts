import { IGNORED_DIRECTORIES } from '@mex/host';

/**
 * Directories a scan does not enter. The engine's own list decides what a lockfile of the project is, so all of its names
 * are here (a test compares them): what the engine would skip is not pinned, and is no gap when it cannot be read.
 */
export const SKIPPED_DIRECTORIES: ReadonlySet<string> = new Set([
  ...IGNORED_DIRECTORIES,
  'bower_components',
  'jspm_packages',
  '.pnpm-store',
  '.yarn',
  'vendor',
  '.bundle',
  '.cargo',
  'venv',
  'site-packages',
  '.tox',
  '.nox',
  'Pods',
]);
