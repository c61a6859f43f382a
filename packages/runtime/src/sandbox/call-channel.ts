import { PROTOCOL_LIMITS } from './protocol.ts';
import { type CallFrame, type Job, JobStop, type KillReason, type ReplyFrame } from './tier.ts';
import type { FrameSender } from './vessel.ts';

/** Ends a job, unless it is over. */
export type StopJob = (job: Job, reason: KillReason, detail: string, cause?: unknown) => void;

interface Sent {
  readonly ordinal: number;
  readonly onReceived: () => void;
}

/** The host's end of the way between an engine's calls and the broker, whatever carries the frames. Serves one job at a time. */
export class CallChannel {
  private readonly sender: FrameSender;
  private readonly stop: StopJob;
  private job: Job | undefined;
  private newestSession = -1;
  private calls = 0;
  private sentFrames = 0;
  private unreceived: Sent[] = [];
  private pending = 0;

  constructor(sender: FrameSender, stop: StopJob) {
    this.sender = sender;
    this.stop = stop;
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
    this.sender.close();
  }

  /**
   * A frame from the engine's side: hostile in shape, size, number and time. Resolves when its call was served; the
   * carrier may wait for it before it reads on. Never rejects.
   */
  async receive(frame: EngineFrame | undefined): Promise<void> {
    const { job } = this;
    if (job === undefined) return;
    if (frame === undefined) return this.stop(job, 'broker', 'SANDBOX_PROTOCOL: a malformed frame');
    if (frame.session !== job.session) {
      // An earlier job did not wait for its call. That is no reason to end this one; a frame from the future is.
      if (frame.session > this.newestSession)
        this.stop(job, 'broker', 'SANDBOX_PROTOCOL: a call for another operation');
      return;
    }
    if (frame.call === undefined) return this.received(job, frame.count);
    this.calls += 1;
    if (this.calls > PROTOCOL_LIMITS.maxCalls) return this.stop(job, 'broker', 'SANDBOX_PROTOCOL: too many calls');
    // The engine's side keeps to half of it; twice as many come from something that took its place.
    if (this.pending >= PROTOCOL_LIMITS.maxPendingCalls * 2)
      return this.stop(job, 'broker', 'SANDBOX_PROTOCOL: too many calls at once');
    this.pending += 1;
    try {
      const reply = await job.onCall(frame.call);
      if (this.job === job) this.send(reply);
    } catch (thrown) {
      if (this.job !== job) return;
      if (thrown instanceof JobStop) this.stop(job, 'broker', `${thrown.code}: ${thrown.message}`);
      else this.stop(job, 'host_failed', 'The host failed while it served a call.', thrown);
    } finally {
      this.pending -= 1;
    }
  }

  private send({ text, bytes, onReceived }: ReplyFrame): void {
    this.sentFrames += 1;
    if (onReceived !== undefined) this.unreceived.push({ ordinal: this.sentFrames, onReceived });
    this.sender.send(text, bytes);
  }

  private received(job: Job, count: number): void {
    if (count > this.sentFrames) return this.stop(job, 'broker', 'SANDBOX_PROTOCOL: received what was not sent');
    const later = this.unreceived.findIndex((sent) => sent.ordinal > count);
    for (const sent of this.unreceived.splice(0, later < 0 ? this.unreceived.length : later)) sent.onReceived();
  }
}

/** What the engine's side may send while it runs: a call, or that it received the first `count` frames. */
export type EngineFrame =
  | { readonly session: number; readonly call: CallFrame }
  | { readonly session: number; readonly call: undefined; readonly count: number };

/** A call frame, or `undefined` for what is none. */
export function readCallFrame(text: string, bytes: Uint8Array | undefined): EngineFrame | undefined {
  if (text.length > PROTOCOL_LIMITS.maxCallChars) return undefined;
  const session = readSession(text);
  if (session === undefined) return undefined;
  return { session, call: bytes === undefined ? { text } : { text, bytes } };
}

/** An acknowledgement, or `undefined` for what is none. */
export function readReceipt(session: unknown, count: unknown): EngineFrame | undefined {
  return isCount(session) && isCount(count) ? { session, call: undefined, count } : undefined;
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
