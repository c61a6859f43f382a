import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { type EngineManifest, MexError } from '@mex/envelope';
import { parseStrictJson } from '@mex/envelope/json';
import { readCertificateFile } from '@mex/host';
import { loadBundle, MAX_BUNDLE_BYTES, registerManifest } from '@mex/registry';
import { type CliErrorCode, usageError } from './usage-error.ts';

/** A built engine package whose manifest has the right shape and whose bundle has the manifest's digest. */
export interface EnginePackage {
  readonly manifest: EngineManifest;
  /** Path of the bundle; whoever copies it checks the copy. */
  readonly bundle: string;
  readonly manifestSha256: string;
  /** Text of the certificate that the package carries; hostile. */
  readonly certificate: string | undefined;
  /** Folder of its conformance vectors, where it has them. */
  readonly vectors: string | undefined;
}

/** File name of a certificate beside a manifest, or in the root of a package. */
export const CERTIFICATE_NAME = 'certificate.dsse.json';

/**
 * Reads what `mex-engine build` wrote, from the package's directory or its `dist`. Runs nothing of it.
 * @throws MexError `CLI_ENGINE_PACKAGE`, or what the manifest or bundle breaks
 */
export function readEnginePackage(path: string): EnginePackage {
  const dir = [join(resolve(path), 'dist'), resolve(path)].find((place) => existsSync(join(place, 'manifest.json')));
  if (dir === undefined) throw noPackage(path, whyNone(path));
  const file = join(dir, 'manifest.json');
  const stat = statSync(file);
  // Reading a pipe may never end.
  if (!stat.isFile()) throw noPackage(path, 'its manifest is not a file');
  if (stat.size > MAX_BUNDLE_BYTES) throw noPackage(path, 'its manifest is far too large');
  const bundlePath = join(dir, 'engine.bundle');
  const { manifest, manifestSha256, bundle } = registerManifest(parseManifest(path, file), bundlePath, 'added');
  loadBundle(bundle, manifest.engine_id);
  const places = [dir, resolve(path)];
  const certificate = places.map((place) => readCertificateFile(join(place, CERTIFICATE_NAME))).find(isThere);
  const vectors = [resolve(path), dirname(dir)].map((place) => join(place, 'conformance')).find(existsSync);
  return { manifest, manifestSha256, bundle: bundlePath, certificate, vectors };
}

function whyNone(path: string): string {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return 'it does not exist';
  return stat.isDirectory() ? 'it has no dist/manifest.json that you may read' : 'it is not a folder';
}

function isThere(text: string | undefined): text is string {
  return text !== undefined;
}

function parseManifest(path: string, file: string): unknown {
  try {
    return parseStrictJson(readFileSync(file));
  } catch (error) {
    if (error instanceof MexError) throw noPackage(path, `its manifest is not valid: ${error.message}`);
    const why = error instanceof Error ? error.message : 'unknown cause';
    throw noPackage(path, `its manifest cannot be read: ${why}`);
  }
}

function noPackage(path: string, why: string): MexError<CliErrorCode> {
  const remedy = 'Build it with mex-engine build, then name its directory.';
  return usageError(`${path} is no built engine package: ${why}.`, remedy, 'CLI_ENGINE_PACKAGE');
}
