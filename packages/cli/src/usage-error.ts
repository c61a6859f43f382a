import { MexError } from '@mex/envelope';

/** Codes the command line itself ends with. */
export type CliErrorCode =
  | 'CLI_USAGE'
  | 'CLI_NOT_AVAILABLE'
  | 'CLI_FILE_UNREADABLE'
  | 'CLI_HOME_MISSING'
  | 'CLI_ENGINE_PACKAGE'
  | 'CLI_NOT_FOUND'
  | 'CLI_CANCELLED';

/** A mistake of whoever typed the command. @param remedy what to type instead */
export function usageError(message: string, remedy: string, code: CliErrorCode = 'CLI_USAGE'): MexError<CliErrorCode> {
  return new MexError({ code, kind: 'validation', message, remedy });
}
