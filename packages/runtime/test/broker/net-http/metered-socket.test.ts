import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { MeteredSocket, type OnBytes } from '../../../src/broker/net-http/metered-socket.ts';

let server: Server | undefined;
const opened: Socket[] = [];
afterEach(() => {
  for (const socket of opened.splice(0)) socket.destroy();
  server?.close();
});

/** A metered connection to a server that does as it is told. */
async function wireTo(serve: (socket: Socket) => void, onBytes: OnBytes) {
  const started = createServer((socket) => {
    opened.push(socket);
    socket.on('error', () => undefined);
    serve(socket);
  });
  server = started;
  await new Promise<void>((resolve) => started.listen(0, '127.0.0.1', resolve));
  const address = started.address();
  const socket = connect(typeof address === 'object' && address !== null ? address.port : 0, '127.0.0.1');
  opened.push(socket);
  const wire = new MeteredSocket(socket, onBytes);
  return { socket, wire };
}

const moment = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 30));

describe('MeteredSocket', () => {
  it('gives what came before the end, also when it is read long after', async () => {
    const { socket, wire } = await wireTo(
      (end) => end.end(Buffer.alloc(50_000)),
      () => undefined,
    );
    await new Promise((resolve) => socket.once('close', resolve));
    let size = 0;
    for await (const chunk of wire) size += Buffer.isBuffer(chunk) ? chunk.length : 0;
    expect(size).toBe(50_000);
  });

  it('[§9] takes no more than it has room for while nobody reads', async () => {
    let received = 0;
    const { wire } = await wireTo(
      (socket) => socket.write(Buffer.alloc(20_000_000)),
      (_direction, count) => {
        received += count;
      },
    );
    await moment();
    expect(received).toBeLessThan(400_000);
    wire.destroy();
  });

  it('[§9] shows no byte to anybody that was not paid for', async () => {
    const refusal = new Error('over');
    const seen: unknown[] = [];
    const { socket, wire } = await wireTo(
      (far) => far.write('hello'),
      (direction) => {
        if (direction === 'received') throw refusal;
      },
    );
    wire.on('data', (chunk) => seen.push(chunk));
    expect(await new Promise((resolve) => wire.once('error', resolve))).toBe(refusal);
    expect([seen, socket.destroyed]).toEqual([[], true]);
  });

  it('[§9] sends no byte that was not paid for', async () => {
    const arrived: unknown[] = [];
    const { wire } = await wireTo(
      (far) => far.on('data', (chunk) => arrived.push(chunk)),
      (direction) => {
        if (direction === 'sent') throw new Error('over');
      },
    );
    const failed = new Promise((resolve) => wire.once('error', resolve));
    wire.write('hello');
    await failed;
    await moment();
    expect(arrived).toEqual([]);
  });
});
