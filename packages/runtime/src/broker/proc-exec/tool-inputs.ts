import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { JailMount } from '../../sandbox/jail/launch.ts';
import { toolError } from './errors.ts';
import { isPlainPath } from './exec-call.ts';

/** Inputs of an operation, as the wrapper reads them: through the store, verified. */
export interface InputSource {
  /** The files of a bundle; `undefined` for an input that is one file. Throws when there is no such input. */
  readonly files: (input: number) => Promise<readonly { readonly path: string; readonly size: number }[] | undefined>;
  /** The bytes of a file of a bundle, or of an input that is one file. */
  readonly read: (input: number, path: string | undefined) => Promise<Uint8Array>;
}

const MAX_FILES = 200_000;

/** Puts inputs on the disk for tools to read. Each once an operation, in a directory that only the host can write. */
export class ToolInputs {
  private readonly source: InputSource;
  private readonly dir: string;
  private readonly maxBytes: number;
  private readonly placed = new Map<number, string>();
  private bytes = 0;

  /**
   * @param dir an absolute path; made when it is first needed
   * @param maxBytes of all inputs together
   */
  constructor(source: InputSource, dir: string, maxBytes: number) {
    this.source = source;
    this.dir = dir;
    this.maxBytes = maxBytes;
  }

  /**
   * @param keepOn throws when the operation is over
   * @throws MexError `TOOL_WORKSPACE_LIMIT` when inputs are larger than allowed; what the source throws
   */
  async place(wanted: readonly { input: number; as: string }[], keepOn: () => void): Promise<JailMount[]> {
    const mounts: JailMount[] = [];
    for (const { input, as } of wanted) {
      const source = this.placed.get(input) ?? (await this.placeOne(input, keepOn));
      this.placed.set(input, source);
      mounts.push({ source, target: `/inputs/${as}` });
    }
    return mounts;
  }

  private async placeOne(input: number, keepOn: () => void): Promise<string> {
    const files = await this.source.files(input);
    // A fresh name each time: an attempt that broke off leaves files behind.
    const place = join(this.dir, `${input}-${crypto.randomUUID().slice(0, 8)}`);
    await mkdir(this.dir, { recursive: true, mode: 0o700 });
    if (files === undefined) {
      await this.write(place, await this.source.read(input, undefined));
      return place;
    }
    if (files.length > MAX_FILES) throw this.tooMuch();
    this.charge(files.reduce((sum, file) => sum + file.size, 0));
    await mkdir(place, { mode: 0o755 });
    const made = new Set<string>(['.']);
    for (const { path, size } of files) {
      keepOn();
      // The index was checked when it was pinned; a path that leaves the directory would write on the host.
      if (!isPlainPath(path)) throw unusablePath();
      const bytes = await this.source.read(input, path);
      if (bytes.byteLength !== size) throw unusablePath();
      await makeParent(place, dirname(path), made);
      await writeFile(join(place, path), bytes, { flag: 'wx', mode: 0o444 });
    }
    return place;
  }

  private async write(path: string, bytes: Uint8Array): Promise<void> {
    this.charge(bytes.byteLength);
    await writeFile(path, bytes, { flag: 'wx', mode: 0o444 });
  }

  private charge(bytes: number): void {
    this.bytes += bytes;
    if (this.bytes > this.maxBytes) throw this.tooMuch();
  }

  private tooMuch() {
    return toolError(
      'TOOL_WORKSPACE_LIMIT',
      `The inputs of a tool exceed ${this.maxBytes} bytes or ${MAX_FILES} files.`,
      'Give the tool fewer or smaller inputs, or let the host allow more.',
    );
  }
}

async function makeParent(place: string, parent: string, made: Set<string>): Promise<void> {
  if (made.has(parent)) return;
  await mkdir(join(place, parent), { recursive: true, mode: 0o755 });
  made.add(parent);
}

function unusablePath() {
  return toolError(
    'TOOL_CALL_INVALID',
    'A file of an input has a path or a size that a tool cannot be given.',
    'Hand the engine an input with plain relative paths.',
  );
}
