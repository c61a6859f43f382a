import { LockfileError, type ReadWarning } from '../model.ts';

/** 1-based line and column of a character offset. */
export function placeOf(text: string, offset: number): { line: number; column: number } {
  let line = 1;
  let start = 0;
  for (let at = text.indexOf('\n'); at !== -1 && at < offset; at = text.indexOf('\n', start)) {
    line++;
    start = at + 1;
  }
  return { line, column: offset - start + 1 };
}

/** Where a field of the file's head is named first: good enough to point a person at it. */
export function placeOfName(text: string, name: string): { line?: number; column?: number } {
  const offset = text.indexOf(name);
  return offset < 0 ? {} : placeOf(text, offset);
}

/** Text from a lockfile made fit for a message: credentials and control characters removed, at most 120 characters. */
export function quote(text: string): string {
  let plain = text.slice(0, 1024).replace(/\/\/[^\s/]*@/g, '//');
  // Cut in the middle of `//user:password@host`, the end would be a password.
  if (text.length > 1024) plain = plain.replace(/\/\/[^\s/]*$/, '//');
  if (plain.length > 120) plain = `${plain.slice(0, 119)}…`;
  // eslint-disable-next-line no-control-regex -- a terminal must not obey what a lockfile says
  return `"${plain.replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '?').toWellFormed()}"`;
}

export interface ConflictFreeText {
  readonly text: string;
  readonly warning?: ReadWarning;
}

/**
 * Reads "our" side of a file that Git left with conflict markers, keeping line numbers by blanking what is dropped.
 * The other side is not part of the result, and the warning says so.
 *
 * @throws LockfileError when the markers do not pair up.
 */
export function takeOurSide(path: string, text: string): ConflictFreeText {
  const first = text.includes('<<<<<<<') ? /^<{7}(?: |\r?$)/m.exec(text) : null;
  if (first === null) return { text };
  const lines = text.split('\n');
  let side: 'common' | 'ours' | 'theirs' = 'common';
  let opened = 0;
  for (const [index, line] of lines.entries()) {
    const marker = /^(?:<{7}(?: |\r?$)|\|{7}(?: |\r?$)|={7}\r?$|>{7}(?: |\r?$))/.test(line) ? line.charAt(0) : '';
    if (marker === '<' && side !== 'common') break;
    if (marker === '<') opened = index + 1;
    if (marker === '<') side = 'ours';
    else if (marker === '|' || marker === '=') side = side === 'common' ? side : 'theirs';
    else if (marker === '>') side = 'common';
    if (marker !== '' || side === 'theirs') lines[index] = '';
  }
  if (side !== 'common') {
    const message = 'Unfinished merge conflict. Resolve it, or run the package manager once to let it do so.';
    throw new LockfileError('SBOM_LOCKFILE_SYNTAX', path, message, { line: opened, column: 1 });
  }
  return { text: lines.join('\n'), warning: conflictWarning(placeOf(text, first.index).line) };
}

function conflictWarning(line: number): ReadWarning {
  const message = 'The file holds unresolved merge conflicts; only our side (above each =======) was read.';
  return { code: 'SBOM_CONFLICT_MARKERS', message, line };
}
