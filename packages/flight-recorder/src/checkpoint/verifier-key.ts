import { createPublicKey, hash, type KeyObject, verify } from 'node:crypto';
import { MexError } from '@mex/envelope';
import type { RecorderErrorCode } from '../errors.ts';

/** Signature type of Ed25519 in a C2SP signed note. */
const ED25519 = 0x01;
const KEY_BYTES = 32;
const KEY_ID_BYTES = 4;
const MAX_VKEY_CHARS = 1_024;

/** A public key that checks signed notes: who signs, and how to check it. */
export interface VerifierKey {
  /** Name in the signature line; a schema-less URL by convention. */
  readonly name: string;
  /** First 4 bytes of SHA-256 over name, newline, signature type and key (C2SP signed-note). */
  readonly id: Uint8Array;
  /** Raw Ed25519 public key, 32 bytes. */
  readonly publicKey: Uint8Array;
  /** Whether `signature` (64 bytes) is this key's over `bytes`. */
  readonly check: (bytes: Uint8Array, signature: Uint8Array) => boolean;
}

/** Whether a text can name a key: not empty, no white space, no plus, no control characters (C2SP signed-note). */
function isKeyName(name: string): boolean {
  return name.length > 0 && name.length <= 256 && !/[\s+\p{Cc}\p{Z}]/u.test(name) && name.isWellFormed();
}

function keyInvalid(what: string): MexError<RecorderErrorCode> {
  return new MexError({
    code: 'SIGNER_KEY_INVALID',
    kind: 'validation',
    message: `This is no Ed25519 verifier key: ${what}`,
    remedy: 'Give the key in the form name+hash+base64, as the log printed it.',
  });
}

/**
 * Builds the checker of an Ed25519 key from its raw 32 bytes.
 * @throws MexError `SIGNER_KEY_INVALID`.
 */
export function createVerifierKey(name: string, publicKey: Uint8Array): VerifierKey {
  if (!isKeyName(name)) throw keyInvalid('the name is empty, too long, or has white space or a plus in it');
  if (publicKey.length !== KEY_BYTES) throw keyInvalid(`the key has ${publicKey.length} bytes, not ${KEY_BYTES}`);
  const raw = Uint8Array.from(publicKey);
  const id = hash('sha256', Buffer.concat([Buffer.from(`${name}\n`), Buffer.of(ED25519), raw]), 'buffer');
  // Making the key object costs more than a whole small log's opening, so it waits for the first check.
  let key: KeyObject | undefined;
  const check = (bytes: Uint8Array, signature: Uint8Array): boolean => {
    key ??= createPublicKey({
      key: { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(raw).toString('base64url') },
      format: 'jwk',
    });
    return verify(null, bytes, key, signature);
  };
  return { name, id: id.subarray(0, KEY_ID_BYTES), publicKey: raw, check };
}

/** `<name>+<hex key id>+<base64 of type and key>`: how a verifier key is written down. */
export function formatVerifierKey(key: VerifierKey): string {
  const typed = Buffer.concat([Buffer.of(ED25519), key.publicKey]);
  return `${key.name}+${Buffer.from(key.id).toString('hex')}+${typed.toString('base64')}`;
}

/**
 * Reads a verifier key written down by {@link formatVerifierKey}.
 * @throws MexError `SIGNER_KEY_INVALID` also when its id does not belong to its name and key.
 */
export function parseVerifierKey(text: string): VerifierKey {
  const parts = text.length > MAX_VKEY_CHARS ? [] : text.trim().split('+');
  const [name, id] = parts;
  // Base64 may hold a plus itself.
  const typed = decodeBase64(parts.slice(2).join('+'));
  if (name === undefined || id === undefined || typed === undefined) throw keyInvalid('it has not three parts');
  if (typed[0] !== ED25519) throw keyInvalid('it is of another signature type');
  const key = createVerifierKey(name, typed.subarray(1));
  if (Buffer.from(key.id).toString('hex') !== id) throw keyInvalid('its id does not belong to its name and key');
  return key;
}

/** Standard base64 with padding, exactly one spelling for each value; `undefined` for anything else. */
export function decodeBase64(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text, 'base64');
  return text.length > 0 && bytes.toString('base64') === text ? bytes : undefined;
}
