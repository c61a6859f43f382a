import type { Readable, Writable } from 'node:stream';
import type { EngineSide, EngineSidePowers } from '../engine-side.ts';
import { PROTOCOL_LIMITS } from '../protocol.ts';
import type { Realm } from '../realm/realm.ts';
import { encodeFrame, type FrameKind, FrameReader } from './frames.ts';

/** What the program of a sandboxed process works with; taken from Node before the realm was disarmed. */
export interface ProcessPowers {
  readonly stdin: Readable;
  readonly stdout: Writable;
  /** Ends the process, without a word. */
  readonly exit: () => void;
  /** Array buffer bytes an engine may have at once; known when it is loaded. */
  readonly setMemory: (bytes: number) => void;
  readonly realm: Pick<Realm, 'memory'>;
  readonly createSide: (channel: Pick<EngineSidePowers, 'post' | 'acknowledge'>) => EngineSide;
}

/** What comes from the host is believed; the bounds only keep a broken stream from being read for ever. */
const HOST_BOUNDS = { maxTextBytes: 256 * 1024 * 1024, maxBytes: 0xffff_ffff };

/** Reads frames of the host from stdin and answers on stdout. */
export function servePipes(powers: ProcessPowers): void {
  const { stdin, stdout, exit } = powers;
  const send = (kind: FrameKind, text: string, bytes?: Uint8Array): void => {
    const parts = encodeFrame(kind, text, bytes);
    if (parts.length > 1) stdout.cork();
    for (const part of parts) stdout.write(part);
    if (parts.length > 1) stdout.uncork();
  };
  const side = powers.createSide({
    post: (text, bytes) => send('call', text, bytes),
    acknowledge: (session, count) => send('received', `${session} ${count}`),
  });
  const load = (text: string): void => {
    const cut = text.indexOf('\n');
    const [memory, modules = ''] = text.slice(0, cut).split(' ');
    powers.setMemory(Number(memory));
    try {
      side.load(text.slice(cut + 1), modules === '' ? [] : modules.split(','));
    } catch {
      // What a bundle throws is its own; it is not looked at.
      if (!powers.realm.memory().exceeded) return exit();
    }
    send('loaded', powers.realm.memory().exceeded ? 'memory' : 'ok');
  };
  const reader = new FrameReader(HOST_BOUNDS, (kind, text, bytes) => {
    if (kind === 'answer') side.deliver(text, bytes);
    else if (kind === 'run') void side.run(text).then((reply) => send('reply', reply), exit);
    else if (kind === 'load') load(text);
    else exit();
  });
  stdin.on('data', (chunk: Uint8Array) => reader.push(chunk));
  // The host is gone.
  stdin.on('end', exit);
  stdout.on('error', exit);
  send('ready', String(PROTOCOL_LIMITS.maxCallChars));
}
