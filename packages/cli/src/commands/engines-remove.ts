import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Host } from '@mex/host';
import { REGISTRY_FILE, readRegistryFile, removeRegistryEntry, writeRegistryFile } from '@mex/registry';
import { argumentText, type CommandRun } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { openRegistry, withHost } from '../home.ts';
import { withRegistryLock } from '../registry-lock.ts';
import { suggest } from '../suggest.ts';
import { usageError } from '../usage-error.ts';

/** Engine ids as the envelope has them: nothing else may become part of a path. */
const ENGINE_ID = /^engine(\.[a-z][a-z0-9_]{0,63}){1,6}$/;

/** `mex engines remove <id>`: unregisters every version of an added engine and deletes the copies. */
export const removeEngine: CommandRun = async (invocation, terminal) => {
  const id = argumentText(invocation, 'id');
  const { engines } = await openRegistry(invocation);
  if (engines.some((known) => known.origin === 'shipped' && known.manifest.engine_id === id)) {
    throw usageError(`${id} comes with MEX and cannot be removed.`, 'Deny its capabilities in policy.json instead.');
  }
  await withHost(invocation, (host) => withRegistryLock(host.home, () => unregister(host, id)));
  terminal.document({ removed: id });
  terminal.line(`Removed ${id}. What it did stays in the log and its artifacts in the store.`);
  return EXIT.done;
};

async function unregister(host: Host, id: string): Promise<void> {
  const file = join(host.home, REGISTRY_FILE);
  const document = readRegistryFile(file);
  const without = removeRegistryEntry(document, id);
  if (without === undefined) throw unknownEngine(id, Object.keys(document.engines));
  await host.record('registry.engine_removed', { engine_id: id });
  writeRegistryFile(file, without);
  if (ENGINE_ID.test(id)) rmSync(join(host.home, 'engines', id), { recursive: true, force: true });
}

function unknownEngine(id: string, known: readonly string[]): Error {
  const near = suggest(id, known);
  return usageError(
    `No engine "${id}" was added to this home.`,
    near === undefined ? 'See: mex engines list' : `Did you mean: ${near}`,
    'CLI_NOT_FOUND',
  );
}
