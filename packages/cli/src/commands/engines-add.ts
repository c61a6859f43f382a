import { randomUUID } from 'node:crypto';
import { copyFileSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { EngineManifest } from '@mex/envelope';
import type { Host } from '@mex/host';
import { addRegistryEntry, loadBundle, REGISTRY_FILE, readRegistryFile, writeRegistryFile } from '@mex/registry';
import { argumentText, type CommandRun } from '../command.ts';
import { engineFacts, printCapabilities, printUncertified, UNCERTIFIED } from '../engine-view.ts';
import { EXIT } from '../exit-codes.ts';
import { closeHost, openRegistry, openWiredHost } from '../home.ts';
import { hint } from '../output/hint.ts';
import { bold, dim } from '../output/style.ts';
import { type EnginePackage, readEnginePackage } from '../read-engine-package.ts';
import { withRegistryLock } from '../registry-lock.ts';
import { usageError } from '../usage-error.ts';

/** `mex engines add <path>`: copies a built engine into the home and registers it under its digest. */
export const addEngine: CommandRun = async (invocation, terminal) => {
  const source = readEnginePackage(argumentText(invocation, 'path'));
  const { manifest } = source;
  const registry = await openRegistry(invocation);
  refuseShipped(registry.engines, manifest);
  const host = await openWiredHost(invocation);
  try {
    await register(host, source);
  } finally {
    await closeHost(host);
  }
  const added = (await openRegistry(invocation)).resolve(manifest.engine_id, manifest.engine_version).engine;
  terminal.document({ added: added === undefined ? manifest : engineFacts(added), note: UNCERTIFIED });
  terminal.line(
    'Added ',
    bold(manifest.engine_id),
    ` ${manifest.engine_version}`,
    dim(`  sha256 ${manifest.bundle.sha256}`),
  );
  terminal.line('  ', manifest.description);
  printCapabilities(terminal, manifest);
  printUncertified(terminal);
  terminal.line(dim('Next: '), hint(invocation, `mex engines show ${manifest.engine_id}`));
  return EXIT.done;
};

function refuseShipped(
  engines: readonly { manifest: EngineManifest; origin: string }[],
  { engine_id }: EngineManifest,
): void {
  if (!engines.some((known) => known.origin === 'shipped' && known.manifest.engine_id === engine_id)) return;
  throw usageError(
    `${engine_id} comes with MEX and cannot be replaced.`,
    'Give your engine an id of its own.',
    'CLI_ENGINE_PACKAGE',
  );
}

/** The copy is what gets registered: the package's own directory may change or vanish afterwards. */
async function register(host: Host, { manifest, bundle }: EnginePackage): Promise<void> {
  const { engine_id, engine_version } = manifest;
  const folder = `engines/${engine_id}/${engine_version}`;
  const dir = join(resolve(host.home), folder);
  const target = join(dir, 'engine.bundle');
  const draft = `${target}.${randomUUID()}.tmp`;
  mkdirSync(dir, { recursive: true });
  try {
    copyChecked(bundle, draft, manifest);
    await withRegistryLock(host.home, async () => {
      // First the record, then the effect: until it is on the disk, nothing that is registered changes.
      await host.record('registry.engine_added', { engine_id, engine_version, bundle_sha256: manifest.bundle.sha256 });
      renameSync(draft, target);
      writeFileSync(join(dir, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
      const file = join(host.home, REGISTRY_FILE);
      const entry = { manifest, bundle_path: `${folder}/engine.bundle`, added_at: new Date().toISOString() };
      writeRegistryFile(file, addRegistryEntry(readRegistryFile(file), entry));
    });
  } finally {
    rmSync(draft, { force: true });
  }
}

/** The source may change between check and copy, so the copy is checked before it takes its name. */
function copyChecked(source: string, draft: string, manifest: EngineManifest): void {
  copyFileSync(source, draft);
  const { sha256, size_bytes } = manifest.bundle;
  loadBundle({ location: draft, sha256, sizeBytes: size_bytes }, manifest.engine_id);
}
