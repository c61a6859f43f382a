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
  const own = basename(resolve(dir)).toLowerCase();
  const chosen = {
    id: id ?? `engine.local.${own.replace(/^engine[-_.]?(?=[a-z])/, '').replace(/[^a-z0-9]+/g, '_')}`,
    packageName: packageName ?? own.replace(/[^a-z0-9._-]+/g, '-'),
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
