import { MexError } from '@mex/envelope';
import { type RecorderErrorCode } from '../errors.ts';
import { HASH_BYTES } from '../merkle/hash.ts';
import type { Signer } from './signer.ts';
import { createVerifierKey, decodeBase64, type VerifierKey } from './verifier-key.ts';

/** A checkpoint with more than this is refused unread. */
const MAX_NOTE_CHARS = 65_536;
const MAX_SIGNATURES = 16;
const KEY_ID_BYTES = 4;

/** A tree head: which log, how many events, and the Merkle root over them. */
export interface TreeHead {
  readonly origin: string;
  readonly size: number;
  readonly root: Uint8Array;
}

/** A parsed checkpoint. Nothing of it may be believed before {@link verifyCheckpoint}. */
export interface Checkpoint extends TreeHead {
  /** The signed text, with its final newline. */
  readonly text: string;
  readonly signatures: readonly { readonly name: string; readonly id: Uint8Array; readonly signature: Uint8Array }[];
}

function checkpointInvalid(what: string): MexError<RecorderErrorCode> {
  return new MexError({
    code: 'CHECKPOINT_INVALID',
    kind: 'integrity',
    message: `The checkpoint is not valid: ${what}`,
    remedy: 'Give the checkpoint exactly as the log printed it, and the public key of that log.',
  });
}

/** The three lines that are signed (C2SP tlog-checkpoint), with the final newline. */
function checkpointText(head: TreeHead): string {
  return `${head.origin}\n${head.size}\n${Buffer.from(head.root).toString('base64')}\n`;
}

/** Signs a tree head: a C2SP checkpoint with one signature line. */
export function signCheckpoint(head: TreeHead, signer: Signer): string {
  const text = checkpointText(head);
  const { id } = createVerifierKey(signer.keyName, signer.publicKey);
  const signature = signer.sign(Buffer.from(text));
  return `${text}\n\u2014 ${signer.keyName} ${Buffer.concat([id, signature]).toString('base64')}\n`;
}

/**
 * Takes a checkpoint apart.
 * @throws MexError `CHECKPOINT_INVALID` unless it is exactly in C2SP form.
 */
export function parseCheckpoint(note: string): Checkpoint {
  if (note.length > MAX_NOTE_CHARS || !note.isWellFormed()) throw checkpointInvalid('too long, or not Unicode');
  if (/[^\P{Cc}\n]/u.test(note)) throw checkpointInvalid('it has control characters');
  const split = note.lastIndexOf('\n\n');
  if (split === -1 || !note.endsWith('\n')) throw checkpointInvalid('it has no signature');
  const text = note.slice(0, split + 1);
  const lines = note.slice(split + 2, -1).split('\n');
  if (lines.length > MAX_SIGNATURES) throw checkpointInvalid(`it has more than ${MAX_SIGNATURES} signatures`);
  return { ...parseTreeHead(text), text, signatures: lines.map(parseSignatureLine) };
}

function parseTreeHead(text: string): TreeHead {
  const lines = text.slice(0, -1).split('\n');
  const [origin, size, encoded] = lines;
  if (origin === undefined || size === undefined || encoded === undefined || lines.includes('')) {
    throw checkpointInvalid('it has not three lines before the signature');
  }
  const count = Number(size);
  if (!/^(0|[1-9]\d*)$/.test(size) || !Number.isSafeInteger(count)) throw checkpointInvalid('its size is no number');
  const root = decodeBase64(encoded);
  if (root?.length !== HASH_BYTES) throw checkpointInvalid('its root is no base64 SHA-256');
  return { origin, size: count, root };
}

function parseSignatureLine(line: string): Checkpoint['signatures'][number] {
  const [dash, name, encoded, ...rest] = line.split(' ');
  const bytes = decodeBase64(encoded ?? '');
  if (
    dash !== '\u2014' ||
    name === undefined ||
    bytes === undefined ||
    bytes.length <= KEY_ID_BYTES ||
    rest.length > 0
  ) {
    throw checkpointInvalid('a signature line is malformed');
  }
  return { name, id: bytes.subarray(0, KEY_ID_BYTES), signature: bytes.subarray(KEY_ID_BYTES) };
}

/**
 * Reads a checkpoint and makes sure that the key signed it, for the log that the key names. Signatures of other keys
 * (witnesses) are ignored, as the specification asks.
 * @throws MexError `CHECKPOINT_INVALID`.
 */
export function verifyCheckpoint(note: string, key: VerifierKey): Checkpoint {
  const checkpoint = parseCheckpoint(note);
  if (checkpoint.origin !== key.name) throw checkpointInvalid(`it is of the log ${checkpoint.origin.slice(0, 100)}`);
  const bytes = Buffer.from(checkpoint.text);
  const own = checkpoint.signatures.filter((line) => line.name === key.name && Buffer.compare(line.id, key.id) === 0);
  if (own.length === 0) throw checkpointInvalid(`${key.name} did not sign it with this key`);
  if (!own.every((line) => key.check(bytes, line.signature))) throw checkpointInvalid('the signature is wrong');
  return checkpoint;
}
