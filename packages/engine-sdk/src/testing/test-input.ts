import { hash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ArtifactHandle, canonicalBytes } from '@mex/envelope';

/** Files of a directory: `/`-separated paths, and what is in each. */
export type TestFiles = Readonly<Record<string, string | Uint8Array>>;

/** One input: a text or bytes; files that make up a directory; or a file or directory on the disk. */
export type TestInput = string | Uint8Array | TestBlob | TestBundle | TestPath;

/** A blob that says more of itself. */
export interface TestBlob {
  readonly content: string | Uint8Array;
  readonly name?: string;
  /** Default `application/octet-stream`. */
  readonly mime?: string;
  /** Default `file`. */
  readonly kind?: Exclude<ArtifactHandle['kind'], 'bundle'>;
}

/** A directory, made up. */
export interface TestBundle {
  readonly files: TestFiles;
  readonly name?: string;
}

/** A file or directory on the disk, read when the test begins. A directory becomes a bundle; links in it are left out. */
export interface TestPath {
  readonly path: string | URL;
  /** Default: its last part. */
  readonly name?: string;
  readonly mime?: string;
  readonly kind?: ArtifactHandle['kind'];
}

/** An input as the context shows it. */
export interface ReadyInput {
  readonly name: string | undefined;
  readonly mime: string;
  readonly kind: string;
  /** The whole of a blob, the canonical index of a bundle. */
  readonly bytes: Uint8Array;
  /** Of a bundle, in code-unit order of paths. */
  readonly files: ReadonlyMap<string, Uint8Array> | undefined;
}

const BUNDLE_MIME = 'application/vnd.mex.bundle+json';

export function readyInput(input: TestInput): ReadyInput {
  if (typeof input === 'string' || input instanceof Uint8Array) return readyBlob({ content: input });
  if ('content' in input) return readyBlob(input);
  if ('files' in input) return readyBundle(filesOf(input.files), input.name);
  const path = typeof input.path === 'string' ? input.path : fileURLToPath(input.path);
  const name = input.name ?? basename(path);
  if (lstatSync(path).isDirectory()) return readyBundle(readFiles(path), name);
  const { mime, kind } = input;
  const bytes = bytesOf(readFileSync(path));
  return { name, mime: mime ?? 'application/octet-stream', kind: kind ?? 'file', bytes, files: undefined };
}

function readyBlob({ content, name, mime = 'application/octet-stream', kind = 'file' }: TestBlob): ReadyInput {
  return { name, mime, kind, bytes: bytesOf(content), files: undefined };
}

function readyBundle(files: ReadonlyMap<string, Uint8Array>, name: string | undefined): ReadyInput {
  const entries = [...files].map(([path, bytes]) => ({ path, sha256: sha256(bytes), size_bytes: bytes.length }));
  const index = canonicalBytes({ schema_version: 'mex.bundle@1.0', entries }, { maxChars: 64 * 1024 * 1024 });
  return { name, mime: BUNDLE_MIME, kind: 'bundle', bytes: index, files };
}

/** Files by path, in code-unit order. */
export function filesOf(files: TestFiles): ReadonlyMap<string, Uint8Array> {
  const entries = Object.entries(files).map(([path, content]) => [path, bytesOf(content)] as const);
  return new Map(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Regular files below a directory, by `/`-separated path in code-unit order. */
export function readFiles(dir: string): ReadonlyMap<string, Uint8Array> {
  const found: Record<string, Uint8Array> = {};
  const walk = (below: string): void => {
    for (const entry of readdirSync(join(dir, below), { withFileTypes: true })) {
      const path = below === '' ? entry.name : `${below}/${entry.name}`;
      if (entry.isDirectory()) walk(path);
      else if (entry.isFile()) found[path.normalize('NFC')] = readFileSync(join(dir, path));
    }
  };
  walk('');
  return filesOf(found);
}

/** A copy of its own: what the test does with its array later changes nothing. */
export function bytesOf(content: string | Uint8Array): Uint8Array {
  return typeof content === 'string' ? new TextEncoder().encode(content) : new Uint8Array(content);
}

export function sha256(bytes: Uint8Array): string {
  return hash('sha256', bytes, 'hex');
}
