import { MexError, type MexErrorInit } from '@mex/envelope';

/** Codes this package throws. */
export type AdvisoriesErrorCode =
  | 'ADVISORIES_SOURCE_UNREADABLE'
  | 'ADVISORIES_SOURCE_UNKNOWN'
  | 'ADVISORIES_EMPTY'
  | 'ADVISORIES_TOO_LARGE'
  | 'ADVISORIES_SNAPSHOT_INVALID'
  | 'ADVISORIES_ANSWERS_INVALID';

export function advisoriesError(init: MexErrorInit<AdvisoriesErrorCode>): MexError<AdvisoriesErrorCode> {
  return new MexError(init);
}
