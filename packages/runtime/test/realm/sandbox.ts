import { Worker } from 'node:worker_threads';
import type { CallWorld } from '../../src/sandbox/realm/realm.ts';
import type { EntryCall, EntryData, EntryReply } from './entry.ts';

export type Mode = EntryData['mode'];
/** Name → body of `async (t, outside) => { … }`, as text. */
export type Bodies = Readonly<Record<string, string>>;

export const FROZEN: CallWorld = { nowMs: 1_700_000_000_000, seedHex: 'c0ffee', frozen: true };
export const OPEN: CallWorld = { ...FROZEN, frozen: false };

export type Outcome =
  | { readonly kind: 'replied'; readonly reply: EntryReply }
  | { readonly kind: 'died'; readonly error: string }
  | { readonly kind: 'hung' };

export interface SandboxOptions {
  readonly maxArrayBufferBytes?: number;
  readonly env?: Readonly<Record<string, string>>;
}

/** One worker that has loaded bodies and runs them one at a time. */
export class Sandbox {
  /** What reached the worker's stdout and stderr. */
  printed = '';
  /** What the worker ended with; empty while it lives. */
  death = '';
  private readonly worker: Worker;
  private readonly ended: Promise<void>;
  private readonly loaded: Promise<string>;
  private lastId = 0;
  private waiting: { id: number; settle: (outcome: Outcome) => void } | undefined;

  constructor(mode: Mode, code: string, options: SandboxOptions = {}) {
    const workerData: EntryData = { mode, code, maxArrayBufferBytes: options.maxArrayBufferBytes ?? 64 * 1024 * 1024 };
    this.worker = new Worker(new URL('./entry.ts', import.meta.url), {
      workerData,
      env: { ...options.env },
      stdout: true,
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: 64 },
    });
    for (const stream of [this.worker.stdout, this.worker.stderr])
      stream.on('data', (chunk: Buffer) => {
        this.printed += chunk.toString();
      });
    this.ended = new Promise((resolve) => this.worker.once('exit', () => resolve()));
    this.worker.on('error', (error: unknown) => this.die(error instanceof Error ? error.message : String(error)));
    this.worker.on('exit', (code_) => this.die(`exit ${code_}`));
    this.loaded = new Promise((resolve) => {
      this.worker.on('message', (message: EntryReply | { loaded: string }) => {
        if ('loaded' in message) resolve(message.loaded);
        else if (this.waiting?.id === message.id) this.waiting.settle({ kind: 'replied', reply: message });
      });
      this.worker.once('exit', () => resolve('died'));
    });
  }

  /** A sandbox whose bodies are functions of the bundle. */
  static of(mode: Mode, bodies: Bodies, options: SandboxOptions = {}): Sandbox {
    return new Sandbox(mode, bundle(bodies), options);
  }

  /** `ok`, or what loading threw. */
  load(): Promise<string> {
    return this.loaded;
  }

  async call(name: string, target: unknown = {}, world: CallWorld = FROZEN, limitMs = 3_000): Promise<Outcome> {
    await this.loaded;
    if (this.death !== '') return { kind: 'died', error: this.death };
    this.lastId += 1;
    const call: EntryCall = { id: this.lastId, name, target, world };
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.waiting?.settle({ kind: 'hung' }), limitMs);
      this.waiting = {
        id: call.id,
        settle: (outcome) => {
          clearTimeout(timer);
          this.waiting = undefined;
          resolve(outcome);
        },
      };
      this.worker.postMessage(call);
    });
  }

  async close(): Promise<void> {
    await this.worker.terminate();
    await this.ended;
  }

  private die(error: string): void {
    if (this.death === '') this.death = error;
    this.waiting?.settle({ kind: 'died', error });
  }
}

export function bundle(bodies: Bodies): string {
  const entries = Object.entries(bodies).map(
    ([name, body]) => `${JSON.stringify(name)}: async (t, outside) => {\n${body}\n}`,
  );
  return `(function(){ __mex_register__({\n${entries.join(',\n')}\n}); })();`;
}

/** The value a body returned. @throws when it threw, died or hung. */
export function valueOf(outcome: Outcome): string {
  if (outcome.kind !== 'replied') throw new Error(outcome.kind === 'died' ? `died: ${outcome.error}` : 'hung');
  if (!outcome.reply.ok) throw new Error(`threw: ${outcome.reply.value}`);
  return outcome.reply.value;
}
