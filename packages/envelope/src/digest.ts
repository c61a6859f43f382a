import { hash } from 'node:crypto';
import { canonicalJson } from './json/index.ts';

/** SHA-256 of bytes, or of a text's UTF-8 bytes; 64 lower-case hex digits. */
export function sha256Hex(data: string | Uint8Array): string {
  return hash('sha256', data, 'hex');
}

/** SHA-256 over the RFC 8785 canonical form of a JSON value. Equal values have equal digests on every platform. */
export function digestJson(value: unknown): string {
  return sha256Hex(canonicalJson(value));
}

export { problemFingerprint } from './fingerprint.ts';
