import type { Writable } from 'node:stream';
import { clipText } from '@mex/envelope';
import { redact, stripControl } from '@mex/guard';
import { type CallChannel, readCallFrame, readReceipt } from '../call-channel.ts';
import type { Jailed } from '../jail/launch.ts';
import { PROTOCOL_LIMITS } from '../protocol.ts';
import { type JobBase, type OpenVessel, type Usage, type Vessel, VesselBroken } from '../vessel.ts';
import { encodeFrame, type FrameKind, FrameReader } from './frames.ts';
import { ProcessGauge } from './gauge.ts';

/** UTF-8 bytes of a text: three a character at most. A reply carries figures before it. */
const MAX_TEXT_BYTES = (PROTOCOL_LIMITS.maxReplyChars + 64) * 3;
/** While calls with so many bytes wait to be served, nothing more is read. */
const MAX_UNSERVED_BYTES = 16 * 1024 * 1024;
/** The end of what a process wrote to stderr is kept; more is dropped. */
const STDERR_CHARS = 8_192;

type Waiting = { readonly resolve: (text: string) => void; readonly reject: (error: Error) => void };

/** A process in a jail, which serves one engine. */
export class ProcessVessel implements Vessel {
  readonly channel: CallChannel;
  readonly loaded: Promise<'loaded' | 'memory'>;
  private readonly jailed: Jailed;
  private readonly onLost: () => void;
  private readonly memoryBytes: number;
  private gauge: ProcessGauge | undefined;
  private load: { readonly resolve: (answer: 'loaded' | 'memory') => void; readonly reject: (error: Error) => void };
  private reply: Waiting | undefined;
  /** The program in the jail said that it is there; what ends it from now on is the engine. */
  private isReady = false;
  private unserved = 0;
  private stderr = '';
  private lost: Error | undefined;
  private ending: Promise<void> | undefined;

  constructor(jailed: Jailed, { code, memoryBytes, createChannel, onLost }: Parameters<OpenVessel>[0]) {
    this.jailed = jailed;
    this.onLost = onLost;
    this.memoryBytes = memoryBytes;
    this.channel = createChannel({
      send: (text, bytes) => this.write('answer', text, bytes),
      close: () => undefined,
    });
    const { promise, ...settle } = Promise.withResolvers<'loaded' | 'memory'>();
    this.loaded = promise;
    this.load = settle;
    promise.catch(() => undefined);
    const reader = new FrameReader(
      { maxTextBytes: MAX_TEXT_BYTES, maxBytes: Math.min(memoryBytes, 0xffff_ffff) },
      (kind, text, bytes) => this.receive(kind, text, bytes),
    );
    jailed.stdout.on('data', (chunk: Uint8Array) => this.read(reader, chunk));
    jailed.stderr.on('data', (chunk: Uint8Array) => {
      this.stderr = (this.stderr + Buffer.from(chunk).toString('latin1')).slice(-STDERR_CHARS);
    });
    void jailed.exited.then(() => this.lose(this.whyEnded()));
    // From the start, so that a bundle that takes too much while it is loaded is seen.
    void jailed.firstPid.then(
      (pid) => {
        this.gauge = new ProcessGauge(pid);
      },
      () => undefined,
    );
    this.write('load', `${memoryBytes} ${(code.webAssembly ?? []).join(',')}\n${code.text}`);
  }

  async run(request: string): Promise<string> {
    if (this.lost !== undefined) throw this.lost;
    const { promise, ...settle } = Promise.withResolvers<string>();
    this.reply = settle;
    hold(this.jailed, true);
    try {
      this.write('run', request);
      return await promise;
    } finally {
      this.reply = undefined;
      hold(this.jailed, false);
    }
  }

  /** V8 says so itself before it ends the process; a limit of the kernel makes it say the same. */
  isOutOfMemory(): boolean {
    return /out of memory|bad_alloc|Failed to reserve/iu.test(this.stderr);
  }

  async calibrate(): Promise<void> {
    this.gauge ??= new ProcessGauge(await this.jailed.firstPid);
    this.gauge.calibrate();
  }

  async sample(job: JobBase): Promise<Usage> {
    if (this.gauge === undefined) throw new Error('The process is not measured yet.');
    return this.gauge.sample(job);
  }

  isRested(): boolean {
    try {
      return this.gauge === undefined || this.gauge.rest() <= this.memoryBytes / 2;
    } catch {
      // The process is gone; its end is told elsewhere.
      return false;
    }
  }

  destroy(): Promise<void> {
    this.ending ??= this.end();
    return this.ending;
  }

  private async end(): Promise<void> {
    this.jailed.kill();
    this.lose(new Error('The sandboxed process was ended.'));
    await this.jailed.exited;
  }

  private write(kind: FrameKind, text: string, bytes?: Uint8Array): void {
    if (this.lost === undefined) writeFrame(this.jailed.stdin, kind, text, bytes);
  }

  /** Everything below is hostile: the engine may have taken the place of our own code over there. */
  private read(reader: FrameReader, chunk: Uint8Array): void {
    if (this.lost !== undefined) return;
    try {
      reader.push(chunk);
    } catch {
      void this.channel.receive(undefined);
      void this.destroy();
    }
  }

  private receive(kind: FrameKind, text: string, bytes: Uint8Array | undefined): void {
    if (this.lost !== undefined) return;
    if (kind === 'call') void this.serve(text, bytes);
    else if (kind === 'received') {
      const [session, count] = text.split(' ');
      void this.channel.receive(readReceipt(Number(session), Number(count)));
    } else if (kind === 'reply') {
      // Nobody asked: what speaks there is not our program any more.
      if (this.reply === undefined) void this.destroy();
      else this.reply.resolve(text);
    } else if (kind === 'loaded') this.load.resolve(text === 'ok' ? 'loaded' : 'memory');
    else if (kind === 'ready') this.isReady = true;
    else void this.channel.receive(undefined);
  }

  /** What is not served yet is in the host's memory: the pipe fills up before more of it is. */
  private async serve(text: string, bytes: Uint8Array | undefined): Promise<void> {
    const size = text.length + (bytes?.byteLength ?? 0);
    this.unserved += size;
    if (this.unserved > MAX_UNSERVED_BYTES) this.jailed.stdout.pause();
    await this.channel.receive(readCallFrame(text, bytes));
    this.unserved -= size;
    if (this.unserved <= MAX_UNSERVED_BYTES) this.jailed.stdout.resume();
  }

  private whyEnded(): Error {
    if (this.isReady) return new Error('The sandboxed process ended.');
    const said = clipText(redact(stripControl(this.stderr.trim())), 1_000);
    return new VesselBroken(`The sandbox ended before the engine was loaded${said === '' ? '.' : `: ${said}`}`);
  }

  private lose(error: Error): void {
    if (this.lost !== undefined) return;
    this.lost = error;
    this.load.reject(error);
    this.reply?.reject(error);
    this.onLost();
  }
}

function writeFrame(stdin: Writable, kind: FrameKind, text: string, bytes?: Uint8Array): void {
  const parts = encodeFrame(kind, text, bytes);
  if (parts.length > 1) stdin.cork();
  for (const part of parts) stdin.write(part);
  if (parts.length > 1) stdin.uncork();
}

/** An idle sandbox does not keep the host's process alive. */
export function hold({ child, stdin, stdout, stderr }: Jailed, on: boolean): void {
  for (const part of [child, stdin, stdout, stderr]) {
    const toggle: unknown = Reflect.get(part, on ? 'ref' : 'unref');
    if (typeof toggle === 'function') Reflect.apply(toggle, part, []);
  }
}
