import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';

/** Told of bytes before anything is done with them. What it throws ends the connection. */
export type OnBytes = (direction: 'sent' | 'received', count: number) => void;

/**
 * A connection on which every byte of HTTP is counted as it passes, in both directions: framing, headers and interim
 * answers, not only bodies. No parser sees a byte that was not paid for. Owns the socket.
 */
export class MeteredSocket extends Duplex {
  private readonly socket: Socket;
  private readonly onBytes: OnBytes;

  constructor(socket: Socket, onBytes: OnBytes) {
    super();
    this.socket = socket;
    this.onBytes = onBytes;
    socket.on('data', (chunk: Buffer) => this.receive(chunk));
    socket.on('end', () => this.push(null));
    socket.on('error', (error) => this.destroy(error));
    // What came before an orderly end may still wait to be read.
    socket.on('close', () => {
      if (!socket.readableEnded) this.destroy();
    });
  }

  private receive(chunk: Buffer): void {
    if (this.destroyed || !this.count('received', chunk.byteLength)) return;
    if (!this.push(chunk)) this.socket.pause();
  }

  private count(direction: 'sent' | 'received', bytes: number): boolean {
    try {
      this.onBytes(direction, bytes);
      return true;
    } catch (thrown) {
      this.destroy(thrown instanceof Error ? thrown : new Error('the connection was ended'));
      return false;
    }
  }

  override _read(): void {
    this.socket.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    if (this.count('sent', chunk.byteLength)) this.socket.write(chunk, done);
    else done();
  }

  override _final(done: (error?: Error | null) => void): void {
    this.socket.end(done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.socket.destroy();
    done(error);
  }
}
