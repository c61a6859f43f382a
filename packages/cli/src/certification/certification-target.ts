import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { EngineWithVectors } from '@mex/conformance-harness';
import type { RegisteredEngine, Registry } from '@mex/registry';
import { findEngine } from '../find-engine.ts';
import { type EnginePackage, readEnginePackage } from '../read-engine-package.ts';

/** An engine to certify, and where its parts lie. */
export interface CertificationTarget extends Pick<RegisteredEngine, 'manifest' | 'manifestSha256'> {
  readonly place: EngineWithVectors;
}

/** Engine ids as the envelope has them; no such word is a folder that somebody means. */
const ENGINE_ID = /^engine(\.[a-z][a-z0-9_]{0,63}){1,6}$/;

/**
 * What `mex certify` was given: the id of an engine of this home, else the folder of a package.
 * @throws MexError `ENGINE_UNKNOWN`, `ENGINE_DISABLED`, `CLI_ENGINE_PACKAGE`, or what the manifest or bundle breaks
 */
export function findTarget(text: string, registry: Registry): CertificationTarget {
  return ENGINE_ID.test(text)
    ? targetOfEngine(findEngine(registry, text))
    : targetOfPackage(readEnginePackage(text), text);
}

/** A package on the disk. @param dir its folder */
export function targetOfPackage(
  { manifest, manifestSha256, bundle, vectors }: EnginePackage,
  dir: string,
): CertificationTarget {
  return {
    manifest,
    manifestSha256,
    place: {
      engine: { manifest, bundle: pathToFileURL(bundle).href },
      vectors: vectors ?? join(resolve(dir), 'conformance'),
      packageDir: resolve(dir),
    },
  };
}

/** A registered engine: one that was added has its vectors beside its bundle, one that was shipped in its package. */
export function targetOfEngine({ manifest, manifestSha256, bundle, origin }: RegisteredEngine): CertificationTarget {
  const { location } = bundle;
  const folder = dirname(location.startsWith('file:') ? fileURLToPath(location) : location);
  const engine = { manifest, bundle: location };
  if (origin === 'added') return { manifest, manifestSha256, place: { engine, vectors: join(folder, 'conformance') } };
  const packageDir = dirname(folder);
  return { manifest, manifestSha256, place: { engine, vectors: join(packageDir, 'conformance'), packageDir } };
}
