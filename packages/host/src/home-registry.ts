import { join } from 'node:path';
import type { EngineManifest } from '@mex/envelope';
import {
  createRegistry,
  type EngineSource,
  REGISTRY_FILE,
  type Registry,
  readRegistryFile,
  registrySources,
} from '@mex/registry';
import { readCertificateFile, readHomeCertificate } from './certificates/certificate-files.ts';
import { readCertificateTrust } from './certificates/certificate-trust.ts';
import { cloudSource } from './governance/cloud/cloud-engine.ts';
import type { Policy } from './policy.ts';

/** What an engine package exports: its manifest and where its bundle is. */
export interface EngineHandle {
  readonly manifest: EngineManifest;
  /** `file:` URL of the bundle. */
  readonly bundle: string;
  /** `file:` URL of its certificate, where the package has one. It counts only if policy trusts who signed it. */
  readonly certificate?: string;
}

/**
 * The engines of a home: those shipped with the application, and those the operator added, with the certificates they
 * have now. A certificate that changes on disk counts from the next start on.
 * @throws MexError `REGISTRY_UNREADABLE`, `SIGNER_KEY_INVALID`
 */
export function openHomeRegistry(home: string, shipped: readonly EngineHandle[], policy: Policy): Registry {
  const file = join(home, REGISTRY_FILE);
  const own = shipped.map(
    (handle): EngineSource => ({
      engineId: handle.manifest.engine_id,
      manifest: handle.manifest,
      bundle: handle.bundle,
      origin: 'shipped',
      certificates: certificatesOf(home, handle.manifest, handle.certificate),
    }),
  );
  // What may not leave has no engine that could send it.
  const cloud = policy.governance?.cloud === undefined ? [] : [certifiedCloud(home)];
  const added = registrySources(readRegistryFile(file), file, 'added');
  return createRegistry([...own, ...cloud, ...added], readCertificateTrust(home, policy));
}

function certifiedCloud(home: string): EngineSource {
  const source = cloudSource(home);
  return { ...source, certificates: certificatesOf(home, source.manifest, undefined) };
}

/** What the operator certified here, and what came along; whichever is valid counts. */
function certificatesOf(home: string, manifest: unknown, shipped: string | undefined): string[] {
  const here = readHomeCertificate(home, bundleDigestOf(manifest));
  const along = shipped === undefined ? undefined : readCertificateFile(shipped);
  return [here, along].filter((text) => text !== undefined);
}

/** Nothing of a manifest is checked yet. */
function bundleDigestOf(manifest: unknown): string {
  if (typeof manifest !== 'object' || manifest === null || !('bundle' in manifest)) return '';
  const { bundle } = manifest;
  if (typeof bundle !== 'object' || bundle === null || !('sha256' in bundle)) return '';
  return typeof bundle.sha256 === 'string' ? bundle.sha256 : '';
}
