import { readDeclared } from './expression/correct.ts';
import { bothOf, type Expression, termsOf, writeExpression } from './expression/expression.ts';
import { tryExpression } from './expression/parse.ts';
import { matchesTerm } from './expression/satisfies.ts';
import type { ReadFile } from './sources/collect.ts';
import type { Declaration, Subject } from './sources/subject.ts';

/** Something about one package's license that a person should know. */
export interface Note {
  readonly code: NoteWarningCode;
  readonly message: string;
  readonly path: string | undefined;
  /** 1-based. */
  readonly line?: number;
}

export type NoteWarningCode =
  | 'LICENSE_CORRECTED'
  | 'LICENSE_AMBIGUOUS'
  | 'LICENSE_EXPRESSION_INVALID'
  | 'LICENSE_UNLICENSED'
  | 'LICENSE_MISMATCH'
  | 'LICENSE_TEXT_MODIFIED';

/** What the license of one package is, and what that rests on. */
export interface Conclusion {
  readonly subject: Subject;
  /** Absent when it is UNKNOWN. */
  readonly expression?: Expression;
  readonly basis: 'declared' | 'declared-and-detected' | 'detected' | 'unknown';
  /** As far as it could be read. */
  readonly declared?: Expression;
  readonly files: readonly ReadFile[];
  readonly notes: readonly Note[];
}

/** What the declarations of a package come to. */
interface Declared {
  readonly expression?: Expression;
  /** The license is in this file, `''` for any. */
  readonly file?: string;
  readonly refuses: boolean;
}

/**
 * Brings together what a package declares and what its license files say. Where they disagree both count; where neither
 * is certain the license is UNKNOWN, and the notes say why.
 */
export function conclude(subject: Subject, files: readonly ReadFile[]): Conclusion {
  const notes: Note[] = [];
  const declared = combineDeclarations(subject.declarations, notes);
  const own = files.filter(({ kind }) => kind === 'license');
  const named =
    declared.file === undefined || declared.file === ''
      ? own
      : files.filter(({ path }) => path.endsWith(`/${declared.file}`) || path === declared.file);
  const texts = readTexts(named.length > 0 ? named : own, notes);
  const base = {
    subject,
    files,
    notes,
    ...(declared.expression === undefined ? {} : { declared: declared.expression }),
  };
  if (declared.refuses || texts.isDoubtful) return { ...base, basis: 'unknown' };
  if (declared.expression === undefined) {
    return texts.expression === undefined
      ? { ...base, basis: 'unknown' }
      : { ...base, basis: 'detected', expression: texts.expression };
  }
  if (texts.expression === undefined) return { ...base, basis: 'declared', expression: declared.expression };
  if (agrees(texts, declared.expression))
    return { ...base, basis: 'declared-and-detected', expression: declared.expression };
  const [path] = texts.paths;
  const message = `It declares ${writeExpression(declared.expression)}, its license file says ${writeExpression(texts.expression)}; both are taken to apply.`;
  notes.push({ code: 'LICENSE_MISMATCH', message, path });
  return { ...base, basis: 'declared-and-detected', expression: bothOf(declared.expression, texts.expression) };
}

function combineDeclarations(declarations: readonly Declaration[], notes: Note[]): Declared {
  const sources = new Map<string, Declaration[]>();
  for (const one of declarations) sources.set(one.path, [...(sources.get(one.path) ?? []), one]);
  const found = new Map<string, Expression>();
  let file: string | undefined;
  let refuses = false;
  for (const list of sources.values()) {
    const one = combineSource(list, notes);
    refuses ||= one.refuses;
    file ??= one.file;
    if (one.expression !== undefined) found.set(writeExpression(one.expression), one.expression);
  }
  const [first, ...rest] = found.values();
  if (first === undefined) return { refuses, ...(file === undefined ? {} : { file }) };
  if (rest.length > 0) {
    const message = `It is declared as ${[...found.keys()].join(' and as ')}; all are taken to apply.`;
    notes.push({ code: 'LICENSE_MISMATCH', message, path: [...sources.keys()][0] });
  }
  return { expression: rest.reduce(bothOf, first), refuses, ...(file === undefined ? {} : { file }) };
}

/** Several texts of one source. Of a choice, what cannot be read is left out; of what applies together, nothing may be. */
function combineSource(list: readonly Declaration[], notes: Note[]): Declared {
  const known: Expression[] = [];
  let unclear = 0;
  let refuses = false;
  let file: string | undefined;
  for (const declaration of list) {
    const read = readDeclared(declaration.text);
    noteDeclared(declaration, read, notes);
    if (read.kind === 'expression' && read.certainty !== 'guessed') known.push(read.expression);
    else unclear++;
    if (read.kind === 'unlicensed') refuses = true;
    if (read.kind === 'file') file = read.path ?? '';
  }
  const isChoice = list[0]?.joined !== 'and';
  const isUsable = known.length > 0 && (unclear === 0 || isChoice);
  const conjunction = isChoice ? ('or' as const) : ('and' as const);
  return {
    refuses: refuses && !isUsable,
    ...(file === undefined ? {} : { file }),
    ...(isUsable ? { expression: known.reduceRight((right, left) => ({ left, conjunction, right })) } : {}),
  };
}

