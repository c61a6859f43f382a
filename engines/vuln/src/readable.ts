import { clipText } from '@mex/envelope';
import { redact, stripControl } from '@mex/guard';

/** A stranger's text as a person may see it: no control characters, no secrets, at most `max` UTF-16 units. */
export function readable(text: string, max: number): string {
  // Cut before looking for secrets, or a long text costs more than it is worth; the second cut is for the mask.
  return clipText(redact(stripControl(text.slice(0, max * 4))), max);
}
