import { createPublicKey, hash, verify } from 'node:crypto';
import { type ErrorKind, MexError } from './errors.ts';
import { type JsonValue, parseStrictJson } from './json/index.ts';

/** Media type of a DSSE envelope (Dead Simple Signing Envelope, protocol v1). */
export const DSSE_MIME = 'application/vnd.dsse.envelope.v1+json';

/** Payload type of an in-toto statement. */
export const IN_TOTO_MIME = 'application/vnd.in-toto+json';

/** Most bytes of an envelope as JSON text. */
export const MAX_DSSE_BYTES = 64 * 1024 * 1024;
const MAX_SIGNATURES = 16;
const KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;

/**
 * Codes of an envelope that cannot be believed: it is none, its signature is not of the trusted key that it names, or
 * nobody who signed it is trusted.
 */
export type DsseErrorCode = 'DSSE_INVALID' | 'DSSE_SIGNATURE_WRONG' | 'DSSE_KEY_UNTRUSTED';

/** Whoever signs. */
export interface DsseSigner {
  /** A hint for those who verify; by custom of MEX {@link ed25519KeyId} of the public key. */
  readonly keyId: string;
  /** Ed25519 signature, 64 bytes. */
  readonly sign: (bytes: Uint8Array) => Uint8Array;
}

/** A key that is trusted to sign. */
export interface DsseKey {
  readonly keyId: string;
  /** Raw Ed25519 public key, 32 bytes. */
  readonly publicKey: Uint8Array;
}

/** A parsed envelope. Nothing of it may be believed before {@link verifyDsse}. */
export interface DsseEnvelope {
  readonly payloadType: string;
  readonly payload: Uint8Array;
  readonly signatures: readonly { readonly keyId: string; readonly signature: Uint8Array }[];
}

/** Lower-case hex SHA-256 of a raw Ed25519 public key. */
export function ed25519KeyId(publicKey: Uint8Array): string {
  return hash('sha256', publicKey, 'hex');
}

/** What is signed: type and content with their lengths in bytes, so that neither can be read as the other. */
export function preAuthentication(payload: Uint8Array, payloadType: string): Uint8Array {
  const type = Buffer.from(payloadType);
  return Buffer.concat([Buffer.from(`DSSEv1 ${type.length} `), type, Buffer.from(` ${payload.length} `), payload]);
}

/** Signs a payload. The envelope as JSON text, one signature for each signer. */
export function signDsse(payload: Uint8Array, payloadType: string, signers: readonly DsseSigner[]): string {
  const bytes = preAuthentication(payload, payloadType);
  const signatures = signers.map(({ keyId, sign }) => ({
    keyid: keyId,
    sig: Buffer.from(sign(bytes)).toString('base64'),
  }));
  const envelope = { payload: Buffer.from(payload).toString('base64'), payloadType, signatures };
  return `${JSON.stringify(envelope, null, 2)}\n`;
}

/**
 * Takes an envelope apart: JSON text, or a value that `parseStrictJson` made. Members the protocol does not know are
 * ignored, as it asks.
 * @throws MexError `DSSE_INVALID`
 */
export function parseDsse(envelope: string | Uint8Array | JsonValue): DsseEnvelope {
  const value = typeof envelope === 'string' || envelope instanceof Uint8Array ? parseText(envelope) : envelope;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid('it is no object');
  const { payload, payloadType, signatures } = value;
  if (typeof payloadType !== 'string' || !Array.isArray(signatures)) throw invalid('it has no type or no signatures');
  if (signatures.length > MAX_SIGNATURES) throw invalid(`it has more than ${MAX_SIGNATURES} signatures`);
  return { payloadType, payload: decodeBase64(payload), signatures: signatures.map(parseSignature) };
}

function parseSignature(one: JsonValue): DsseEnvelope['signatures'][number] {
  if (typeof one !== 'object' || one === null || Array.isArray(one)) throw invalid('a signature is no object');
  const { keyid = '', sig } = one;
  if (typeof keyid !== 'string') throw invalid('a key id is no text');
  return { keyId: keyid, signature: decodeBase64(sig) };
}

/**
 * The payload of an envelope that at least one of these keys signed, and which one it was. Key ids in the envelope are
 * hints and decide nothing but which refusal is told.
 * @param trusted from whoever decides on trust, never from the envelope
 * @throws MexError `DSSE_INVALID` also when it holds another type, `DSSE_SIGNATURE_WRONG`, `DSSE_KEY_UNTRUSTED`
 */
export function verifyDsse(
  envelope: DsseEnvelope,
  payloadType: string,
  trusted: readonly DsseKey[],
): { readonly payload: Uint8Array; readonly key: DsseKey } {
  if (envelope.payloadType !== payloadType) throw invalid(`it holds ${JSON.stringify(clip(envelope.payloadType))}`);
  const signed = preAuthentication(envelope.payload, payloadType);
  for (const key of trusted) {
    const publicKey = importKey(key.publicKey);
    const isSigned = ({ signature }: DsseEnvelope['signatures'][number]): boolean =>
      signature.length === SIGNATURE_BYTES && verify(null, signed, publicKey, signature);
    if (envelope.signatures.some(isSigned)) return { payload: envelope.payload, key };
  }
  const claimed = new Set(envelope.signatures.map(({ keyId }) => keyId));
  if (trusted.some(({ keyId }) => claimed.has(keyId))) {
    throw refusal('DSSE_SIGNATURE_WRONG', 'its signature is not over this content, though it names a trusted key');
  }
  const names = [...claimed].map(clip).join(', ');
  throw refusal(
    'DSSE_KEY_UNTRUSTED',
    claimed.size === 0 ? 'nobody signed it' : `no trusted key signed it, but ${names}`,
  );
}

function importKey(publicKey: Uint8Array): ReturnType<typeof createPublicKey> {
  if (publicKey.length !== KEY_BYTES) throw invalid(`a trusted key has ${publicKey.length} bytes instead of 32`);
  const x = Buffer.from(publicKey).toString('base64url');
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
}

function parseText(text: string | Uint8Array): JsonValue {
  try {
    return parseStrictJson(text, { maxBytes: MAX_DSSE_BYTES, maxStringBytes: MAX_DSSE_BYTES });
  } catch (cause) {
    throw invalid('it is no JSON', cause);
  }
}

/** Standard or URL-safe base64, padded or not. One form a byte string: stray bits and characters are refused. */
function decodeBase64(text: JsonValue | undefined): Uint8Array {
  if (typeof text !== 'string' || text.length > MAX_DSSE_BYTES) throw invalid('a part of it is no base64');
  const bytes = Buffer.from(text, 'base64');
  const plain = text.replaceAll('-', '+').replaceAll('_', '/');
  const exact = bytes.toString('base64');
  if (plain !== exact && plain !== exact.replace(/=+$/, '')) throw invalid('a part of it is no base64');
  return bytes;
}

/** Text of a stranger that goes into a message: short, and nothing a terminal obeys. */
function clip(text: string): string {
  return text.slice(0, 80).replace(/[^\x20-\x7e]/g, '?');
}

function invalid(what: string, cause?: unknown): MexError<DsseErrorCode> {
  return refusal('DSSE_INVALID', what, cause);
}

function refusal(code: DsseErrorCode, what: string, cause?: unknown): MexError<DsseErrorCode> {
  const kind: ErrorKind = 'integrity';
  const remedy =
    code === 'DSSE_KEY_UNTRUSTED'
      ? 'If you trust whoever signed it, say so with their public key.'
      : 'Take it again from where it was made.';
  return new MexError({ code, kind, message: `The signed envelope is refused: ${what}.`, remedy, cause });
}
