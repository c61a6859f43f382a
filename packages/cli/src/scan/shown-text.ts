import { clipText } from '@mex/envelope';
import { redact } from '@mex/guard';

/** Text of strangers for one line of a terminal, which itself takes control characters out. */
export function shown(value: unknown, maxChars = 160): string {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' ? redact(clipText(value, maxChars)) : '';
}
