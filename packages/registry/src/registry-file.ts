import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { BOUNDS, CHECKERS, MexError, type RegistryDocument, type RegistryEntry } from '@mex/envelope';
import { parseStrictJson } from '@mex/envelope/json';
import semver from 'semver';
import { messageOf, type RegistryErrorCode } from './errors.ts';
import type { EngineSource } from './registry.ts';

/** Name of the registry file in a MEX home (CONTRACT §10). */
export const REGISTRY_FILE = 'mechanical_engines.json';

/**
 * Reads `mechanical_engines.json`. A missing file is an empty registry.
 * @throws MexError `REGISTRY_UNREADABLE` when the file as a whole is no registry document.
 */
export function readRegistryFile(file: string): RegistryDocument {
  try {
    const stat = statSync(file, { throwIfNoEntry: false });
    if (stat === undefined) return { schema_version: 'mex.registry@1.0', engines: {} };
    if (!stat.isFile()) throw new Error('it is not a file');
    if (stat.size > BOUNDS.maxJsonBytes) throw new Error(`it has more than ${BOUNDS.maxJsonBytes} bytes`);
    return CHECKERS.registry.parse(parseStrictJson(readFileSync(file)), 'The registry file');
  } catch (cause) {
    throw new MexError<RegistryErrorCode>({
      code: 'REGISTRY_UNREADABLE',
      kind: 'integrity',
      message: `The registry file ${file} could not be read: ${messageOf(cause)}`,
      remedy: 'Repair the file, or move it away to start with the shipped engines only.',
      cause,
    });
  }
}

/**
 * The engines of a registry document, as sources for `createRegistry`. Bundle paths are relative to the file's directory
 * and may not leave it; what is wrong with an entry goes along as its `fault`.
 */
export function registrySources(
  document: RegistryDocument,
  file: string,
  origin: EngineSource['origin'],
): EngineSource[] {
  const root = dirname(resolve(file));
  return Object.entries(document.engines).flatMap(([engineId, entries]) =>
    entries.map((entry) => readEntry(engineId, entry, root, origin)),
  );
}

function readEntry(engineId: string, entry: unknown, root: string, origin: EngineSource['origin']): EngineSource {
  const broken = { engineId, manifest: undefined, bundle: '', origin };
  if (!CHECKERS.registryEntry.check(entry)) {
    const [issue] = CHECKERS.registryEntry.issues(entry, 1);
    return { ...broken, fault: `it is no registry entry, ${issue?.path ?? '/'}: ${issue?.message ?? 'unknown'}` };
  }
  const disabled = entry.disabled ? { disabled: true } : {};
  const bundle = resolve(root, entry.bundle_path);
  const inside = relative(root, bundle);
  const leaves = inside === '' || inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside);
  if (leaves || isAbsolute(entry.bundle_path) || entry.bundle_path.includes('\\')) {
    return {
      ...broken,
      ...disabled,
      fault: 'its bundle_path is not a path below the registry file, with "/" between names',
    };
  }
  const certificates = entry.certificate === undefined ? {} : { certificates: [entry.certificate] };
  return { engineId, manifest: entry.manifest, bundle, origin, ...disabled, ...certificates };
}

/**
 * Writes a registry document atomically and durably (temporary file, fsync, rename, fsync of the directory).
 * @throws MexError `ENVELOPE_INVALID` or a code of the strict JSON door when `readRegistryFile` would refuse what is to be
 *   written, `REGISTRY_UNWRITABLE` when the file system refuses; then the file is as it was.
 */
export function writeRegistryFile(file: string, document: RegistryDocument): void {
  const text = `${JSON.stringify(CHECKERS.registry.parse(document, 'The registry document'), null, 2)}\n`;
  CHECKERS.registry.parse(parseStrictJson(text), 'The registry document');
  // A name nobody can guess, and never an existing one: a link that waits there would be written through.
  const temporary = join(dirname(file), `.${REGISTRY_FILE}.${randomBytes(8).toString('hex')}.tmp`);
  try {
    writeDurably(temporary, text);
    renameSync(temporary, file);
    syncDirectory(dirname(file));
  } catch (cause) {
    rmSync(temporary, { force: true });
    throw new MexError<RegistryErrorCode>({
      code: 'REGISTRY_UNWRITABLE',
      kind: 'internal',
      message: `The registry file ${file} could not be written: ${messageOf(cause)}`,
      remedy: 'See that the directory exists, is yours, and has room; then try again.',
      retryable: true,
      cause,
    });
  }
}

function writeDurably(path: string, text: string): void {
  const descriptor = openSync(path, 'wx', 0o644);
  try {
    writeFileSync(descriptor, text);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Without it, a power cut can bring back the old name of a file whose content is safe. */
function syncDirectory(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** A document with one entry added; an entry of the same version is replaced. */
export function addRegistryEntry(document: RegistryDocument, entry: RegistryEntry): RegistryDocument {
  const { engine_id, engine_version } = entry.manifest;
  const others = (document.engines[engine_id] ?? []).filter(
    (other) => !CHECKERS.registryEntry.check(other) || !semver.eq(other.manifest.engine_version, engine_version),
  );
  return { ...document, engines: { ...document.engines, [engine_id]: [...others, entry] } };
}

/** A document without an engine; `undefined` when it was not there. */
export function removeRegistryEntry(document: RegistryDocument, engineId: string): RegistryDocument | undefined {
  if (!Object.hasOwn(document.engines, engineId)) return undefined;
  const { [engineId]: _removed, ...engines } = document.engines;
  return { ...document, engines };
}

/**
 * A document in which every readable entry of an engine is what `change` makes of it; `undefined` when there is none. Entries
 * that cannot be read stay as they are.
 */
export function changeRegistryEntries(
  document: RegistryDocument,
  engineId: string,
  change: (entry: RegistryEntry) => RegistryEntry,
): RegistryDocument | undefined {
  if (!Object.hasOwn(document.engines, engineId)) return undefined;
  const entries = document.engines[engineId] ?? [];
  if (!entries.some((entry) => CHECKERS.registryEntry.check(entry))) return undefined;
  const changed = entries.map((entry) => (CHECKERS.registryEntry.check(entry) ? change(entry) : entry));
  return { ...document, engines: { ...document.engines, [engineId]: changed } };
}
