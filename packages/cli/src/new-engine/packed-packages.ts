import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { usageError } from '../usage-error.ts';

/** `@mex/…` packages by name, each as a dependency on a tarball. */
export type PackedPackages = ReadonlyMap<string, string>;

/** As `pnpm pack` and `npm pack` name the tarball of a scoped package. */
const TARBALL = /^mex-([a-z][a-z-]*)-(\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?)\.tgz$/;

/**
 * Finds packed packages of MEX: beside a tarball of the SDK, or in a directory. Of each there may be one version.
 * @param from the directory of the package that will depend on them: paths are relative to it
 * @throws MexError `CLI_USAGE` when there is no SDK, or two versions of something
 */
export function findPacked(path: string, from: string): PackedPackages {
  const place = resolve(path);
  if (!existsSync(place))
    throw usageError(`${path} does not exist.`, 'Name a packed @mex/engine-sdk, or the directory it is in.');
  const dir = statSync(place).isDirectory() ? place : dirname(place);
  const found = new Map<string, string>();
  for (const file of readdirSync(dir).sort()) {
    const [, name] = TARBALL.exec(file) ?? [];
    if (name === undefined) continue;
    if (found.has(`@mex/${name}`)) {
      throw usageError(`${dir} has two versions of @mex/${name}.`, 'Leave the tarballs of one version there.');
    }
    found.set(`@mex/${name}`, `file:${relative(resolve(from), join(dir, file)).split(sep).join('/')}`);
  }
  for (const needed of ['@mex/engine-sdk', '@mex/envelope']) {
    if (found.has(needed)) continue;
    throw usageError(`${dir} has no packed ${needed}.`, 'Pack it there: pnpm pack --pack-destination <dir>');
  }
  return found;
}
