/* oxlint-disable no-control-regex -- control characters are the subject */

/** C0 but tab and line feed, DEL, C1, line and paragraph separators, bidirectional controls, invisible characters, tags. */
// biome-ignore format: one class, in code point order
const HARMFUL = /[\0-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/u;
const HARMFUL_ALL = new RegExp(HARMFUL.source, 'gu');
/**
 * Escape sequences: CSI; OSC, DCS, SOS, PM and APC with a terminator in reach; two-character sequences. A string sequence
 * without terminator loses only its introducer, so that it cannot swallow the rest of a log; another introducer ends the
 * search for one, or a line of introducers would be searched once for each.
 */
const SEQUENCES =
  /(?:\x1b\[|\x9b)[0-?]{0,64}[ -/]{0,8}[@-~]|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x90\x98\x9c-\x9f]{0,4096}(?:\x07|\x1b\\|\x9c)|\x1b[ -/]{0,4}[0-~]/g;
/** Joiners that scripts and emoji need between characters beyond Latin. */
const NEEDED_JOINER = /(?<=[\u0300-\u{10ffff}])[\u200c\u200d](?=[\u0300-\u{10ffff}])/u;

/**
 * Makes text safe to print: removes terminal escape sequences and control characters, bidirectional overrides and invisible
 * characters; keeps tab and line feed; CR LF becomes LF. Joiners stay where scripts need them. Returns the same string
 * when there is nothing to do; doing it twice changes nothing more.
 */
export function stripControl(text: string): string {
  if (!HARMFUL.test(text)) return text;
  const plain = text.replace(SEQUENCES, '');
  return plain.replace(HARMFUL_ALL, (char, at: number) => {
    if (char !== '\u200c' && char !== '\u200d') return '';
    return NEEDED_JOINER.test(plain.slice(Math.max(0, at - 2), at + 3)) ? char : '';
  });
}
