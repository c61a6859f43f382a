import type { ArtifactStore } from '@mex/artifacts';
import { type ArtifactHandle, MexError } from '@mex/envelope';
import { budgetExceededCode } from '@mex/gates';
import { JobStop } from '../sandbox/tier.ts';
import type { Answer } from './broker.ts';
import type { InputSource } from './proc-exec/tool-inputs.ts';
import { ReadWindow } from './read-window.ts';

/** Files of one bundle input, opened once an operation. */
interface OpenInput {
  readonly entries: readonly { readonly path: string; readonly sha256: string; readonly size_bytes: number }[];
  readonly sizes: ReadonlyMap<string, number>;
  readonly read: (path: string) => Promise<Uint8Array>;
}

/**
 * `fs.read:inputs`: the operation's inputs and nothing else. Paths never reach the file system as the engine wrote
 * them: a path is looked up in the pinned index, and the index says what to open and what it must hash to.
 */
export class InputReader {
  private readonly store: ArtifactStore;
  private readonly inputs: readonly ArtifactHandle[];
  private readonly memoryBytes: number;
  private readonly opened = new Map<number, Promise<OpenInput>>();
  private readonly window = new ReadWindow();

  constructor(store: ArtifactStore, inputs: readonly ArtifactHandle[], memoryBytes: number) {
    this.store = store;
    this.inputs = inputs;
    this.memoryBytes = memoryBytes;
  }

  async files(index: number): Promise<Answer> {
    const handle = this.input(index);
    if (handle.kind !== 'bundle') return { value: [] };
    return this.admit(handle.size_bytes, async () => {
      const { entries } = await this.open(index, handle);
      return { value: entries.map((entry) => ({ path: entry.path, size: entry.size_bytes, sha256: entry.sha256 })) };
    });
  }

  async bytes(index: number): Promise<Answer> {
    const handle = this.input(index);
    return this.admit(handle.size_bytes, async () => ({ bytes: await this.store.get(handle) }));
  }

  async read(index: number, path: string): Promise<Answer> {
    const { read, sizes } = await this.open(index, this.input(index));
    // A path that is not there is refused by `read`.
    return this.admit(sizes.get(path) ?? 0, async () => ({ bytes: await read(path) }));
  }

  /** For external programs, which get inputs as files: nothing of it goes to the engine. */
  asFiles(): InputSource {
    return {
      files: async (index) => {
        const handle = this.input(index);
        if (handle.kind !== 'bundle') return undefined;
        const { entries } = await this.open(index, handle);
        return entries.map((entry) => ({ path: entry.path, size: entry.size_bytes }));
      },
      read: async (index, path) => {
        const handle = this.input(index);
        if (path !== undefined) return (await this.open(index, handle)).read(path);
        // It passes through the host's memory on its way to the disk.
        if (handle.size_bytes <= this.memoryBytes) return this.store.get(handle);
        const message = `an input of ${handle.size_bytes} bytes does not fit into the ${this.memoryBytes} bytes of the budget`;
        throw new JobStop(budgetExceededCode('memory_bytes'), message);
      },
    };
  }

  /** Ends the reads that have not begun. */
  close(reason: Error): void {
    this.window.close(reason);
  }

  /** The size is in the handle or the index: what the engine has no room for is never read. */
  private async admit(size: number, read: () => Promise<Answer>): Promise<Answer> {
    if (size > this.memoryBytes) {
      const message = `an input of ${size} bytes does not fit into the ${this.memoryBytes} bytes of the budget`;
      throw new JobStop(budgetExceededCode('memory_bytes'), message);
    }
    const turn = this.window.enter(size);
    if (turn !== undefined) await turn;
    try {
      return { ...(await read()), onReceived: () => this.window.leave(size) };
    } catch (thrown) {
      this.window.leave(size);
      throw thrown;
    }
  }

  private input(index: number): ArtifactHandle {
    const handle = this.inputs[index];
    if (handle !== undefined) return handle;
    throw new MexError({ code: 'INPUT_UNRESOLVABLE', kind: 'validation', message: `There is no input ${index}.` });
  }

  private open(index: number, handle: ArtifactHandle): Promise<OpenInput> {
    const known = this.opened.get(index);
    if (known !== undefined) return known;
    const opened = this.openNow(handle);
    this.opened.set(index, opened);
    return opened;
  }

  private async openNow(handle: ArtifactHandle): Promise<OpenInput> {
    const { entries, read } = await this.store.openBundle(handle);
    return { entries, read, sizes: new Map(entries.map((entry) => [entry.path, entry.size_bytes])) };
  }
}
