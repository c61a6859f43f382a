import { type ErrorKind, MexError } from '@mex/envelope';

/** Every code this package throws. */
export type ArtifactErrorCode =
  | 'ARTIFACT_NOT_FOUND'
  | 'ARTIFACT_AMBIGUOUS'
  | 'ARTIFACT_CORRUPT'
  | 'ARTIFACT_MISMATCH'
  | 'ARTIFACT_DRIFT'
  | 'ARTIFACT_INVALID'
  | 'ARTIFACT_TOO_LARGE'
  | 'ARTIFACT_EXISTS'
  | 'ARTIFACT_STORE_LOCKED'
  | 'ARTIFACT_STORE_CLOSED'
  | 'ARTIFACT_STORE_FAILED'
  | 'ARTIFACT_STORE_VERSION'
  | 'ARTIFACT_DISK_FULL'
  | 'POLICY_PATH_ESCAPE';

interface CodeFacts {
  readonly kind: ErrorKind;
  readonly remedy: string;
  readonly retryable?: true;
}

const FACTS: Record<ArtifactErrorCode, CodeFacts> = {
  ARTIFACT_NOT_FOUND: { kind: 'integrity', remedy: 'List what the store holds and use an id from there.' },
  ARTIFACT_AMBIGUOUS: { kind: 'validation', remedy: 'Give more characters of the id, or the whole id.' },
  ARTIFACT_CORRUPT: {
    kind: 'integrity',
    remedy: 'Verify the whole store; putting the original bytes again heals the object.',
  },
  ARTIFACT_MISMATCH: { kind: 'integrity', remedy: 'Use the handle exactly as the store returned it.' },
  ARTIFACT_DRIFT: { kind: 'integrity', remedy: 'Pin the directory again and plan the operation anew.' },
  ARTIFACT_INVALID: { kind: 'validation', remedy: 'Correct the named argument.' },
  ARTIFACT_TOO_LARGE: { kind: 'budget', remedy: 'Give less, or raise the limit that the message names.' },
  ARTIFACT_EXISTS: { kind: 'validation', remedy: 'Choose another target, or ask for it to be overwritten.' },
  ARTIFACT_STORE_LOCKED: {
    kind: 'internal',
    remedy: 'Another process is writing to this store; try again when it is done.',
    retryable: true,
  },
  ARTIFACT_STORE_CLOSED: { kind: 'internal', remedy: 'Open the store again before using it.' },
  ARTIFACT_STORE_FAILED: { kind: 'internal', remedy: 'Check the disk and the permissions of the store directory.' },
  ARTIFACT_STORE_VERSION: {
    kind: 'integrity',
    remedy: 'Use the MEX version that wrote this store, or another directory.',
  },
  ARTIFACT_DISK_FULL: { kind: 'internal', remedy: 'Free disk space, then try again.', retryable: true },
  POLICY_PATH_ESCAPE: { kind: 'policy', remedy: 'Use a path that stays inside its root without links.' },
};

/** An error of this package, with the kind and remedy that belong to its code. */
export function artifactError(
  code: ArtifactErrorCode,
  message: string,
  more: { readonly cause?: unknown; readonly remedy?: string; readonly retryable?: boolean } = {},
): MexError<ArtifactErrorCode> {
  const { kind, remedy, retryable } = FACTS[code];
  return new MexError({
    code,
    kind,
    message,
    remedy: more.remedy ?? remedy,
    retryable: more.retryable ?? retryable ?? false,
    ...(more.cause === undefined ? {} : { cause: more.cause }),
  });
}

/** The code of an error: the POSIX name of a file system error (`ENOENT`), or a MexError's code. */
export function codeOf(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error) || !('code' in thrown)) return undefined;
  return typeof thrown.code === 'string' ? thrown.code : undefined;
}

const SQLITE_BUSY = 5;
const SQLITE_CODES: Partial<Record<number, ArtifactErrorCode>> = {
  [SQLITE_BUSY]: 'ARTIFACT_STORE_LOCKED',
  6: 'ARTIFACT_STORE_LOCKED',
  11: 'ARTIFACT_CORRUPT',
  13: 'ARTIFACT_DISK_FULL',
  26: 'ARTIFACT_CORRUPT',
};

function sqlitePrimaryCode(thrown: unknown): number | undefined {
  if (!(thrown instanceof Error) || !('errcode' in thrown)) return undefined;
  return typeof thrown.errcode === 'number' ? thrown.errcode & 0xff : undefined;
}

/** Whether SQLite refused because another connection holds the lock. */
export function isBusy(thrown: unknown): boolean {
  return sqlitePrimaryCode(thrown) === SQLITE_BUSY;
}

/** Gives whatever the disk or SQLite threw a code of this package. MexErrors pass unchanged. */
export function toStoreError(thrown: unknown, doing: string): MexError {
  if (thrown instanceof MexError) return thrown;
  const primary = sqlitePrimaryCode(thrown);
  const errno = codeOf(thrown);
  const full = errno === 'ENOSPC' || errno === 'EDQUOT';
  const code = full
    ? 'ARTIFACT_DISK_FULL'
    : ((primary === undefined ? undefined : SQLITE_CODES[primary]) ?? 'ARTIFACT_STORE_FAILED');
  const why = thrown instanceof Error ? thrown.message : 'unknown failure';
  return artifactError(code, `${doing} failed: ${why}`, { cause: thrown });
}
