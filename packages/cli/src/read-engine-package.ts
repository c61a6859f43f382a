import { existsSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type EngineManifest, MexError } from '@mex/envelope';
import { parseStrictJson } from '@mex/envelope/json';
import { loadBundle, MAX_BUNDLE_BYTES, registerManifest } from '@mex/registry';
import { type CliErrorCode, usageError } from './usage-error.ts';

/** A built engine package whose manifest has the right shape and whose bundle has the manifest's digest. */
export interface EnginePackage {
  readonly manifest: EngineManifest;
  /** Path of the bundle; whoever copies it checks the copy. */
  readonly bundle: string;
}

/**
 * Reads what `mex-engine build` wrote, from the package's directory or its `dist`. Runs nothing of it.
 * @throws MexError `CLI_ENGINE_PACKAGE`, or what the manifest or bundle breaks
 */
export function readEnginePackage(path: string): EnginePackage {
  const dir = [join(resolve(path), 'dist'), resolve(path)].find((place) => existsSync(join(place, 'manifest.json')));
  if (dir === undefined) throw noPackage(path, 'it has no dist/manifest.json');
  const file = join(dir, 'manifest.json');
  if (statSync(file).size > MAX_BUNDLE_BYTES) throw noPackage(path, 'its manifest is far too large');
  const bundlePath = join(dir, 'engine.bundle');
  const { manifest, bundle } = registerManifest(parseManifest(path, file), bundlePath, 'added');
  loadBundle(bundle, manifest.engine_id);
  return { manifest, bundle: bundlePath };
}

function parseManifest(path: string, file: string): unknown {
  try {
    return parseStrictJson(readFileSync(file));
  } catch (error) {
    if (error instanceof MexError) throw noPackage(path, `its manifest is not valid: ${error.message}`);
    throw noPackage(path, 'its manifest cannot be read');
  }
}

function noPackage(path: string, why: string): MexError<CliErrorCode> {
  const remedy = 'Build it with mex-engine build, then name its directory.';
  return usageError(`${path} is no built engine package: ${why}.`, remedy, 'CLI_ENGINE_PACKAGE');
}
