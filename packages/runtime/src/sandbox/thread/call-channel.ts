import type { MessagePort } from 'node:worker_threads';
import { PROTOCOL_LIMITS } from '../protocol.ts';
import { type CallFrame, type Job, JobStop, type KillReason, type ReplyFrame } from '../tier.ts';

/** Ends a job, unless it is over. */
export type StopJob = (job: Job, reason: KillReason, detail: string, cause?: unknown) => void;

interface Sent {
  readonly ordinal: number;
  readonly onReceived: () => void;
}

/** The host's end of the port between an engine's calls and the broker. Serves one job at a time. */
export class CallChannel {
  private readonly port: MessagePort;
  private readonly stop: StopJob;
  private job: Job | undefined;
  private newestSession = -1;
  private calls = 0;
  private sentFrames = 0;
  private unreceived: Sent[] = [];

  constructor(port: MessagePort, stop: StopJob) {
    this.port = port;
    this.stop = stop;
    port.on('message', (frame: unknown) => void this.serve(frame));
    port.unref();
  }

  begin(job: Job): void {
    this.job = job;
    this.newestSession = Math.max(this.newestSession, job.session);
    this.calls = 0;
    this.sentFrames = 0;
    if (this.unreceived.length > 0) this.unreceived = [];
  }

  /** Calls of the job that are still served are not answered any more. Returns whether there were any calls. */
  end(): boolean {
    this.job = undefined;
    return this.calls > 0;
  }

  close(): void {
    this.port.close();
  }

  /** Frames arrive from the engine's thread: hostile in shape, size, number and time. */
  private async serve(frame: unknown): Promise<void> {
    const { job } = this;
    if (job === undefined) return;
    const read = readFrame(frame);
    if (read === undefined) return this.stop(job, 'broker', 'SANDBOX_PROTOCOL: a malformed frame');
    if (read.session !== job.session) {
      // An earlier job did not wait for its call. That is no reason to end this one; a frame from the future is.
      if (read.session > this.newestSession) this.stop(job, 'broker', 'SANDBOX_PROTOCOL: a call for another operation');
      return;
    }
    if (read.call === undefined) return this.received(job, read.count);
    this.calls += 1;
    if (this.calls > PROTOCOL_LIMITS.maxCalls) return this.stop(job, 'broker', 'SANDBOX_PROTOCOL: too many calls');
    try {
      const reply = await job.onCall(read.call);
      if (this.job === job) this.send(reply);
    } catch (thrown) {
      if (this.job !== job) return;
      if (thrown instanceof JobStop) this.stop(job, 'broker', `${thrown.code}: ${thrown.message}`);
      else this.stop(job, 'host_failed', 'The host failed while it served a call.', thrown);
    }
  }

  private send({ text, bytes, onReceived }: ReplyFrame): void {
    this.sentFrames += 1;
    if (onReceived !== undefined) this.unreceived.push({ ordinal: this.sentFrames, onReceived });
    if (bytes === undefined) return this.port.postMessage([text]);
    const whole = ownBuffer(bytes);
    this.port.postMessage([text, whole], [whole.buffer]);
  }

  private received(job: Job, count: number): void {
    if (count > this.sentFrames) return this.stop(job, 'broker', 'SANDBOX_PROTOCOL: received what was not sent');
    const later = this.unreceived.findIndex((sent) => sent.ordinal > count);
    for (const sent of this.unreceived.splice(0, later < 0 ? this.unreceived.length : later)) sent.onReceived();
  }
}

/** Bytes that are alone in their buffer: a part of a larger one would take along what else lies in it. */
function ownBuffer(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer } = bytes;
  const alone = buffer instanceof ArrayBuffer && buffer.byteLength === bytes.byteLength;
  return alone ? new Uint8Array(buffer) : new Uint8Array(bytes);
}

type Frame =
  | { readonly session: number; readonly call: CallFrame }
  | { readonly session: number; readonly call: undefined; readonly count: number };

function readFrame(frame: unknown): Frame | undefined {
  if (!Array.isArray(frame)) return undefined;
  const [text, bytes]: unknown[] = frame;
  if (isCount(text)) return isCount(bytes) ? { session: text, call: undefined, count: bytes } : undefined;
  if (typeof text !== 'string' || text.length > PROTOCOL_LIMITS.maxCallChars) return undefined;
  const session = readSession(text);
  if (session === undefined) return undefined;
  if (bytes === undefined) return { session, call: { text } };
  // A view on shared memory could change after it was checked.
  if (bytes instanceof Uint8Array && bytes.buffer instanceof ArrayBuffer) return { session, call: { text, bytes } };
  return undefined;
}

const SESSION_PREFIX = '{"session":';

/** Every call begins with its session; the broker parses the rest. */
function readSession(text: string): number | undefined {
  if (!text.startsWith(SESSION_PREFIX)) return undefined;
  const end = text.indexOf(',', SESSION_PREFIX.length);
  if (end < 0 || end > SESSION_PREFIX.length + 16) return undefined;
  const session = Number(text.slice(SESSION_PREFIX.length, end));
  return isCount(session) ? session : undefined;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
