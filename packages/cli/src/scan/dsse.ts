import { createPublicKey, verify } from 'node:crypto';
import { type JsonValue, MexError, parseStrictJson } from '@mex/envelope';
import type { Signer } from '@mex/flight-recorder';

/** Media type of a DSSE envelope. */
export const DSSE_MIME = 'application/vnd.dsse.envelope.v1+json';

/** Codes of an envelope that cannot be trusted. */
export type DecisionErrorCode = 'RELEASE_DECISION_INVALID';

const MAX_BYTES = 64 * 1024 * 1024;

/** A signed payload as JSON text: the DSSE envelope with one Ed25519 signature. */
export function signEnvelope(payload: Uint8Array, payloadType: string, signer: Signer): string {
  const sig = Buffer.from(signer.sign(preAuthentication(payload, payloadType))).toString('base64');
  const envelope = {
    payload: Buffer.from(payload).toString('base64'),
    payloadType,
    signatures: [{ keyid: signer.keyName, sig }],
  };
  return `${JSON.stringify(envelope, null, 2)}\n`;
}

/**
 * The payload of an envelope that this key signed. The key id in it is a hint and decides nothing.
 * @param publicKey raw Ed25519 key, 32 bytes, from whoever is trusted: never from the envelope
 * @throws MexError `RELEASE_DECISION_INVALID`
 */
export function verifyEnvelope(bytes: Uint8Array, payloadType: string, publicKey: Uint8Array): Uint8Array {
  const envelope = parseEnvelope(bytes);
  if (envelope.payloadType !== payloadType) throw invalid(`it holds ${envelope.payloadType.slice(0, 80)}`);
  const key = createPublicKey({
    key: { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(publicKey).toString('base64url') },
    format: 'jwk',
  });
  const signed = preAuthentication(envelope.payload, payloadType);
  if (!envelope.signatures.some((signature) => verify(null, signed, key, signature)))
    throw invalid('no signature in it is of this key over this content');
  return envelope.payload;
}

/** What is signed: type and content with their lengths, so that neither can be read as the other. */
function preAuthentication(payload: Uint8Array, payloadType: string): Buffer {
  const type = Buffer.from(payloadType);
  return Buffer.concat([Buffer.from(`DSSEv1 ${type.length} `), type, Buffer.from(` ${payload.length} `), payload]);
}

interface Envelope {
  readonly payload: Uint8Array;
  readonly payloadType: string;
  readonly signatures: readonly Uint8Array[];
}

function parseEnvelope(bytes: Uint8Array): Envelope {
  const value = parse(bytes);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid('it is no object');
  const { payload, payloadType, signatures } = value;
  if (typeof payloadType !== 'string' || !Array.isArray(signatures)) throw invalid('it is no DSSE envelope');
  return {
    payload: decode(payload),
    payloadType,
    signatures: signatures.map((one) =>
      typeof one === 'object' && one !== null && !Array.isArray(one) ? decode(one['sig']) : decode(undefined),
    ),
  };
}

function parse(bytes: Uint8Array): JsonValue {
  try {
    return parseStrictJson(bytes, { maxBytes: MAX_BYTES, maxStringBytes: MAX_BYTES });
  } catch (cause) {
    throw invalid('it is no JSON', cause);
  }
}

/** Standard or URL-safe base64; anything that is not exactly that is refused. */
function decode(text: JsonValue | undefined): Uint8Array {
  if (typeof text !== 'string' || !/^[\w+/-]*={0,2}$/.test(text)) throw invalid('a part of it is no base64');
  return Buffer.from(text, 'base64');
}

export function invalid(what: string, cause?: unknown): MexError<DecisionErrorCode> {
  return new MexError({
    code: 'RELEASE_DECISION_INVALID',
    kind: 'integrity',
    message: `The release decision cannot be trusted: ${what}.`,
    remedy: 'Take it from where it was made, and check it with the public key of that home.',
    cause,
  });
}
