import { type Expression, isTerm, type LicenseTerm } from '../expression/expression.ts';
import { ExpressionError, parseExpression } from '../expression/parse.ts';
import { matchesTerm, parseTerms } from '../expression/satisfies.ts';
import { isFields, parseFields } from '../sources/json-fields.ts';
import type { Subject } from '../sources/subject.ts';

/** What a person writes: as parameters of the operation, or as a document. */
export interface PolicySource {
  /** Licenses that are accepted; when it is there, everything else is not. */
  readonly allow?: readonly string[];
  /** Licenses that are not accepted, whatever `allow` says. */
  readonly deny?: readonly string[];
  readonly exceptions?: readonly PolicyException[];
}

/** A package that is accepted although the rules say otherwise, or whose license a person has looked up. */
export interface PolicyException {
  /**
   * Its name, or `name@version`. With a `*` at the end it stands for every package whose name begins so, as long as its license
   * is UNKNOWN; such an entry must say the license.
   */
  readonly package: string;
  /** The license a person found it to have, as an SPDX expression; it takes the place of what the engine found. */
  readonly license?: string;
  readonly reason: string;
  readonly author: string;
  /** RFC 3339 date; from the day after it counts as absent. */
  readonly expires: string;
}

export interface Policy {
  readonly allow: readonly LicenseTerm[] | undefined;
  readonly deny: readonly LicenseTerm[];
  readonly exceptions: readonly PolicyException[];
  /** Exceptions that have run out: they count as absent, and each is told. */
  readonly expired: readonly PolicyException[];
}

/** The policy cannot be used; nothing may be judged by a part of it. */
export class PolicyError extends Error {
  override readonly name = 'PolicyError';
}

const DOCUMENT = 'mex.license_policy@1.0';
const DATE = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])$/;
const MAX_ENTRIES = 2_000;

/** Whether a text is meant to be a policy document. */
export function isPolicyDocument(text: string): boolean {
  return parseFields(text)?.['schema_version'] === DOCUMENT;
}

/**
 * Reads a policy document: `{"schema_version": "mex.license_policy@1.0", "allow": […], "deny": […], "exceptions": […]}`.
 * @throws PolicyError when it is none, or has a field that does not exist.
 */
export function readPolicyDocument(text: string): PolicySource {
  const fields = parseFields(text);
  if (fields === undefined || fields['schema_version'] !== DOCUMENT)
    throw new PolicyError(`The policy is no ${DOCUMENT} document.`);
  for (const name of Object.keys(fields)) {
    if (!['schema_version', 'allow', 'deny', 'exceptions'].includes(name))
      throw new PolicyError(`The policy has an unknown field ${JSON.stringify(name.slice(0, 60))}.`);
  }
  const allow = texts(fields['allow'], 'allow');
  const deny = texts(fields['deny'], 'deny');
  return {
    ...(allow === undefined ? {} : { allow }),
    ...(deny === undefined ? {} : { deny }),
    exceptions: exceptionsOf(fields['exceptions']),
  };
}

function texts(value: unknown, where: string): string[] | undefined {
  if (value === undefined) return undefined;
  if (!Array.isArray(value) || value.length > MAX_ENTRIES)
    throw new PolicyError(`${where} must be a list of at most ${MAX_ENTRIES} license ids.`);
  return value.map((one: unknown) => {
    if (typeof one !== 'string') throw new PolicyError(`${where} holds something that is no text.`);
    return one;
  });
}

function exceptionsOf(value: unknown): PolicyException[] {
  if (value === undefined) return [];
  if (!Array.isArray(value) || value.length > MAX_ENTRIES)
    throw new PolicyError(`exceptions must be a list of at most ${MAX_ENTRIES} entries.`);
  return value.map((one: unknown, index) => {
    if (!isFields(one)) throw new PolicyError(`exceptions[${index}] is no object.`);
    const { package: name, license, reason, author, expires, ...rest } = one;
    const unknown = Object.keys(rest)[0];
    if (unknown !== undefined)
      throw new PolicyError(`exceptions[${index}] has an unknown field ${JSON.stringify(unknown.slice(0, 60))}.`);
    if (
      typeof name !== 'string' ||
      typeof reason !== 'string' ||
      typeof author !== 'string' ||
      typeof expires !== 'string'
    )
      throw new PolicyError(`exceptions[${index}] needs package, reason, author and expires.`);
    if (license !== undefined && typeof license !== 'string')
      throw new PolicyError(`exceptions[${index}].license is no text.`);
    return { package: name, reason, author, expires, ...(license === undefined ? {} : { license }) };
  });
}

