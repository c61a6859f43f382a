import type { EngineInput, InputFile } from '@mex/engine-sdk';
import { isPolicyDocument, type PolicySource, readPolicyDocument } from '../policy/policy.ts';
import { baseName, directoryOf, type FileKind, kindOfFile, licensedDirectory, MAX_FILE_BYTES } from './file-kinds.ts';
import { type FileReading, readLicenseFile } from './license-file.ts';
import { type ManifestFacts, readCycloneDx, readManifest, readNpmLockfile } from './manifests.ts';
import { placeOf } from './places.ts';
import { type Subject, Subjects } from './subject.ts';

/** Something of the input that could not be used; what it would have said is missing. */
export interface Gap {
  readonly code: GapWarningCode;
  readonly path: string;
  readonly message: string;
}

export type GapWarningCode = 'LICENSE_MANIFEST_UNREADABLE' | 'LICENSE_LOCKFILE_UNREAD' | 'LICENSE_INPUT_UNKNOWN';

/** One license or notice file and what was found in it. */
export interface ReadFile {
  readonly path: string;
  readonly sha256: string;
  readonly size: number;
  readonly kind: 'license' | 'notice';
  readonly reading: FileReading;
}

export interface Collected {
  readonly subjects: readonly Subject[];
  /** By the directory they speak for. */
  readonly files: ReadonlyMap<string, readonly ReadFile[]>;
  readonly policies: readonly PolicySource[];
  readonly gaps: readonly Gap[];
}

/** Largest SBOM or npm lockfile, in bytes. */
const MAX_DOCUMENT_BYTES = 64 * 1024 * 1024;
/** Files asked for at the same time. */
const AT_ONCE = 24;

/** Lockfiles that say nothing of licenses: without an SBOM their packages would be overlooked. */
const SILENT_LOCKFILES =
  /^(?:pnpm-lock\.yaml|yarn\.lock|Cargo\.lock|go\.sum|poetry\.lock|uv\.lock|Gemfile\.lock|composer\.lock)$/;

/** Codes after which nothing the inputs say can be relied on: the operation ends, instead of leaving one file out. */
const ENDS_THE_OPERATION = new Set(['ARTIFACT_DRIFT', 'ARTIFACT_CORRUPT', 'CAPABILITY_USED_WITHOUT_GRANT']);

/** What an external tool says of the license files of a directory; `undefined` for a file it does not list. */
export type ToolReadings = (input: EngineInput) => Promise<(path: string) => FileReading | undefined>;

/**
 * Reads all inputs: pinned directories, CycloneDX documents and policy documents, told apart by what they are.
 * @param readings who reads license files; default: this engine
 */
export async function collect(inputs: readonly EngineInput[], readings?: ToolReadings): Promise<Collected> {
  const collector = new InputCollector(readings);
  for (const input of inputs) {
    if (input.kind !== 'bundle') await collector.addDocument(input);
  }
  for (const input of inputs) {
    if (input.kind === 'bundle') await collector.addDirectory(input);
  }
  return collector.finish();
}

/** A tool that passes over a license file has not read it. */
const NOT_LISTED: FileReading = {
  kind: 'skipped',
  code: 'LICENSE_FILE_UNREADABLE',
  reason: 'the report of the tool does not list it',
};

class InputCollector {
  readonly #subjects = new Subjects();
  readonly #files = new Map<string, ReadFile[]>();
  readonly #policies: PolicySource[] = [];
  readonly #gaps: Gap[] = [];
  /** By content: most packages of a tree carry one of few texts. */
  readonly #readings = new Map<string, Promise<FileReading>>();
  readonly #toolReadings: ToolReadings | undefined;
  #hasBill = false;

  constructor(readings: ToolReadings | undefined) {
    this.#toolReadings = readings;
  }

