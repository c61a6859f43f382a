import { join } from 'node:path';
import type { Host } from '@mex/host';
import { changeRegistryEntries, REGISTRY_FILE, readRegistryFile, writeRegistryFile } from '@mex/registry';
import { argumentText, type CommandRun } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { openRegistry, withHost } from '../home.ts';
import { withRegistryLock } from '../registry-lock.ts';
import { suggest } from '../suggest.ts';
import { usageError } from '../usage-error.ts';

/** `mex engines disable <id>`: keeps every version of an added engine registered, and from running. */
export const disableEngine: CommandRun = (invocation, terminal) => setDisabled(true)(invocation, terminal);

/** `mex engines enable <id>` */
export const enableEngine: CommandRun = (invocation, terminal) => setDisabled(false)(invocation, terminal);

function setDisabled(disabled: boolean): CommandRun {
  return async (invocation, terminal) => {
    const id = argumentText(invocation, 'id');
    const { engines } = await openRegistry(invocation);
    if (engines.some((known) => known.origin === 'shipped' && known.manifest.engine_id === id)) {
      const remedy = `Deny its capabilities in policy.json, or revoke its certificate with "allow_uncertified_engines": false.`;
      throw usageError(`${id} comes with MEX and has no entry to change.`, remedy);
    }
    const changed = await withHost(invocation, (host) => withRegistryLock(host.home, () => change(host, id, disabled)));
    terminal.document({ engine_id: id, disabled, changed });
    const state = disabled ? 'disabled: no operation of it runs from now on in hosts that start' : 'enabled';
    terminal.line(`${id} is ${changed ? '' : 'already '}${state}.`);
    return EXIT.done;
  };
}

/** First the record, then the effect. Answers whether there was anything to change. */
async function change(host: Host, id: string, disabled: boolean): Promise<boolean> {
  const file = join(host.home, REGISTRY_FILE);
  const before = readRegistryFile(file);
  let isOther = false;
  const after = changeRegistryEntries(before, id, ({ disabled: was = false, ...entry }) => {
    isOther ||= was !== disabled;
    return disabled ? { ...entry, disabled } : entry;
  });
  if (after === undefined) throw notFound(id, Object.keys(before.engines));
  if (!isOther) return false;
  await host.record(disabled ? 'registry.engine_disabled' : 'registry.engine_enabled', { engine_id: id });
  writeRegistryFile(file, after);
  return true;
}

function notFound(id: string, known: readonly string[]): Error {
  const near = suggest(id, known);
  return usageError(
    `No engine "${id}" was added to this home.`,
    near === undefined ? 'See: mex engines list' : `Did you mean: ${near}`,
    'CLI_NOT_FOUND',
  );
}