/**
 * Checks a policy and sorts out what has expired.
 *
 * @param today the date exceptions are compared with; needed as soon as there is one, since the engine's own clock stands still.
 * @throws PolicyError for an unknown license, an empty `allow`, an exception without a reason, an author or a date.
 */
export function preparePolicy(source: PolicySource, today: string | undefined): Policy {
  const { allow, deny = [], exceptions = [] } = source;
  if (allow !== undefined && allow.length === 0)
    throw new PolicyError('allow is empty: nothing could pass. Leave it out to accept everything but deny.');
  if (exceptions.length > 0 && today === undefined)
    throw new PolicyError('A policy with exceptions needs the parameter timestamp, to know which have expired.');
  for (const [index, { package: name, reason, author, expires, license }] of exceptions.entries()) {
    const where = `exceptions[${index}] (${name.slice(0, 100)})`;
    if (name.trim() === '' || reason.trim() === '' || author.trim() === '')
      throw new PolicyError(`${where}: package, reason and author may not be empty.`);
    if (name.includes('*')) verifyPattern(name, license, where);
    if (!DATE.test(expires)) throw new PolicyError(`${where}: expires must be a date such as 2027-01-31.`);
    if (license !== undefined) readLicenses(() => parseExpression(license), `${where}.license`);
  }
  const date = today?.slice(0, 10) ?? '';
  return {
    allow: allow === undefined ? undefined : licenseEntries(allow, 'allow'),
    deny: licenseEntries(deny, 'deny'),
    exceptions: exceptions.filter(({ expires }) => expires >= date),
    expired: exceptions.filter(({ expires }) => expires < date),
  };
}

function licenseEntries(entries: readonly string[], where: string): LicenseTerm[] {
  return readLicenses(() => parseTerms(entries), where);
}

function readLicenses<T>(read: () => T, where: string): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof ExpressionError)
      throw new PolicyError(`${where}: ${error.message}. Use the ids of the SPDX list.`, { cause: error });
    throw error;
  }
}

/** What a pattern covers nobody has looked at one by one: it must be narrow, and say what a person found out. */
function verifyPattern(pattern: string, license: string | undefined, where: string): void {
  if (!/^[^*]{3,}\*$/.test(pattern))
    throw new PolicyError(`${where}: "*" stands at the end, after three characters at least, as in @scope/*.`);
  if (license === undefined)
    throw new PolicyError(`${where}: an exception for several packages must name the license that they have.`);
}

/**
 * The exception that speaks of a package, if any; one for the very version goes before one for the name, and that before a
 * pattern. A pattern never overrules what was found.
 */
export function exceptionFor(
  exceptions: readonly PolicyException[],
  { name, version }: Subject,
  isUnknown: boolean,
): PolicyException | undefined {
  return (
    exceptions.find((one) => one.package === `${name}@${version ?? ''}`) ??
    exceptions.find((one) => one.package === name) ??
    (isUnknown ? exceptions.find((one) => isPatternFor(one, name)) : undefined)
  );
}

function isPatternFor({ package: pattern }: PolicyException, name: string): boolean {
  return pattern.endsWith('*') && name.startsWith(pattern.slice(0, -1));
}

export type Verdict = 'allowed' | 'denied' | 'not-allowed';

/** Judges an expression: of `OR` the better side counts, of `AND` the worse. */
export function judge(expression: Expression, policy: Policy): Verdict {
  if (isTerm(expression)) return judgeTerm(expression, policy);
  const sides = [judge(expression.left, policy), judge(expression.right, policy)];
  const order: readonly Verdict[] =
    expression.conjunction === 'or' ? ['allowed', 'not-allowed', 'denied'] : ['denied', 'not-allowed', 'allowed'];
  return order.find((verdict) => sides.includes(verdict)) ?? 'denied';
}

/** A denied license stays denied with an exception, unless exactly that combination is allowed. */
function judgeTerm(term: LicenseTerm, { allow, deny }: Policy): Verdict {
  const isAllowed = allow?.some((entry) => matchesTerm(term, entry)) ?? false;
  const { exception, ...bare } = term;
  const isDenied = deny.some(
    (entry) => matchesTerm(term, entry) || (exception !== undefined && matchesTerm(bare, entry)),
  );
  if (isDenied && !(isAllowed && exception !== undefined && !deny.some((entry) => matchesTerm(term, entry))))
    return 'denied';
  return allow === undefined || isAllowed ? 'allowed' : 'not-allowed';
}
