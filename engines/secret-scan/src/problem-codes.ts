/** Codes of the Problems that a scan reports. */
export type SecretWarningCode =
  | 'SECRET_FOUND'
  | 'SECRET_FILE_UNREADABLE'
  | 'SECRET_FILE_TOO_LARGE'
  | 'SECRET_FILES_SKIPPED'
  | 'SECRET_TOO_MANY'
  | 'SECRET_HISTORY_INCOMPLETE'
  | 'SECRET_IGNORE_PATTERNS'
  | 'SECRET_BASELINE_EXPIRED'
  | 'SECRET_BASELINE_UNUSED';

/** Codes the operation fails with. */
export type SecretErrorCode =
  | 'SECRET_NO_DIRECTORY'
  | 'SECRET_NO_HISTORY'
  | 'SECRET_NOTHING_SCANNED'
  | 'SECRET_BASELINE_INVALID';
