import type { Conclusion, Note } from './conclude.ts';
import { writeExpression } from './expression/expression.ts';
import { tryExpression } from './expression/parse.ts';
import { holds, matchesTerm } from './expression/satisfies.ts';
import { exceptionFor, judge, type Policy, type PolicyException } from './policy/policy.ts';
import { clip } from './sources/clip.ts';
import type { Collected } from './sources/collect.ts';
import type { Subject } from './sources/subject.ts';

/** One line of the report: a package that needs attention, or a file that could not be used. */
export interface Finding {
  readonly id: string;
  readonly code: string;
  readonly severity: 'error' | 'warning' | 'info';
  readonly title: string;
  readonly component?: string;
  readonly locations: readonly {
    readonly path: string;
    readonly range?: { readonly start: { readonly line: number } };
  }[];
  readonly properties?: Readonly<Record<string, unknown>>;
}

export type VerdictErrorCode = 'LICENSE_DENIED' | 'LICENSE_NOT_ALLOWED';
export type VerdictWarningCode = 'LICENSE_UNKNOWN' | 'LICENSE_EXCEPTION_EXPIRED' | 'LICENSE_EXCEPTION_USED';

/** A package with the verdict of the policy. */
export interface Judged extends Conclusion {
  readonly verdict: 'project' | 'allowed' | 'denied' | 'not-allowed' | 'unknown' | 'excepted';
  readonly exception?: PolicyException;
}

const SEVERITIES: Readonly<Record<string, Finding['severity']>> = {
  LICENSE_DENIED: 'error',
  LICENSE_NOT_ALLOWED: 'error',
  LICENSE_CORRECTED: 'info',
  LICENSE_EXCEPTION_USED: 'info',
};
const NOTES_OF_PROJECT = new Set(['LICENSE_MISMATCH', 'LICENSE_TEXT_MODIFIED']);
const MAX_LOCATIONS = 16;

/** Holds a conclusion against the policy. The project's own license is the project's own decision. */
export function judgeConclusion(conclusion: Conclusion, policy: Policy): Judged {
  if (conclusion.subject.isProject) return { ...conclusion, verdict: 'project' };
  const exception = exceptionFor(policy.exceptions, conclusion.subject, conclusion.expression === undefined);
  const looked = exception?.license === undefined ? undefined : tryExpression(exception.license);
  const expression = looked ?? conclusion.expression;
  const known =
    expression !== undefined &&
    holds(
      expression,
      (term) =>
        !term.license.includes('LicenseRef-') || policy.allow?.some((entry) => matchesTerm(term, entry)) === true,
    );
  const verdict = known && expression !== undefined ? judge(expression, policy) : 'unknown';
  if (exception === undefined || (looked === undefined && verdict === 'allowed')) return { ...conclusion, verdict };
  // An exception that names a license replaces what was found; one that names none accepts the package as it is.
  if (looked !== undefined && verdict !== 'allowed') return { ...conclusion, verdict, exception };
  return { ...conclusion, verdict: 'excepted', exception };
}

/** All findings: by package, then expired exceptions, then what could not be read. */
export function findingsOf(judged: readonly Judged[], policy: Policy, { gaps, files }: Collected): Finding[] {
  const found = judged.flatMap((one) => [...verdictFindings(one), ...noteFindings(one)]);
  for (const [index, exception] of policy.expired.entries()) {
    const title = `The exception for ${exception.package} expired on ${exception.expires} and counts as absent`;
    found.push(finding('LICENSE_EXCEPTION_EXPIRED', `${index}:${exception.package}`, title, undefined, []));
  }
  for (const list of files.values()) {
    for (const { path, reading } of list) {
      if (reading.kind === 'skipped')
        found.push(
          finding(reading.code, path, `${path} was not looked at: ${reading.reason}`, undefined, [
            { path: clip(path, 4_000) },
          ]),
        );
    }
  }
  for (const { code, path, message } of gaps)
    found.push(finding(code, path, `${path}: ${message}`, undefined, [{ path: clip(path, 4_000) }]));
  return found;
}

function verdictFindings(one: Judged): Finding[] {
  const { subject, verdict, expression, exception } = one;
  const who = nameOf(subject);
  const written = expression === undefined ? 'UNKNOWN' : writeExpression(expression);
  const locations = [...one.files.map(({ path }) => path), ...subject.lookedAt]
    .slice(0, MAX_LOCATIONS)
    .map((path) => ({ path: clip(path, 4_000) }));
  const properties = propertiesOf(one, written);
  if (verdict === 'denied')
    return [finding('LICENSE_DENIED', who, `${who}: ${written} is denied by the policy`, who, locations, properties)];
  if (verdict === 'not-allowed')
    return [
      finding(
        'LICENSE_NOT_ALLOWED',
        who,
        `${who}: ${written} is not among the allowed licenses`,
        who,
        locations,
        properties,
      ),
    ];
  if (verdict === 'excepted') {
    const title = `${who}: accepted by an exception of ${exception?.author ?? ''} until ${exception?.expires ?? ''}: ${exception?.reason ?? ''}`;
    return [finding('LICENSE_EXCEPTION_USED', who, title, who, locations, properties)];
  }
  if (verdict !== 'unknown') return [];
  return [
    finding('LICENSE_UNKNOWN', who, `${who}: the license is UNKNOWN; ${whyUnknown(one)}`, who, locations, properties),
  ];
}

