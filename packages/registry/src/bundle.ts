import { hash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { MexError } from '@mex/envelope';
import type { BundleRef } from './entry.ts';
import { messageOf, type RegistryErrorCode } from './errors.ts';

/** Largest engine bundle, in bytes. */
export const MAX_BUNDLE_BYTES = 64 * 1024 * 1024;

/**
 * Reads an engine's bundle and checks its digest. No code of an engine is loaded from anywhere else (CONTRACT §8 G-INTEGRITY).
 * @returns the text of exactly the bytes that were registered.
 * @throws MexError `REGISTRY_BUNDLE_MISSING` when there is no readable file, `REGISTRY_BUNDLE_DIGEST` when it is not the
 *   registered one, `REGISTRY_BUNDLE_INVALID` when it is too large or not UTF-8.
 */
export function loadBundle(ref: BundleRef, engineId: string): string {
  const bytes = readBundle(ref.location, engineId);
  if (hash('sha256', bytes, 'hex') !== ref.sha256) {
    throw new MexError<RegistryErrorCode>({
      code: 'REGISTRY_BUNDLE_DIGEST',
      kind: 'integrity',
      message: `The bundle of ${engineId} is not the one that was registered: its SHA-256 differs from the registry's.`,
      remedy: 'If you changed it on purpose, add it again: mex engines add <path>. If not, treat it as tampering.',
    });
  }
  try {
    // A byte order mark stays: the text must have the digest that the bytes have.
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw invalid(engineId, 'it is not UTF-8', cause);
  }
}

function readBundle(location: string, engineId: string): Uint8Array {
  let bytes: Uint8Array;
  try {
    const path = location.startsWith('file:') ? fileURLToPath(location) : location;
    const { size } = statFile(path);
    if (size > MAX_BUNDLE_BYTES) throw invalid(engineId, `it has more than ${MAX_BUNDLE_BYTES} bytes`);
    bytes = readFileSync(path);
  } catch (cause) {
    if (cause instanceof MexError) throw cause;
    throw new MexError<RegistryErrorCode>({
      code: 'REGISTRY_BUNDLE_MISSING',
      kind: 'integrity',
      message: `The bundle of ${engineId} could not be read: ${messageOf(cause)}`,
      remedy: 'Build the engine again (mex-engine build), or add it again: mex engines add <path>',
      cause,
    });
  }
  return bytes;
}

/** Before opening: reading a pipe or a device may never end. */
function statFile(path: string): { readonly size: number } {
  const stat = statSync(path);
  if (!stat.isFile()) throw new Error(`${path} is not a file`);
  return stat;
}

function invalid(engineId: string, why: string, cause?: unknown): MexError<RegistryErrorCode> {
  return new MexError({
    code: 'REGISTRY_BUNDLE_INVALID',
    kind: 'integrity',
    message: `The bundle of ${engineId} cannot be used: ${why}.`,
    remedy:
      'Build it with mex-engine build, which makes one UTF-8 file, and add the engine again: mex engines add <path>',
    cause,
  });
}
