import { MexError, quoteText } from '@mex/envelope';

/** Codes this package throws or reports. */
export type RegistryErrorCode =
  | 'ENGINE_UNKNOWN'
  | 'ENGINE_DISABLED'
  | 'ENGINE_VERSION_UNSATISFIED'
  | 'REGISTRY_ENTRY_INVALID'
  | 'REGISTRY_DUPLICATE_ENGINE'
  | 'REGISTRY_UNREADABLE'
  | 'REGISTRY_UNWRITABLE'
  | 'REGISTRY_BUNDLE_MISSING'
  | 'REGISTRY_BUNDLE_DIGEST'
  | 'REGISTRY_BUNDLE_INVALID'
  | 'HSK-4001';

/** An entry that cannot be used, and why. It disables itself only (CONTRACT §10). The id is whatever the file says. */
export function entryError(engineId: string, why: string, remedy: string): MexError<RegistryErrorCode> {
  return new MexError({
    code: 'REGISTRY_ENTRY_INVALID',
    kind: 'integrity',
    message: `Registry entry ${quoteText(engineId)}: ${why}.`,
    remedy,
  });
}

/** The message of whatever was thrown by the file system. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : 'unknown cause';
}
