import correctSpelling from 'spdx-correct';
import { gnuLicense } from '../spdx/gnu-names.ts';
import { findLicense } from '../spdx/license-list.ts';
import { licenseOfName, nameKey } from '../spdx/license-names.ts';
import { type Expression, termsOf, writeExpression } from './expression.ts';
import { MAX_EXPRESSION, tryExpression } from './parse.ts';

/** What a declared license turns out to mean. */
export type DeclaredLicense =
  /** An SPDX expression. `exact`: as written. `corrected`: the text has one meaning only. `guessed`: it may mean another one. */
  | {
      readonly kind: 'expression';
      readonly expression: Expression;
      readonly certainty: 'exact' | 'corrected' | 'guessed';
    }
  /** The author says that no rights are granted: `UNLICENSED`, `proprietary`. */
  | { readonly kind: 'unlicensed' }
  /** The license is in a file, `undefined` when it does not say in which. */
  | { readonly kind: 'file'; readonly path: string | undefined }
  | { readonly kind: 'unreadable' };

/** Longest text that is corrected; a longer one is no name of a license. */
const MAX_NAME = 256;

const UNLICENSED =
  /^(?:un-?licen[sc]ed|proprietary(?: licen[cs]e)?|commercial(?: licen[cs]e)?|all rights reserved\.?|no licen[cs]e|none|private|closed(?: source)?)$/i;
const SEE_FILE = /^see (?:the )?(?:(?:file|licen[cs]e)(?: file)?)(?: (?:in|at) )?\s*[<"']?(?!https?:)([^<>"']{0,200})/i;

/**
 * Reads a declared license: an SPDX expression, or one of the many other ways to name a license.
 *
 * `UNLICENSED` is npm's word for "no rights granted" and never the Unlicense, which libraries like to make of it.
 */
export function readDeclared(text: string): DeclaredLicense {
  const trimmed = text.trim();
  if (trimmed === '' || trimmed.length > MAX_EXPRESSION) return { kind: 'unreadable' };
  if (UNLICENSED.test(trimmed)) return { kind: 'unlicensed' };
  const file = trimmed.length <= MAX_NAME ? SEE_FILE.exec(trimmed) : null;
  if (file !== null) return { kind: 'file', path: file[1]?.trim().replace(/^\.\//, '') || undefined };
  const exact = tryExpression(trimmed);
  if (exact !== undefined) {
    const modern = withoutDeprecated(exact);
    const isSame = writeExpression(modern) === writeExpression(exact) && sameSpelling(exact, trimmed);
    return { kind: 'expression', expression: modern, certainty: isSame ? 'exact' : 'corrected' };
  }
  if (trimmed.length > MAX_NAME) return { kind: 'unreadable' };
  const named = readName(trimmed) ?? readChoice(trimmed);
  if (named !== undefined) return { kind: 'expression', expression: withoutDeprecated(named), certainty: 'corrected' };
  return guess(trimmed);
}

function sameSpelling(expression: Expression, text: string): boolean {
  return termsOf(expression).every(({ license }) => text.includes(license));
}

/** `GPL-2.0` and `GPL-2.0+` mean `GPL-2.0-only` and `GPL-2.0-or-later`. */
function withoutDeprecated(expression: Expression): Expression {
  if ('license' in expression) {
    const isOld = /^A?L?GPL-\d\.\d$|^GFDL-\d\.\d$/.test(expression.license);
    if (!isOld) return expression;
    const { plus, ...rest } = expression;
    return { ...rest, license: `${expression.license}-${plus === true ? 'or-later' : 'only'}` };
  }
  const { left, right, conjunction } = expression;
  return { left: withoutDeprecated(left), conjunction, right: withoutDeprecated(right) };
}

/** A name with one meaning, perhaps followed by an address or a copyright. */
function readName(text: string): Expression | undefined {
  const bare = text.replace(/^["'([\s]+|["')\]\s]+$/g, '');
  const beforeExtras = bare.split(/[(<]|https?:|\s-\s|[,.]?\s+copyright|, see /i)[0] ?? '';
  const inParentheses = /\(([^()]{2,60})\)/.exec(text)?.[1] ?? '';
  for (const part of [bare, beforeExtras]) {
    const id = licenseOfName(nameKey(part)) ?? licenseOfName(nameKey(part.replace(/[_-]/g, ' '))) ?? gnuLicense(part);
    if (id === undefined || findLicense(id) === undefined) continue;
    const other =
      inParentheses === '' || inParentheses.includes('/') ? undefined : licenseOfName(nameKey(inParentheses));
    return other === undefined || other === id ? { license: id } : undefined;
  }
  const id = licenseOfAddress(text);
  return id === undefined ? undefined : { license: id };
}

const ADDRESSES: readonly (readonly [RegExp, string])[] = [
  [/\bapache\.org\/licenses\/LICENSE-2\.0/i, 'Apache-2.0'],
  [/\bmozilla\.org\/MPL\/2\.0/i, 'MPL-2.0'],
  [/\bunlicense\.org\b/i, 'Unlicense'],
  [/\bwtfpl\.(?:net|org)\b/i, 'WTFPL'],
  [/\bcreativecommons\.org\/publicdomain\/zero\/1\.0/i, 'CC0-1.0'],
];

function licenseOfAddress(text: string): string | undefined {
  if (!/^<?https?:\/\/\S+$/i.test(text)) return undefined;
  const known = ADDRESSES.find(([pattern]) => pattern.test(text));
  if (known !== undefined) return known[1];
  const name = /\b(?:opensource\.org|spdx\.org)\/licen[sc]es?\/([A-Za-z0-9.-]{2,40}?)(?:\.(?:html|php))?\/?>?$/i.exec(
    text,
  )?.[1];
  return name === undefined ? undefined : licenseOfName(nameKey(name));
}

/** `MIT/Apache-2.0`, `MIT or GPLv2`, `MIT & BSD`: each part must be certain, and one operator must join them all. */
function readChoice(text: string): Expression | undefined {
  const bare = text.replace(/^[([\s]+|[)\]\s]+$/g, '').replace(/^dual[- ]licensed(?: under)?:?\s+/i, '');
  for (const [separator, conjunction] of [
    [/\s*\/\s*|\s*\|\|?\s*|\s+or\s+/i, 'or'],
    [/\s*&\s*|\s+and\s+|\s*,\s*|\s*;\s*/i, 'and'],
  ] as const) {
    const parts = bare.split(separator);
    if (parts.length < 2 || parts.length > 8) continue;
    const read = parts.map((part) => tryExpression(part.trim()) ?? readName(part));
    const known = read.filter((one) => one !== undefined);
    if (known.length === parts.length) return known.reduceRight((right, left) => ({ left, conjunction, right }));
  }
  return undefined;
}

/** What a text most likely means. `BSD`, `GPL` and `Apache` name families; a guess is shown and never relied on. */
function guess(text: string): DeclaredLicense {
  const corrected = correctSpelling(text);
  const expression = corrected === null ? undefined : tryExpression(corrected);
  return expression === undefined ? { kind: 'unreadable' } : { kind: 'expression', expression, certainty: 'guessed' };
}
