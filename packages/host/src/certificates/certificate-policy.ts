import type { DsseKey } from '@mex/envelope/dsse';
import { ed25519KeyId } from '@mex/envelope/dsse';

/** Whose certificates count besides those that this home signed itself (CONTRACT §10). */
export interface CertificatePolicy {
  /** `ed25519:<base64 of the raw public key>`. */
  readonly trustedKeys: readonly string[];
  /** SHA-256 of the payload of a certificate, or `key:<key id>`. Comes before trust. */
  readonly revoked: readonly string[];
  /** Semver range of the harness versions that count; default what this MEX knows. */
  readonly harness?: string;
}

const PREFIX = 'ed25519:';
const KEY_BYTES = 32;

/** A public key as policy files and commands write it; `undefined` when it is none. */
export function parseTrustedKey(text: string): DsseKey | undefined {
  if (!text.startsWith(PREFIX)) return undefined;
  const encoded = text.slice(PREFIX.length);
  const publicKey = Buffer.from(encoded, 'base64');
  if (publicKey.length !== KEY_BYTES || publicKey.toString('base64') !== encoded) return undefined;
  // Of such a point everybody can make signatures.
  if (isOfSmallOrder(publicKey)) return undefined;
  return { keyId: ed25519KeyId(publicKey), publicKey };
}

/** {@link parseTrustedKey}, the other way. */
export function formatTrustedKey(publicKey: Uint8Array): string {
  return PREFIX + Buffer.from(publicKey).toString('base64');
}

/** The y coordinates, sign bit left out, of the eight points of small order of Ed25519, and their forms beyond the field. */
const SMALL_ORDER: ReadonlySet<string> = new Set([
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
]);

function isOfSmallOrder(publicKey: Uint8Array): boolean {
  const bytes = Buffer.from(publicKey);
  bytes[KEY_BYTES - 1] = (bytes[KEY_BYTES - 1] ?? 0) & 0x7f;
  return SMALL_ORDER.has(bytes.toString('hex'));
}
