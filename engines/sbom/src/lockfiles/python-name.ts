import type { PackageHash } from '../model.ts';

/** A project name as PyPI compares names: lower case, runs of `-`, `_` and `.` as one dash. */
export function normalizePythonName(name: string): string {
  return name.toLowerCase().replace(/[-_.]+/g, '-');
}

export interface PythonRequirement {
  /** Normalised. */
  readonly name: string;
  /** What follows name and extras: version specifiers, `@ address`; without the environment marker. */
  readonly rest: string;
}

/** The name of a PEP 508 requirement; `undefined` when the text is none. */
export function parseRequirement(text: string): PythonRequirement | undefined {
  const match = /^\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[[^\]]*\])?\s*(.*)$/s.exec(text);
  const [, name, tail = ''] = match ?? [];
  if (name === undefined || /^[^\s(<>=!~@;,]/.test(tail)) return undefined;
  // A marker starts at `;`; in `@ address` only one that stands apart does.
  const marker = tail.startsWith('@') ? tail.search(/\s;/) : tail.indexOf(';');
  const rest = (marker < 0 ? tail : tail.slice(0, marker)).trim();
  return { name: normalizePythonName(name), rest };
}

const DIGESTS: ReadonlyMap<string, { algorithm: PackageHash['algorithm']; digits: number }> = new Map([
  ['md5', { algorithm: 'MD5', digits: 32 }],
  ['sha1', { algorithm: 'SHA-1', digits: 40 }],
  ['sha256', { algorithm: 'SHA-256', digits: 64 }],
  ['sha384', { algorithm: 'SHA-384', digits: 96 }],
  ['sha512', { algorithm: 'SHA-512', digits: 128 }],
]);

/** `sha256:<hex>` as Python tools write digests of the files they download; empty for anything else. */
export function parseDigest(text: string | undefined): PackageHash[] {
  const [, name = '', hex = ''] = /^([a-z0-9]+):([0-9a-f]+)$/i.exec(text ?? '') ?? [];
  const known = DIGESTS.get(name.toLowerCase());
  return known?.digits === hex.length ? [{ algorithm: known.algorithm, hex: hex.toLowerCase() }] : [];
}
