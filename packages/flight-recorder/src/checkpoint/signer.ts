import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { MexError } from '@mex/envelope';
import { messageOf, type RecorderErrorCode } from '../errors.ts';
import { createVerifierKey, formatVerifierKey } from './verifier-key.ts';

/**
 * Signs the checkpoints of one log. Replace it to keep the key elsewhere. It must be Ed25519 (RFC 8032): the same
 * bytes always give the same signature, because the log derives the key of its head seal from one.
 */
export interface Signer {
  /** Name of the key and origin of the log; one key signs one log only. */
  readonly keyName: string;
  /** Raw Ed25519 public key, 32 bytes. */
  readonly publicKey: Uint8Array;
  /** Ed25519 signature, 64 bytes. */
  readonly sign: (bytes: Uint8Array) => Uint8Array;
}

/** The public key of a signer as text, to hand to whoever checks the log. */
export function verifierKeyOf(signer: Pick<Signer, 'keyName' | 'publicKey'>): string {
  return formatVerifierKey(createVerifierKey(signer.keyName, signer.publicKey));
}

interface StoredKey {
  readonly keyName: string;
  readonly privateKey: KeyObject;
  readonly publicKey: Uint8Array;
}

/** What a key is for: a key signs one kind of thing, so that no signature can be shown as one of another kind. */
export type SignerPurpose = 'log' | 'certifier';

/**
 * A signer whose key is in `<dir>/<purpose>-signing-key.json`, made at the first use with mode 0600. Two processes that
 * start at once get the same key. The folder is made with mode 0700 when it is missing.
 * @throws MexError `SIGNER_KEY_INVALID` when the file is damaged, or others may read it or write its folder.
 */
export function createFileSigner(dir: string, purpose: SignerPurpose = 'log'): Signer {
  return signerOf(readKey(keyFile(dir, purpose)) ?? createKey(dir, purpose));
}

/**
 * The signer of {@link createFileSigner} where it was made already; makes nothing.
 * @throws MexError `SIGNER_KEY_INVALID` when the file is damaged, or others may read it or write its folder.
 */
export function openFileSigner(dir: string, purpose: SignerPurpose): Signer | undefined {
  const stored = readKey(keyFile(dir, purpose));
  return stored === undefined ? undefined : signerOf(stored);
}

function signerOf({ keyName, privateKey, publicKey }: StoredKey): Signer {
  return { keyName, publicKey, sign: (bytes) => sign(null, bytes, privateKey) };
}

function keyFile(dir: string, purpose: SignerPurpose): string {
  return join(dir, `${purpose}-signing-key.json`);
}

function createKey(dir: string, purpose: SignerPurpose): StoredKey {
  const file = keyFile(dir, purpose);
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const { privateKey } = generateKeyPairSync('ed25519');
  const { x, d } = privateKey.export({ format: 'jwk' });
  const keyName = `mex.${purpose}/${randomBytes(8).toString('hex')}`;
  const draft = join(dir, `.${purpose}-signing-key.${process.pid}.${randomBytes(6).toString('hex')}`);
  writeFileSync(draft, `${JSON.stringify({ key_name: keyName, kty: 'OKP', crv: 'Ed25519', x, d })}\n`, {
    flag: 'wx',
    mode: 0o600,
    flush: true,
  });
  try {
    // A link never replaces: of two processes one wins, and both read the winner's key.
    linkSync(draft, file);
  } catch (error) {
    if (!isErrno(error, 'EEXIST')) throw keyFileInvalid(file, messageOf(error), error);
  } finally {
    rmSync(draft, { force: true });
  }
  syncDirectory(dir);
  const stored = readKey(file);
  if (stored === undefined) throw keyFileInvalid(file, 'it vanished while it was made');
  return stored;
}

/** A log signed with a key that a power failure then takes away could never be continued. */
function syncDirectory(dir: string): void {
  if (process.platform === 'win32') return;
  const handle = openSync(dir, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

function readKey(file: string): StoredKey | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw keyFileInvalid(file, messageOf(error), error);
  }
  if (process.platform !== 'win32' && (statSync(file).mode & 0o077) !== 0) {
    throw keyFileInvalid(file, 'others than its owner may read or write it; run chmod 600 on it');
  }
  // Who may write the folder may put a key of his own in its place. A sticky one lets nobody replace what is another's.
  const { mode } = statSync(dirname(file));
  if (process.platform !== 'win32' && (mode & 0o022) !== 0 && (mode & 0o1000) === 0) {
    throw keyFileInvalid(file, 'others than its owner may write its folder; run chmod 700 on that');
  }
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || !('key_name' in value) || typeof value.key_name !== 'string') {
      throw new Error('it has no key_name');
    }
    const privateKey = createPrivateKey({ key: toJwk(value), format: 'jwk' });
    const { x } = createPublicKey(privateKey).export({ format: 'jwk' });
    const { publicKey, name } = createVerifierKey(value.key_name, Buffer.from(x ?? '', 'base64url'));
    return { keyName: name, privateKey, publicKey };
  } catch (error) {
    // No cause, no message of the parser: either may quote the key.
    if (error instanceof MexError) throw keyFileInvalid(file, error.message);
    throw keyFileInvalid(file, 'its content is not a key as this recorder writes it');
  }
}

function toJwk(value: object): Record<'kty' | 'crv' | 'x' | 'd', string> {
  const member = (name: string): string => {
    const text: unknown = Reflect.get(value, name);
    if (typeof text !== 'string') throw new Error(`it has no ${name}`);
    return text;
  };
  return { kty: member('kty'), crv: member('crv'), x: member('x'), d: member('d') };
}

function keyFileInvalid(file: string, what: string, cause?: unknown): MexError<RecorderErrorCode> {
  return new MexError({
    code: 'SIGNER_KEY_INVALID',
    kind: 'integrity',
    message: `The signing key ${file} cannot be used: ${what}`,
    remedy: isErrno(cause, 'EACCES')
      ? 'It belongs to somebody else: work as the owner of this home, or in a home of your own.'
      : 'Restore the file. Without it what it signed can still be checked with the public key, but nothing new be signed.',
    cause,
  });
}

function isErrno(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