function noteDeclared({ text, path }: Declaration, read: ReturnType<typeof readDeclared>, notes: Note[]): void {
  const shown = JSON.stringify(text.slice(0, 120));
  if (read.kind === 'unlicensed')
    notes.push({ code: 'LICENSE_UNLICENSED', message: `${shown} grants no rights.`, path });
  if (read.kind === 'unreadable')
    notes.push({ code: 'LICENSE_EXPRESSION_INVALID', message: `${shown} names no license.`, path });
  if (read.kind !== 'expression' || read.certainty === 'exact') return;
  const meaning = writeExpression(read.expression);
  if (read.certainty === 'guessed')
    notes.push({
      code: 'LICENSE_AMBIGUOUS',
      message: `${shown} may mean ${meaning}, or another license; it is not relied on.`,
      path,
    });
  else notes.push({ code: 'LICENSE_CORRECTED', message: `${shown} was read as ${meaning}.`, path });
}

interface Texts {
  readonly expression?: Expression;
  /** For each license found, every id that its text may stand for. */
  readonly choices: readonly (readonly string[])[];
  readonly paths: readonly string[];
  /** A text was changed or limited, so that what is declared does not hold as it stands. */
  readonly isDoubtful: boolean;
}

function readTexts(files: readonly ReadFile[], notes: Note[]): Texts {
  const found = new Map<string, Expression>();
  const choices: (readonly string[])[] = [];
  const paths: string[] = [];
  let isDoubtful = false;
  for (const { path, reading } of files) {
    if (reading.kind !== 'text') continue;
    const { outcome, reasons, parts } = reading.detection;
    if (outcome === 'modified') {
      isDoubtful = true;
      const line = Number(/^line (\d+)/.exec(reasons[0] ?? '')?.[1] ?? '1');
      notes.push({ code: 'LICENSE_TEXT_MODIFIED', message: `${reasons.join('; ')}.`, path, line });
    }
    const expression = tryExpression(reading.detection.expression ?? '');
    if (expression === undefined) continue;
    found.set(writeExpression(expression), expression);
    paths.push(path);
    for (const part of parts) choices.push([part.expression, ...part.alternatives]);
  }
  const [first, ...rest] = withoutBasis([...found.values()]);
  return { choices, paths, isDoubtful, ...(first === undefined ? {} : { expression: rest.reduce(bothOf, first) }) };
}

/** The LGPL is written as an addition to the GPL: the text of the GPL beside it is no license of its own. */
function withoutBasis(expressions: readonly Expression[]): readonly Expression[] {
  const ids = expressions.map(writeExpression);
  return ids.some((id) => id.startsWith('LGPL-'))
    ? expressions.filter((_, index) => !(ids[index]?.startsWith('GPL-') ?? false))
    : expressions;
}

/** Ids whose texts differ in nothing that binds anyone: a file with one may well be meant as another. */
const SAME_TERMS: readonly (readonly string[])[] = [
  ['BSD-2-Clause', 'BSD-2-Clause-FreeBSD', 'BSD-2-Clause-NetBSD', 'BSD-2-Clause-Views'],
  ['Python-2.0', 'Python-2.0.1'],
  ['MPL-2.0', 'MPL-2.0-no-copyleft-exception'],
  ['OFL-1.1', 'OFL-1.1-RFN', 'OFL-1.1-no-RFN'],
];

function withSameTerms(ids: readonly string[]): readonly string[] {
  return [...ids, ...SAME_TERMS.filter((group) => ids.some((id) => group.includes(id))).flat()];
}

/** Whether everything that the files say is among what is declared. */
function agrees(texts: Texts, declared: Expression): boolean {
  const terms = termsOf(declared);
  const isDeclared = (id: string): boolean => {
    const found = tryExpression(id);
    return (
      found !== undefined &&
      termsOf(found).every((term) =>
        terms.some((one) =>
          matchesTerm({ license: term.license }, { license: one.license, ...(one.plus ? { plus: true } : {}) }),
        ),
      )
    );
  };
  const isBasis = (ids: readonly string[]): boolean =>
    ids.some((id) => id.startsWith('GPL-')) && terms.some(({ license }) => license.startsWith('LGPL-'));
  return texts.choices.every((ids) => withSameTerms(ids).some(isDeclared) || isBasis(ids));
}
