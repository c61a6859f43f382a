import { canonicalJson, type JsonObject, type JsonValue, parseStrictJson } from '@mex/envelope/json';
import { findEcosystem } from '../ecosystems.ts';
import { advisoriesError } from '../errors.ts';
import { compareText } from '../versions/version-order.ts';

/** Media type of a document of answers. */
export const OSV_ANSWERS_MIME = 'application/vnd.mex.osv-answers+json';

const SCHEMA = 'mex.osv_answers@1';
const BOUNDS = {
  maxBytes: 512 * 1024 * 1024,
  maxStringBytes: 64 * 1024 * 1024,
  maxKeys: 20_000_000,
  maxDepth: 128,
};
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/;

/** One package that was asked about. */
export interface AnsweredPackage {
  readonly ecosystem: string;
  /** The key under which advisories are filed (`Ecosystem.packageKey`). */
  readonly name: string;
  /** The one version that was asked about; absent: all of them. */
  readonly version?: string;
  /** Records that the one who answered holds to be true of that version, whatever their ranges say here. */
  readonly ids?: readonly string[];
}

/**
 * What somebody who knows OSV records answered about some packages, with the records themselves. It says nothing about any
 * other package: unlike a database, its silence counts only where it was asked.
 */
export interface OsvAnswers {
  /** Who answered: an address, or the name of a program. */
  readonly source: string;
  /** When; `null` when the one who answered does not say how old its knowledge is. */
  readonly retrievedAt: string | null;
  readonly packages: readonly AnsweredPackage[];
  /** OSV records as they came. */
  readonly records: readonly JsonObject[];
}

/** Answers as canonical JSON: equal answers give equal bytes. */
export function writeOsvAnswers({ source, retrievedAt, packages, records }: OsvAnswers): string {
  const sorted = packages.toSorted(
    (a, b) =>
      compareText(a.ecosystem, b.ecosystem) ||
      compareText(a.name, b.name) ||
      compareText(a.version ?? '', b.version ?? ''),
  );
  const document = {
    schema_version: SCHEMA,
    source,
    retrieved_at: retrievedAt,
    packages: sorted,
    records: records.toSorted((a, b) => compareText(idOf(a), idOf(b))),
  };
  return canonicalJson(document, { maxChars: BOUNDS.maxBytes, maxDepth: BOUNDS.maxDepth });
}

function idOf({ id }: JsonObject): string {
  return typeof id === 'string' ? id : '';
}

/**
 * Reads a document of answers.
 * @throws MexError `ADVISORIES_ANSWERS_INVALID`
 */
export function readOsvAnswers(bytes: Uint8Array): OsvAnswers {
  const document = objectOf(parse(bytes), 'it');
  if (document['schema_version'] !== SCHEMA) throw invalid(`its schema_version is not ${SCHEMA}`);
  const { source, retrieved_at: retrievedAt } = document;
  if (typeof source !== 'string' || source === '') throw invalid('it does not say who answered');
  if (retrievedAt !== null && (typeof retrievedAt !== 'string' || !INSTANT.test(retrievedAt)))
    throw invalid('retrieved_at is no instant');
  return {
    source,
    retrievedAt,
    packages: listOf(document['packages'], 'packages').map(readPackage),
    records: listOf(document['records'], 'records').map((one) => objectOf(one, 'a record')),
  };
}

function parse(bytes: Uint8Array): JsonValue {
  try {
    return parseStrictJson(new TextDecoder('utf-8', { fatal: true }).decode(bytes), BOUNDS);
  } catch (cause) {
    throw invalid('it is no JSON', cause);
  }
}

function readPackage(value: JsonValue): AnsweredPackage {
  const { ecosystem, name, version, ids } = objectOf(value, 'a package');
  if (typeof ecosystem !== 'string' || findEcosystem(ecosystem) === undefined)
    throw invalid('an ecosystem is not known');
  if (typeof name !== 'string' || name === '') throw invalid('a package has no name');
  if (version !== undefined && typeof version !== 'string') throw invalid('a version is no text');
  const told = ids === undefined ? undefined : listOf(ids, 'ids').map((id) => (typeof id === 'string' ? id : ''));
  if (told?.includes('') === true) throw invalid('an id is none');
  return {
    ecosystem,
    name,
    ...(version === undefined ? {} : { version }),
    ...(told === undefined ? {} : { ids: told }),
  };
}

function objectOf(value: JsonValue | undefined, what: string): JsonObject {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw invalid(`${what} is no object`);
}

function listOf(value: JsonValue | undefined, what: string): readonly JsonValue[] {
  if (Array.isArray(value)) return value;
  throw invalid(`${what} is no list`);
}

function invalid(what: string, cause?: unknown): Error {
  return advisoriesError({
    code: 'ADVISORIES_ANSWERS_INVALID',
    kind: 'integrity',
    message: `The answers cannot be used: ${what}.`,
    remedy: 'Ask again (mex scan --osv online).',
    ...(cause === undefined ? {} : { cause }),
  });
}
