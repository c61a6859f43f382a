import { hash } from 'node:crypto';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { digestVectorFiles, type LoadedVector, loadVectors, scanVectorFolder } from '@mex/engine-sdk/testing';
import {
  CHECKERS,
  canonicalJson,
  type EngineManifest,
  type Implementation,
  MexError,
  type OperationManifest,
  parseStrictJson,
} from '@mex/envelope';
import { sha256Hex } from '@mex/envelope/digest';
import { implementedOperation, nameImplementation } from '@mex/runtime';
import { conformanceError } from './errors.ts';
import type { CertifyRequest } from './request.ts';

/** An engine as it lay on the disk when a certification began: nothing of it was run. */
export interface EngineUnderTest {
  /** A copy that was parsed as hostile. */
  readonly manifest: EngineManifest;
  readonly manifestSha256: string;
  readonly bundleFile: string;
  readonly bundleText: string;
  /** Of the bytes that are there, whatever the manifest says. */
  readonly bundleSha256: string;
  readonly bundleBytes: number;
  readonly vectors: readonly LoadedVector[];
  readonly vectorsSha256: string;
  /** Why the vectors could not be read; then there are none. */
  readonly vectorsFault: string | undefined;
  readonly packageDir: string | undefined;
}

/** What a vector runs, as its implementation does it; `undefined` where the manifest has no such operation. */
export function operationOf({ manifest }: EngineUnderTest, vector: LoadedVector): OperationManifest | undefined {
  const { operation: name } = vector.document;
  const operation = Object.hasOwn(manifest.operations, name) ? manifest.operations[name] : undefined;
  const implementation = implementationOf(manifest, vector);
  return operation === undefined || implementation === undefined
    ? operation
    : implementedOperation(operation, implementation);
}

/** Who does what a vector runs; `undefined` where it names one that there is not. */
export function implementationOf(manifest: EngineManifest, { document }: LoadedVector): Implementation | undefined {
  return nameImplementation(manifest, document.operation, document.implementation).implementation;
}

/** Everybody who can do an operation. */
export function implementersOf({ implementations }: EngineManifest, operation: string): Implementation[] {
  return implementations.filter(({ operations }) => operations?.includes(operation) ?? true);
}

/**
 * Reads an engine once. What is run later is the copy: somebody who changes the package meanwhile changes nothing of what
 * is certified, and a certificate names the bytes that were run.
 * @param copyDir an empty directory of the harness alone, for bundle and vectors
 * @throws MexError `CONFORMANCE_ENGINE_UNREADABLE` where there is no manifest or bundle to speak of
 */
export function readEngine(request: CertifyRequest, copyDir: string): EngineUnderTest {
  const place = 'dir' in request ? placeOfPackage(resolve(request.dir)) : placeOfHandle(request);
  const manifest = readManifest(place.manifest);
  const bytes = readPart('bundle', () => readFileSync(place.bundleFile));
  const vectors = readVectors(place.vectors, join(copyDir, 'conformance'));
  const bundleFile = join(copyDir, 'engine.bundle');
  writeFileSync(bundleFile, bytes);
  return {
    ...manifest,
    ...vectors,
    bundleFile,
    bundleText: new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes),
    bundleSha256: hash('sha256', bytes, 'hex'),
    bundleBytes: bytes.byteLength,
    packageDir: place.packageDir,
  };
}

interface Place {
  readonly manifest: () => unknown;
  readonly bundleFile: string;
  readonly vectors: string;
  readonly packageDir: string | undefined;
}

function placeOfPackage(dir: string): Place {
  const dist = join(dir, 'dist');
  return {
    manifest: () => parseStrictJson(readFileSync(join(dist, 'manifest.json'))),
    bundleFile: join(dist, 'engine.bundle'),
    vectors: join(dir, 'conformance'),
    packageDir: dir,
  };
}

function placeOfHandle(request: Exclude<CertifyRequest, { dir: string }>): Place {
  const { manifest, bundle } = request.engine;
  const bundleFile = bundle.startsWith('file:') ? fileURLToPath(bundle) : bundle;
  return {
    // Through text: what is checked is what is kept.
    manifest: () => parseStrictJson(canonicalJson(manifest)),
    bundleFile: isAbsolute(bundleFile) ? bundleFile : resolve(bundleFile),
    vectors: resolve(request.vectors),
    packageDir: request.packageDir === undefined ? undefined : resolve(request.packageDir),
  };
}

function readManifest(read: () => unknown): Pick<EngineUnderTest, 'manifest' | 'manifestSha256'> {
  const value = readPart('manifest', read);
  const manifest = readPart('manifest', () => CHECKERS.engineManifest.parse(value, 'The engine manifest'));
  return { manifest, manifestSha256: sha256Hex(canonicalJson(manifest)) };
}

function readPart<T>(part: 'manifest' | 'bundle', read: () => T): T {
  try {
    return read();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : 'unknown cause';
    const message = `The ${part} of the engine cannot be read: ${why}`;
    const remedy = 'Build the engine (mex-engine build) and name the folder of its package.';
    throw conformanceError('CONFORMANCE_ENGINE_UNREADABLE', 'validation', message, remedy, cause);
  }
}

/** Vectors that cannot be read are a failure of the engine, which a case tells; the others cannot be run then. */
function readVectors(dir: string, copy: string): Pick<EngineUnderTest, 'vectors' | 'vectorsSha256' | 'vectorsFault'> {
  try {
    // The first scan refuses links and what is too large; the second says what there is in the copy.
    scanVectorFolder(dir);
    cpSync(dir, copy, { recursive: true, verbatimSymlinks: true });
    const vectorsSha256 = digestVectorFiles(scanVectorFolder(copy)).sha256;
    return { vectors: loadVectors(copy), vectorsSha256, vectorsFault: undefined };
  } catch (error) {
    if (!(error instanceof MexError)) throw error;
    const vectorsFault = error.remedy === undefined ? error.message : `${error.message} ${error.remedy}`;
    return { vectors: [], vectorsSha256: digestVectorFiles([]).sha256, vectorsFault };
  }
}

/** The handle that a host takes. */
export function handleOf(engine: EngineUnderTest): { manifest: EngineManifest; bundle: string } {
  return { manifest: engine.manifest, bundle: pathToFileURL(engine.bundleFile).href };
}
