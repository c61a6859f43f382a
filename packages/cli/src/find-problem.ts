import type { Problem } from '@mex/envelope';
import type { FlightRecorder } from '@mex/flight-recorder';
import { usageError } from './usage-error.ts';

/** Most problems among which a shortened id is looked for. */
const MAX_SEARCHED = 10_000;

/** The problem a person means by an id, a fingerprint, or the first 8 characters of one. @throws MexError `CLI_NOT_FOUND` */
export function findProblem(recorder: FlightRecorder, wanted: string): Problem {
  const exact = recorder.problems.get(wanted);
  if (exact !== undefined) return exact;
  const found =
    wanted.length < 8
      ? []
      : recorder.problems
          .list({ limit: MAX_SEARCHED })
          .filter(({ id, fingerprint }) => id.startsWith(wanted) || fingerprint.startsWith(wanted));
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  const message = found.length > 1 ? `Several problems start with "${wanted}".` : `There is no problem "${wanted}".`;
  throw usageError(message, 'See the ids with: mex problems list --status all', 'CLI_NOT_FOUND');
}
