/*
 * Frames over a byte stream, for both ends of the pipes of a sandboxed process: a kind, a text, and bytes beside it.
 * Whoever reads treats lengths as hostile. No import but Node's buffer: this file is loaded in the sandbox too.
 */
import { Buffer } from 'node:buffer';

/** Host → engine side. `load`: `<max array buffer bytes> <WebAssembly modules, by digest>\n<bundle>`; `run`: a request; `answer`: the reply to a call. */
export type HostFrame = 'load' | 'run' | 'answer';
/** Engine side → host. `ready`: waiting for `load`; `loaded`: `ok` or `memory`; `received`: `<session> <count>`. */
export type EngineFrameKind = 'ready' | 'loaded' | 'call' | 'received' | 'reply';
export type FrameKind = HostFrame | EngineFrameKind;

const KINDS: readonly FrameKind[] = ['load', 'run', 'answer', 'ready', 'loaded', 'call', 'received', 'reply'];
/** One byte of kind, four of the text's length in UTF-8, four of the bytes' length; little endian. */
const HEADER_BYTES = 9;
/** Smaller frames are copied into one piece, so that they cost one write. */
const JOIN_BYTES = 64 * 1024;

/** The realm replaces the constructor; the frames are MEX's own memory. */
const Bytes = Uint8Array;

/** The parts of a frame, to be written in order. */
export function encodeFrame(kind: FrameKind, text: string, bytes?: Uint8Array): Uint8Array[] {
  const textBytes = Buffer.byteLength(text);
  const bytesLength = bytes?.byteLength ?? 0;
  const head = Buffer.alloc(HEADER_BYTES + textBytes + (bytesLength <= JOIN_BYTES ? bytesLength : 0));
  head.writeUInt8(KINDS.indexOf(kind), 0);
  head.writeUInt32LE(textBytes, 1);
  head.writeUInt32LE(bytesLength, 5);
  head.write(text, HEADER_BYTES);
  if (bytes === undefined || bytesLength === 0) return [head];
  if (bytesLength > JOIN_BYTES) return [head, bytes];
  head.set(bytes, HEADER_BYTES + textBytes);
  return [head];
}

export interface FrameBounds {
  /** UTF-8 bytes. */
  readonly maxTextBytes: number;
  readonly maxBytes: number;
}

export type OnFrame = (kind: FrameKind, text: string, bytes: Uint8Array | undefined) => void;

/** Puts frames together from chunks of any size. */
export class FrameReader {
  private readonly onFrame: OnFrame;
  private readonly bounds: FrameBounds;
  private target: Uint8Array = new Bytes(HEADER_BYTES);
  private filled = 0;
  private phase: 'header' | 'text' | 'bytes' = 'header';
  private kind: FrameKind = 'call';
  private bytesLength = 0;
  private text = '';

  constructor(bounds: FrameBounds, onFrame: OnFrame) {
    this.bounds = bounds;
    this.onFrame = onFrame;
  }

  /** @throws RangeError on a kind that does not exist or a length over the bounds; nothing more can be read then. */
  push(chunk: Uint8Array): void {
    let at = 0;
    // A part of no bytes is complete before anything of it came.
    while (at < chunk.byteLength || this.filled === this.target.byteLength) {
      const count = Math.min(this.target.byteLength - this.filled, chunk.byteLength - at);
      if (count > 0) {
        this.target.set(chunk.subarray(at, at + count), this.filled);
        this.filled += count;
        at += count;
      }
      if (this.filled === this.target.byteLength) this.advance();
    }
  }

  private advance(): void {
    const done = this.target;
    if (this.phase === 'header') {
      const length = this.readHeader(done);
      this.begin('text', length);
    } else if (this.phase === 'text') {
      this.text = textOf(done);
      this.begin('bytes', this.bytesLength);
    } else {
      const { kind, text } = this;
      this.text = '';
      this.begin('header', HEADER_BYTES);
      this.onFrame(kind, text, done.byteLength === 0 ? undefined : done);
    }
  }

  private readHeader(header: Uint8Array): number {
    const view = new DataView(header.buffer, header.byteOffset);
    const kind = KINDS[view.getUint8(0)];
    const textLength = view.getUint32(1, true);
    this.bytesLength = view.getUint32(5, true);
    if (kind === undefined || textLength > this.bounds.maxTextBytes || this.bytesLength > this.bounds.maxBytes)
      throw new RangeError('A frame of unknown kind, or larger than agreed.');
    this.kind = kind;
    return textLength;
  }

  private begin(phase: 'header' | 'text' | 'bytes', length: number): void {
    this.phase = phase;
    this.target = new Bytes(length);
    this.filled = 0;
  }
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}
