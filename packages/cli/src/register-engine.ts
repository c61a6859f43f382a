import { randomUUID } from 'node:crypto';
import { copyFileSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { EngineManifest, RegistryEntry } from '@mex/envelope';
import { parseStrictJson } from '@mex/envelope/json';
import type { Host } from '@mex/host';
import {
  addRegistryEntry,
  changeRegistryEntries,
  loadBundle,
  REGISTRY_FILE,
  readRegistryFile,
  type ValidCertificate,
  writeRegistryFile,
} from '@mex/registry';
import { copyVectors } from './engine-package/copy-vectors.ts';
import type { EnginePackage } from './read-engine-package.ts';
import { withRegistryLock } from './registry-lock.ts';

/** A certificate that was checked, with the text it was checked as. */
export interface CheckedCertificate {
  readonly envelope: string;
  readonly standing: ValidCertificate;
}

/** Folder of an added engine, below the home, with `/`. */
function engineFolder({ engine_id, engine_version }: EngineManifest): string {
  return `engines/${engine_id}/${engine_version}`;
}

/** The copy is what gets registered: the package's own directory may change or vanish afterwards. */
export async function registerEngine(
  host: Pick<Host, 'home' | 'record'>,
  { manifest, bundle, vectors }: EnginePackage,
  certificate: CheckedCertificate | undefined,
): Promise<void> {
  const { engine_id, engine_version } = manifest;
  const folder = engineFolder(manifest);
  const dir = join(resolve(host.home), folder);
  const target = join(dir, 'engine.bundle');
  const draft = `${target}.${randomUUID()}.tmp`;
  const vectorsDraft = join(dir, `conformance.${randomUUID()}.tmp`);
  mkdirSync(dir, { recursive: true });
  try {
    copyChecked(bundle, draft, manifest);
    if (vectors !== undefined) copyVectors(vectors, vectorsDraft);
    await withRegistryLock(host.home, async () => {
      // First the record, then the effect: until it is on the disk, nothing that is registered changes.
      await host.record('registry.engine_added', {
        engine_id,
        engine_version,
        bundle_sha256: manifest.bundle.sha256,
        ...(certificate === undefined ? {} : { certificate_sha256: certificate.standing.sha256 }),
      });
      renameSync(draft, target);
      writeFileSync(join(dir, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
      rmSync(join(dir, 'conformance'), { recursive: true, force: true });
      if (vectors !== undefined) renameSync(vectorsDraft, join(dir, 'conformance'));
      const file = join(host.home, REGISTRY_FILE);
      const entry: RegistryEntry = {
        manifest,
        bundle_path: `${folder}/engine.bundle`,
        added_at: new Date().toISOString(),
        ...(certificate === undefined ? {} : { certificate: parseStrictJson(certificate.envelope) }),
      };
      writeRegistryFile(file, addRegistryEntry(readRegistryFile(file), entry));
    });
  } finally {
    rmSync(draft, { force: true });
    rmSync(vectorsDraft, { recursive: true, force: true });
  }
}

/** The source may change between check and copy, so the copy is checked before it takes its name. */
function copyChecked(source: string, draft: string, manifest: EngineManifest): void {
  copyFileSync(source, draft);
  const { sha256, size_bytes } = manifest.bundle;
  loadBundle({ location: draft, sha256, sizeBytes: size_bytes }, manifest.engine_id);
}

/**
 * Puts a certificate into the registry entry of exactly this engine.
 * @returns whether there is such an entry
 */
export function attachCertificate(
  home: string,
  { engine_id, engine_version, bundle }: EngineManifest,
  envelope: string,
): Promise<boolean> {
  return withRegistryLock(home, async () => {
    const file = join(home, REGISTRY_FILE);
    let isThere = false;
    const document = changeRegistryEntries(readRegistryFile(file), engine_id, (entry) => {
      const { manifest } = entry;
      const isSame = manifest.engine_version === engine_version && manifest.bundle.sha256 === bundle.sha256;
      isThere ||= isSame;
      return isSame ? { ...entry, certificate: parseStrictJson(envelope) } : entry;
    });
    if (document !== undefined && isThere) writeRegistryFile(file, document);
    return isThere;
  });
}
