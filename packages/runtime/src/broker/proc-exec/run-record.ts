import { clipText, type FlightEvent } from '@mex/envelope';
import { redact, stripControl } from '@mex/guard';

/** What FR-EVT-001 carries (CONTRACT §11), without the members that every event has. */
export type TerminalCommandBody = Pick<
  Extract<FlightEvent, { type: 'terminal_command' }>,
  | 'type'
  | 'session_id'
  | 'cwd'
  | 'command'
  | 'args'
  | 'exit_code'
  | 'duration_ms'
  | 'stdout_ref'
  | 'stderr_ref'
  | 'env_ref'
>;

/** A call that did not become a run. */
export interface ToolDenial {
  readonly tool: string;
  readonly code: string;
  /** Redacted. */
  readonly args: readonly string[];
  /** What was wrong and what to do, in words for the operator: they name files of the host. Redacted. */
  readonly detail: string;
}

const MAX_ARGS = 1_000;
const MAX_ARG_CHARS = 4_096;

/** Arguments for records: no secret, no control character, no more than a record holds. */
export function recordArgs(args: readonly string[]): string[] {
  return args.slice(0, MAX_ARGS).map((arg, index) => clipText(redactArg(args[index - 1], arg), MAX_ARG_CHARS));
}

/** `--token abc` is two arguments: each alone says nothing of a secret. */
function redactArg(before: string | undefined, arg: string): string {
  const text = stripControl(clipText(arg, MAX_ARG_CHARS));
  const name = before?.startsWith('-') === true && !before.includes('=') ? stripControl(clipText(before, 256)) : '';
  const pair = redact(`${name}=${text}`);
  return name !== '' && pair.startsWith(`${name}=`) ? pair.slice(name.length + 1) : redact(text);
}
