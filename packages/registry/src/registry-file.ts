import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { CHECKERS, MexError, type RegistryDocument, type RegistryEntry } from '@mex/envelope';
import { parseStrictJson } from '@mex/envelope/json';
import type { EngineSource, RegistryErrorCode } from './registry.ts';

/** Name of the registry file in a MEX home (CONTRACT §10). */
export const REGISTRY_FILE = 'mechanical_engines.json';

const EMPTY: RegistryDocument = { schema_version: 'mex.registry@1.0', engines: {} };

/**
 * Reads `mechanical_engines.json`. A missing file is an empty registry.
 * @throws MexError `REGISTRY_UNREADABLE` when the file as a whole is no registry document.
 */
export function readRegistryFile(file: string): RegistryDocument {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(file);
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return EMPTY;
    throw unreadable(file, cause);
  }
  try {
    return CHECKERS.registry.parse(parseStrictJson(bytes), `The registry file ${file}`);
  } catch (cause) {
    throw unreadable(file, cause);
  }
}

function unreadable(file: string, cause: unknown): MexError<RegistryErrorCode> {
  return new MexError({
    code: 'REGISTRY_UNREADABLE',
    kind: 'integrity',
    message: `The registry file ${file} could not be read: ${cause instanceof Error ? cause.message : 'unknown cause'}`,
    remedy: 'Repair the file, or move it away to start with the shipped engines only.',
    cause,
  });
}

/** The engines of a registry document, as sources for `createRegistry`. Bundle paths may not leave the file's directory. */
export function registrySources(
  document: RegistryDocument,
  file: string,
  origin: EngineSource['origin'],
): EngineSource[] {
  const root = dirname(resolve(file));
  return Object.entries(document.engines).flatMap(([engineId, entries]) =>
    entries.map((entry): EngineSource => {
      if (!CHECKERS.registryEntry.check(entry)) return { engineId, manifest: undefined, bundle: '', origin };
      const bundle = resolve(root, entry.bundle_path);
      const inside = relative(root, bundle);
      const escapes = inside === '' || inside.startsWith(`..${sep}`) || inside === '..' || isAbsolute(inside);
      const manifest = escapes ? undefined : entry.manifest;
      return { engineId, manifest, bundle, origin, ...(entry.disabled ? { disabled: true } : {}) };
    }),
  );
}

/** Writes a registry document atomically (temporary file, fsync, rename). */
export function writeRegistryFile(file: string, document: RegistryDocument): void {
  CHECKERS.registry.parse(document, 'The registry document');
  const temporary = join(dirname(file), `.${REGISTRY_FILE}.${process.pid}.tmp`);
  const descriptor = openSync(temporary, 'w', 0o644);
  try {
    writeSync(descriptor, `${JSON.stringify(document, null, 2)}\n`);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(temporary, file);
}

/** A document with one entry added; an entry of the same version is replaced. */
export function addRegistryEntry(document: RegistryDocument, entry: RegistryEntry): RegistryDocument {
  const { engine_id, engine_version } = entry.manifest;
  const others = (document.engines[engine_id] ?? []).filter(
    (other) => !CHECKERS.registryEntry.check(other) || other.manifest.engine_version !== engine_version,
  );
  return { ...document, engines: { ...document.engines, [engine_id]: [...others, entry] } };
}

/** A document without an engine; `undefined` when it was not there. */
export function removeRegistryEntry(document: RegistryDocument, engineId: string): RegistryDocument | undefined {
  if (!Object.hasOwn(document.engines, engineId)) return undefined;
  const { [engineId]: _removed, ...engines } = document.engines;
  return { ...document, engines };
}
