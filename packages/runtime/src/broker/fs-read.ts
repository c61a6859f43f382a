import type { ArtifactStore } from '@mex/artifacts';
import { type ArtifactHandle, MexError } from '@mex/envelope';
import type { Answer } from './broker.ts';

/** Files of one bundle input, opened once an operation. */
interface OpenInput {
  readonly entries: readonly { readonly path: string; readonly sha256: string; readonly size_bytes: number }[];
  readonly read: (path: string) => Promise<Uint8Array>;
}

/**
 * `fs.read:inputs`: the operation's inputs and nothing else. Paths never reach the file system as the engine wrote
 * them: a path is looked up in the pinned index, and the index says what to open and what it must hash to.
 */
export class InputReader {
  private readonly store: ArtifactStore;
  private readonly inputs: readonly ArtifactHandle[];
  private readonly opened = new Map<number, Promise<OpenInput>>();

  constructor(store: ArtifactStore, inputs: readonly ArtifactHandle[]) {
    this.store = store;
    this.inputs = inputs;
  }

  async files(index: number): Promise<Answer> {
    const handle = this.input(index);
    if (handle.kind !== 'bundle') return { value: [] };
    const { entries } = await this.open(index, handle);
    return { value: entries.map((entry) => ({ path: entry.path, size: entry.size_bytes, sha256: entry.sha256 })) };
  }

  async bytes(index: number): Promise<Answer> {
    return { bytes: await this.store.get(this.input(index)) };
  }

  async read(index: number, path: string): Promise<Answer> {
    const handle = this.input(index);
    const { read } = await this.open(index, handle);
    return { bytes: await read(path) };
  }

  private input(index: number): ArtifactHandle {
    const handle = this.inputs[index];
    if (handle !== undefined) return handle;
    throw new MexError({ code: 'INPUT_UNRESOLVABLE', kind: 'validation', message: `There is no input ${index}.` });
  }

  private open(index: number, handle: ArtifactHandle): Promise<OpenInput> {
    const known = this.opened.get(index);
    if (known !== undefined) return known;
    const opened = this.store.openBundle(handle);
    this.opened.set(index, opened);
    return opened;
  }
}
