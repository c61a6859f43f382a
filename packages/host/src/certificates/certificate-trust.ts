import { join } from 'node:path';
import { type DsseKey, ed25519KeyId } from '@mex/envelope/dsse';
import { createFileSigner, openFileSigner, type Signer } from '@mex/flight-recorder';
import type { CertificateTrust } from '@mex/registry';
import type { Policy } from '../policy.ts';
import { parseTrustedKey } from './certificate-policy.ts';

const keysOf = (home: string): string => join(home, 'keys');

/**
 * The key with which a home certifies engines, made at the first use (0600). It is another one than the log's: who may
 * sign certificates elsewhere must not be able to sign this home's log.
 * @throws MexError `SIGNER_KEY_INVALID`
 */
export function openCertifier(home: string): Signer {
  return createFileSigner(keysOf(home), 'certifier');
}

/**
 * Whose certificates count in a home: its own, and those of the keys that policy names (CONTRACT §10).
 * @throws MexError `SIGNER_KEY_INVALID` when the home has a certifier's key that cannot be used
 */
export function readCertificateTrust(home: string, { certificates }: Policy): CertificateTrust {
  const own = openFileSigner(keysOf(home), 'certifier');
  const keys: DsseKey[] = own === undefined ? [] : [{ keyId: ed25519KeyId(own.publicKey), publicKey: own.publicKey }];
  const { trustedKeys = [], revoked = [], harness } = certificates ?? {};
  for (const text of trustedKeys) {
    const key = parseTrustedKey(text);
    if (key !== undefined) keys.push(key);
  }
  return { keys, revoked, ...(harness === undefined ? {} : { harness }) };
}