  async addDocument(input: EngineInput): Promise<void> {
    const name = input.name ?? input.sha256.slice(0, 12);
    if (input.size > MAX_DOCUMENT_BYTES)
      return this.#gap(
        'LICENSE_INPUT_UNKNOWN',
        name,
        `It has ${input.size} bytes; the bound is ${MAX_DOCUMENT_BYTES}.`,
      );
    const text = new TextDecoder('utf-8').decode(await input.bytes());
    if (isPolicyDocument(text)) {
      this.#policies.push(readPolicyDocument(text));
      return;
    }
    const components = readCycloneDx(text);
    if (components === undefined)
      return this.#gap('LICENSE_INPUT_UNKNOWN', name, 'It is neither a CycloneDX document nor a license policy.');
    this.#hasBill = true;
    for (const { licenses, type, ...component } of components) {
      const joined = type === 'composer' || type === 'npm' ? ('or' as const) : ('and' as const);
      const declarations = licenses.map((one) => ({ text: one, joined, path: name }));
      this.#subjects.add({ ...component, type, declarations, seenIn: name });
    }
  }

  async addDirectory(input: EngineInput): Promise<void> {
    const files = await input.files();
    const kinds = new Map<InputFile, FileKind>();
    for (const file of files) {
      const kind = kindOfFile(file.path);
      if (kind !== undefined) kinds.set(file, kind);
      else if (!this.#hasBill && SILENT_LOCKFILES.test(baseName(file.path)) && placeOf(file.path).isProject)
        this.#gap(
          'LICENSE_LOCKFILE_UNREAD',
          file.path,
          'It names no licenses and is not read here: give the SBOM of the directory as an input, or packages that are not installed are overlooked.',
        );
    }
    const of = (...wanted: FileKind[]): InputFile[] =>
      [...kinds].flatMap(([file, kind]) => (wanted.includes(kind) ? [file] : []));
    await inBatches(of('manifest'), (file) => this.#addManifest(input, file));
    await inBatches(of('lockfile'), (file) => this.#addLockfile(input, file));
    const licenses = of('license', 'notice');
    const told = licenses.length === 0 ? undefined : await this.#toolReadings?.(input);
    await inBatches(licenses, (file) =>
      this.#addLicenseFile(input, file, kinds.get(file) === 'notice' ? 'notice' : 'license', told),
    );
  }

  finish(): Collected {
    const known = new Set(this.#subjects.list().flatMap((subject) => subject.directories));
    for (const [directory, files] of this.#files) {
      if (known.has(directory) || files.every(({ kind }) => kind === 'notice')) continue;
      const place = placeOf(`${directory}/LICENSE`);
      if (place.isInside) continue;
      const name = place.vendored ?? (directory === '' ? '.' : directory);
      const rest = { type: 'generic' as const, version: undefined, purl: undefined, isDevelopment: undefined };
      this.#subjects.add({
        ...rest,
        name,
        isProject: place.isProject,
        directory,
        seenIn: directory === '' ? '.' : directory,
      });
    }
    for (const files of this.#files.values()) files.sort((a, b) => (a.path < b.path ? -1 : 1));
    const gaps = this.#gaps.sort((a, b) => (a.path < b.path ? -1 : 1));
    return { subjects: this.#subjects.list(), files: this.#files, policies: this.#policies, gaps };
  }

  async #addManifest(input: EngineInput, file: InputFile): Promise<void> {
    const place = placeOf(file.path);
    if (place.isInside || (!place.isProject && place.vendored === undefined)) return;
    const text = await this.#text(input, file, MAX_FILE_BYTES);
    const facts = typeof text === 'string' ? readManifest(file.path, text) : undefined;
    if (facts === undefined) {
      // A `Cargo.toml` of a workspace has no package, and that is no fault of it.
      const reason = typeof text === 'string' ? 'It is not what a file of this name holds.' : text.reason;
      const isNamed = place.vendored !== undefined;
      if (isNamed || typeof text !== 'string' || baseName(file.path) === 'package.json')
        this.#gap('LICENSE_MANIFEST_UNREADABLE', file.path, reason);
      // The package is there all the same, and what is not known about it must show (CONTRACT §14 E).
      if (isNamed) this.#addUnread(file.path, place.vendored);
      return;
    }
    this.#subjects.add({
      ...this.#identity(facts, place.vendored ?? directoryOf(file.path), place.isProject),
      isDevelopment: undefined,
      isProject: place.isProject,
      directory: directoryOf(file.path),
      declarations: facts.licenses.map((one) => ({ text: one, joined: facts.joined, path: file.path })),
      seenIn: file.path,
    });
  }

  #addUnread(path: string, name: string): void {
    const type = path.includes('node_modules/') ? ('npm' as const) : ('generic' as const);
    const rest = { version: undefined, purl: undefined, isProject: false, isDevelopment: undefined };
    this.#subjects.add({ ...rest, type, name, directory: directoryOf(path), seenIn: path });
  }

  #identity({ type, name, version }: ManifestFacts, fallback: string, isProject: boolean) {
    const own = name ?? (fallback === '' ? '.' : fallback);
    return { type, name: own, version: isProject ? undefined : version, purl: undefined };
  }

  async #addLockfile(input: EngineInput, file: InputFile): Promise<void> {
    if (!placeOf(file.path).isProject || this.#hasBill) return;
    const text = await this.#text(input, file, MAX_DOCUMENT_BYTES);
    if (typeof text !== 'string') return this.#gap('LICENSE_LOCKFILE_UNREAD', file.path, text.reason);
    const packages = readNpmLockfile(text);
    if (packages === undefined)
      return this.#gap(
        'LICENSE_LOCKFILE_UNREAD',
        file.path,
        'It is no npm lockfile of version 2 or 3; give the SBOM of the directory as an input.',
      );
    for (const { licenses, ...rest } of packages) {
      const declarations = licenses.map((one) => ({ text: one, joined: 'or' as const, path: file.path }));
      this.#subjects.add({ ...rest, type: 'npm', purl: undefined, isProject: false, declarations, seenIn: file.path });
    }
  }

  async #addLicenseFile(
    input: EngineInput,
    file: InputFile,
    kind: 'license' | 'notice',
    told: ((path: string) => FileReading | undefined) | undefined,
  ): Promise<void> {
    const { path, sha256, size } = file;
    const reading = told === undefined ? await this.#readOnce(input, file) : (told(path) ?? NOT_LISTED);
    const directory = licensedDirectory(path);
    const read = { path, sha256, size, kind, reading };
    const list = this.#files.get(directory);
    if (list === undefined) this.#files.set(directory, [read]);
    else list.push(read);
  }

  #readOnce(input: EngineInput, file: InputFile): Promise<FileReading> {
    const asked = this.#readings.get(file.sha256) ?? this.#readLicense(input, file);
    this.#readings.set(file.sha256, asked);
    return asked;
  }

  async #readLicense(input: EngineInput, { path, size }: InputFile): Promise<FileReading> {
    if (size > MAX_FILE_BYTES)
      return {
        kind: 'skipped',
        code: 'LICENSE_FILE_TOO_LARGE',
        reason: `it has ${size} bytes; the bound is ${MAX_FILE_BYTES}`,
      };
    const bytes = await readOrReason(input, path);
    return bytes instanceof Uint8Array
      ? readLicenseFile(bytes)
      : { kind: 'skipped', code: 'LICENSE_FILE_UNREADABLE', reason: bytes };
  }

  async #text(input: EngineInput, { path, size }: InputFile, bound: number): Promise<string | { reason: string }> {
    if (size > bound) return { reason: `It has ${size} bytes; the bound is ${bound}.` };
    const bytes = await readOrReason(input, path);
    if (!(bytes instanceof Uint8Array)) return { reason: `It could not be opened: ${bytes}.` };
    return new TextDecoder('utf-8').decode(bytes);
  }

  #gap(code: GapWarningCode, path: string, message: string): void {
    this.#gaps.push({ code, path, message });
  }
}

async function readOrReason(input: EngineInput, path: string): Promise<Uint8Array | string> {
  try {
    return await input.read(path);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    if (ENDS_THE_OPERATION.has(code)) throw error;
    return `it could not be read (${code.slice(0, 60)})`;
  }
}

async function inBatches<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  for (let from = 0; from < items.length; from += AT_ONCE)
    await Promise.all(items.slice(from, from + AT_ONCE).map(work));
}
