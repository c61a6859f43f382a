import { EngineError } from '@mex/engine-sdk';

/** A place in a tree: a path, and lines from 1, both included. */
export interface Reference {
  readonly path: string;
  readonly start?: number;
  readonly end?: number;
}

/** `path:line-line`, `path:line`, `path:line:column` as compilers write it, `path#Lline` and `path#Lline-Lline`. */
const FORMS = [
  /^(.+):(\d{1,9})-(\d{1,9})$/s,
  /^(.+):(\d{1,9})$/s,
  /^(.+):(\d{1,9}):\d{1,9}$/s,
  /^(.+)#L(\d{1,9})(?:-L?(\d{1,9}))?$/s,
];

/**
 * Reads a reference. A name may look like one: what names a file is meant, and of that the longest.
 * @throws EngineError `CONTEXT_REF_INVALID`
 */
export function parseReference(ref: string, isFile: (path: string) => boolean): Reference {
  if (isFile(ref)) return { path: ref };
  const read = FORMS.flatMap((form) => {
    const [, path, start, end] = form.exec(ref) ?? [];
    return path === undefined
      ? []
      : [{ path, start: Number(start), ...(end === undefined ? {} : { end: Number(end) }) }];
  });
  const found = read.find(({ path }) => isFile(path)) ?? read[0];
  return found === undefined ? { path: ref } : orderly(found);
}

/** @throws EngineError `CONTEXT_REF_INVALID` when the range ends before it begins */
export function orderly(reference: Reference): Reference {
  const { start = 1, end = start } = reference;
  if (start >= 1 && end >= start) return reference;
  throw new EngineError('CONTEXT_REF_INVALID', `Lines ${start} to ${end} are no range: lines count from 1, ascending.`);
}
