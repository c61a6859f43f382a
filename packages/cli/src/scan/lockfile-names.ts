/** Base names of the files a scan is about. Which of them count, and how they are read, is the engine's business. */
const LOCKFILES: ReadonlySet<string> = new Set([
  'package-lock.json',
  'npm-shrinkwrap.json',
  'pnpm-lock.yaml',
  'yarn.lock',
  'Cargo.lock',
  'go.mod',
  'go.sum',
  'poetry.lock',
  'uv.lock',
  'Gemfile.lock',
  'gems.locked',
  'composer.lock',
]);

/** Files beside a lockfile that say what the project is called and what it asks for. */
const MANIFESTS: ReadonlySet<string> = new Set(['package.json', 'Cargo.toml', 'pyproject.toml', 'composer.json']);

const REQUIREMENTS = /^requirements[\w.-]*\.txt$/i;

export function isLockfileName(baseName: string): boolean {
  return LOCKFILES.has(baseName) || REQUIREMENTS.test(baseName);
}

export function isManifestName(baseName: string): boolean {
  return MANIFESTS.has(baseName);
}

/** Whether a lockfile is read together with this file of its directory. */
export function isReadWith(lockfile: string, baseName: string): boolean {
  return isManifestName(baseName) || (lockfile === 'go.mod' && baseName === 'go.sum');
}

/** What a scan looks for, for a person who had nothing found. */
export const LOOKED_FOR = `${[...LOCKFILES].join(', ')}, requirements*.txt`;
