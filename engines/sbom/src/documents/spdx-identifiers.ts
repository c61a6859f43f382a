import { isSupportedSpdxId } from '@cyclonedx/cyclonedx-library/SPDX';

/** Exceptions of the SPDX list whose identifier does not say so. */
const UNMARKED_EXCEPTIONS: ReadonlySet<string> = new Set([
  'Google-Patent-WebM',
  'GPL-CC-1.0',
  'Linux-syscall-note',
  'LLGPL',
  'SHL-2.0',
  'SHL-2.1',
]);

/** Licenses whose identifier speaks of an exception that is part of them. */
const LICENSE_DESPITE_NAME = /^(?:GPL-\d\.\d-with-|CAL-1\.0-Combined-Work-|MPL-2\.0-no-copyleft-)/;

/** Whether the text is an SPDX license identifier, spelled exactly. The library's list holds exceptions as well. */
export function isLicenseId(text: string): boolean {
  return isSupportedSpdxId(text) && !looksLikeException(text);
}

/** Whether the text is an SPDX exception identifier: what may follow `WITH`. */
export function isExceptionId(text: string): boolean {
  return isSupportedSpdxId(text) && looksLikeException(text);
}

function looksLikeException(text: string): boolean {
  return UNMARKED_EXCEPTIONS.has(text) || (text.includes('exception') && !LICENSE_DESPITE_NAME.test(text));
}
