import { basename, resolve } from 'node:path';
import { createChecker, EngineManifest } from '@mex/envelope';
import { usageError } from '../usage-error.ts';

/** What a new engine is called. */
export interface EngineNames {
  /** Of the engine, e.g. `engine.acme.thing`. */
  readonly id: string;
  /** Of its package. */
  readonly packageName: string;
}

const engineId = createChecker(EngineManifest.properties.engine_id);
const PACKAGE_NAME = /^(?:@[a-z0-9][a-z0-9._-]*\/)?[a-z0-9][a-z0-9._-]*$/;
const MAX_PACKAGE_NAME = 214;

/**
 * Names for an engine in a directory: those that were asked for, else made from the directory's own.
 * @throws MexError `CLI_USAGE` for a name that no engine or package may have
 */
export function chooseNames(dir: string, id: string | undefined, packageName: string | undefined): EngineNames {
  // Letters without their accents: names of engines and packages are ASCII.
  const own = basename(resolve(dir)).normalize('NFKD').replaceAll(/\p{M}/gu, '').toLowerCase();
  const words = own.split(/[^a-z0-9]+/).filter((word) => word !== '');
  const chosen = {
    id: id ?? `engine.local.${words.slice(words[0] === 'engine' && words.length > 1 ? 1 : 0).join('_')}`,
    packageName: packageName ?? words.join('-'),
  };
  if (!engineId.check(chosen.id)) {
    const what = id === undefined ? `No engine id can be made of "${own}".` : `"${id}" is no engine id.`;
    throw usageError(what, 'Give one with --id, such as: --id engine.acme.thing');
  }
  if (!PACKAGE_NAME.test(chosen.packageName) || chosen.packageName.length > MAX_PACKAGE_NAME) {
    const what =
      packageName === undefined ? `No package name can be made of "${own}".` : `"${packageName}" is no package name.`;
    throw usageError(what, 'Give one with --name, such as: --name @acme/engine-thing');
  }
  return chosen;
}
