import { hash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { MexError } from '@mex/envelope';
import type { BundleRef } from './entry.ts';
import type { RegistryErrorCode } from './registry.ts';

/** Largest engine bundle, in bytes. */
export const MAX_BUNDLE_BYTES = 64 * 1024 * 1024;

/**
 * Reads an engine's bundle and checks its digest. No code of an engine is loaded from anywhere else (CONTRACT §8 G-INTEGRITY).
 * @throws MexError `REGISTRY_BUNDLE_MISSING` or `REGISTRY_BUNDLE_DIGEST`.
 */
export function loadBundle(ref: BundleRef, engineId: string): string {
  const path = ref.location.startsWith('file:') ? fileURLToPath(ref.location) : ref.location;
  let bytes: Uint8Array;
  try {
    if (statSync(path).size > MAX_BUNDLE_BYTES) throw new Error(`larger than ${MAX_BUNDLE_BYTES} bytes`);
    bytes = readFileSync(path);
  } catch (cause) {
    throw new MexError<RegistryErrorCode>({
      code: 'REGISTRY_BUNDLE_MISSING',
      kind: 'integrity',
      message: `The bundle of ${engineId} could not be read: ${cause instanceof Error ? cause.message : 'unknown cause'}`,
      remedy: 'Build the engine again (mex-engine build), or add it again: mex engines add <path>',
      cause,
    });
  }
  if (hash('sha256', bytes, 'hex') !== ref.sha256) {
    throw new MexError<RegistryErrorCode>({
      code: 'REGISTRY_BUNDLE_DIGEST',
      kind: 'integrity',
      message: `The bundle of ${engineId} is not the one that was registered: its SHA-256 differs from the registry's.`,
      remedy: 'If you changed it on purpose, add it again: mex engines add <path>. If not, treat it as tampering.',
    });
  }
  return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
}
