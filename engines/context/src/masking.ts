import { findSecrets, MASK, redact, stripControl } from '@mex/guard';

/** Stands in for each character of a secret, so that lines and columns stay what they are. No text has it: a noncharacter. */
const FILLER = '\uffff';
/** Masking can uncover what stood glued to a masked value. */
const ROUNDS = 3;

/**
 * A text in which every secret that `secret.scan` would find is filled in, character by character. Everything this
 * engine does, it does with masked text: what matches, and whether anything does, says nothing about a secret.
 * @param path the file's, which sharpens judgement
 */
export function maskText(text: string, path: string): string {
  // One that is in the text already is no mask of ours, and may not look like one.
  let out = text.includes(FILLER) ? text.replaceAll(FILLER, '\ufffd') : text;
  for (let round = 0; round < ROUNDS; round++) {
    const found = findSecrets(out, { path });
    if (found.length === 0) return out;
    let next = '';
    let from = 0;
    for (const { start, end } of found) {
      next += out.slice(from, start) + out.slice(start, end).replace(/[^\r\n]/g, FILLER);
      from = end;
    }
    out = next + out.slice(from);
  }
  return out;
}

const FILLED = /\uffff+/g;

/** Masked text as it is shown: one mark for each secret. */
export function showMasked(text: string): string {
  return text.includes(FILLER) ? text.replace(FILLED, MASK).toWellFormed() : text;
}

/** How many secrets a masked text has; one that goes over several lines counts once a line. */
export function countMasked(text: string): number {
  return text.includes(FILLER) ? (text.match(FILLED)?.length ?? 0) : 0;
}

/** A path as it may be shown: a file can be named after a secret, or with control characters. */
export function shownPath(path: string): string {
  return redact(stripControl(path)).toWellFormed();
}
