import { createPublicKey } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import type { DsseKey } from '@mex/envelope/dsse';
import { formatTrustedKey, parseTrustedKey } from '@mex/host';
import { usageError } from '../usage-error.ts';

const MAX_KEY_BYTES = 16 * 1024;

/**
 * A public key as `--key` takes it: `ed25519:<base64>`, or a file with that or with a PEM public key.
 * @throws MexError `CLI_USAGE`
 */
export function readKeyOption(text: string): DsseKey {
  const key = parseTrustedKey(text) ?? parseTrustedKey(readKeyFile(text));
  if (key !== undefined) return key;
  throw usageError(
    `--key does not understand "${text.slice(0, 100)}".`,
    'Write ed25519:<base64 of 32 bytes>, or name a file with that or with an Ed25519 public key as PEM.',
  );
}

function readKeyFile(path: string): string {
  try {
    const { size } = statSync(path);
    if (size > MAX_KEY_BYTES) return '';
    const text = readFileSync(path, 'utf8').trim();
    return text.startsWith('-----BEGIN') ? pemToText(text) : text;
  } catch {
    // That it is no key is told by whoever asked.
    return '';
  }
}

function pemToText(pem: string): string {
  const { kty, crv, x } = createPublicKey(pem).export({ format: 'jwk' });
  return kty === 'OKP' && crv === 'Ed25519' && x !== undefined ? formatTrustedKey(Buffer.from(x, 'base64url')) : '';
}
