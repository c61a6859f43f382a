import { BOUNDS, clipText, type MexError, type ProblemReport } from '@mex/envelope';
import { redact, stripControl } from '@mex/guard';

const MAX_LOCATIONS = 20;

/** A change that did not happen, or ended otherwise than it was meant to, as an operator sees it (CONTRACT §1). */
export function changeProblem(
  title: string,
  failure: Pick<MexError, 'code' | 'message'>,
  paths: readonly string[],
  severity: 'error' | 'warning' | 'info' = 'error',
): ProblemReport {
  const words = (text: string): string => clipText(redact(stripControl(text)), BOUNDS.maxMessageChars);
  return {
    title,
    message: words(failure.message),
    severity,
    source: 'runs',
    surface: 'workspace',
    tool: 'mex',
    code: failure.code,
    locations: paths.slice(0, MAX_LOCATIONS).map((path) => ({ path: words(path) })),
    link_confidence: 'direct',
  };
}