function whyUnknown({ notes, subject, files }: Judged): string {
  const [first] = notes.filter(({ code }) => code !== 'LICENSE_CORRECTED');
  if (first !== undefined) return first.message;
  const looked = subject.lookedAt.slice(0, 3).join(', ');
  const texts =
    files.length === 0
      ? 'no license file was found'
      : `nothing was recognised in ${files
          .slice(0, 3)
          .map(({ path }) => path)
          .join(', ')}`;
  return `none is declared in ${looked}, and ${texts}`;
}

function propertiesOf({ subject, declared, basis, files }: Judged, concluded: string): Record<string, unknown> {
  return {
    concluded: clip(concluded, 1_000),
    basis,
    declared: subject.declarations.slice(0, 8).map(({ text }) => clip(text, 200)),
    ...(declared === undefined ? {} : { declared_expression: clip(writeExpression(declared), 1_000) }),
    detected: files.slice(0, 8).map(({ path, reading }) => ({
      path: clip(path, 500),
      outcome: reading.kind === 'text' ? (reading.detection.expression ?? reading.detection.outcome) : 'skipped',
    })),
    ...(subject.isDevelopment === undefined ? {} : { development: subject.isDevelopment }),
    ...(subject.purl === undefined ? {} : { purl: clip(subject.purl, 500) }),
  };
}

function noteFindings({ subject, notes, verdict }: Judged): Finding[] {
  const who = nameOf(subject);
  const shown = subject.isProject ? notes.filter(({ code }) => NOTES_OF_PROJECT.has(code)) : notes;
  return shown.map((note: Note, index) => {
    const path = clip(note.path ?? subject.lookedAt[0] ?? '.', 4_000);
    const place = note.line === undefined ? { path } : { path, range: { start: { line: note.line } } };
    return finding(note.code, `${index}:${who}`, `${who}: ${note.message}`, who, [place], { verdict });
  });
}

function nameOf({ type, name, version, isProject }: Subject): string {
  return clip(
    `${isProject || type === 'generic' ? '' : `${type}:`}${name}${version === undefined ? '' : `@${version}`}`,
    300,
  );
}

function finding(
  code: string,
  key: string,
  title: string,
  component: string | undefined,
  locations: Finding['locations'],
  properties?: Readonly<Record<string, unknown>>,
): Finding {
  return {
    id: clip(`${code}:${key.replace(/[\s\p{Cc}]/gu, '_')}`, 250).replace(/\s/gu, '_'),
    code,
    severity: SEVERITIES[code] ?? 'warning',
    title: clip(title, 2_000),
    ...(component === undefined ? {} : { component: clip(component, 1_000) }),
    locations,
    ...(properties === undefined ? {} : { properties }),
  };
}

/** Counts for a person; at most a few KB. */
export function summarize(
  judged: readonly Judged[],
  findings: readonly Finding[],
  { files, gaps }: Collected,
  policy: Policy,
): Record<string, unknown> {
  const packages = judged.filter(({ subject }) => !subject.isProject);
  const count = (verdict: Judged['verdict']): number => packages.filter((one) => one.verdict === verdict).length;
  const licenses = new Map<string, number>();
  for (const { expression } of packages) {
    const key = expression === undefined ? 'UNKNOWN' : clip(writeExpression(expression), 120);
    licenses.set(key, (licenses.get(key) ?? 0) + 1);
  }
  const read = [...files.values()].flat();
  return {
    packages: packages.length,
    projects: judged.length - packages.length,
    unknown: count('unknown'),
    denied: count('denied'),
    not_allowed: count('not-allowed'),
    excepted: count('excepted'),
    mismatches: findings.filter(({ code }) => code === 'LICENSE_MISMATCH').length,
    corrected: findings.filter(({ code }) => code === 'LICENSE_CORRECTED').length,
    exceptions_expired: policy.expired.length,
    license_files: read.length,
    license_files_skipped: read.filter(({ reading }) => reading.kind === 'skipped').length,
    gaps: gaps.length,
    has_policy: policy.allow !== undefined || policy.deny.length > 0,
    licenses: Object.fromEntries([...licenses].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).slice(0, 60)),
    license_kinds: licenses.size,
  };
}

/** What was seen, package by package and file by file: the raw material the findings rest on. */
export function rawDetections(judged: readonly Judged[], { files }: Collected): object {
  return {
    schema_version: 'mex.license_detections@1.0',
    packages: judged.map(({ subject, expression, basis, verdict, notes }) => ({
      type: subject.type,
      name: subject.name.toWellFormed(),
      version: subject.version?.toWellFormed() ?? null,
      project: subject.isProject,
      declared: subject.declarations
        .slice(0, 64)
        .map(({ text, path }) => ({ text: clip(text, 1_000), path: path.toWellFormed() })),
      concluded: expression === undefined ? null : writeExpression(expression),
      basis,
      verdict,
      notes: notes.map(({ code, message }) => ({ code, message: clip(message, 1_000) })),
    })),
    files: [...files.values()]
      .flat()
      .sort((a, b) => (a.path < b.path ? -1 : 1))
      .map(({ path, sha256, kind, reading }) => ({
        path: path.toWellFormed(),
        sha256,
        kind,
        ...(reading.kind === 'skipped'
          ? { skipped: reading.reason }
          : { ...reading.detection, parts: reading.detection.parts.slice(0, 200) }),
      })),
  };
}
