import { EngineError } from '@mex/engine-sdk';
import type { JsonObject, JsonValue } from '@mex/envelope/json';
import type { AdvisoryPackage } from '../sbom/purl.ts';
import type { OsvApi } from './osv-api.ts';

/** The most that one batch may ask. */
const BATCH = 1_000;
/** Rounds of following pages; a server that never comes to an end is no server of advisories. */
const MAX_ROUNDS = 200;
const MAX_TOKEN_CHARS = 4_096;
const MAX_RECORDS = 100_000;
const AT_ONCE = 4;
const ID = /^[A-Za-z0-9][\w.:+-]{0,127}$/;

/** The name under which the server files a package. */
function askedName({ ecosystem, name, key }: AdvisoryPackage): string {
  return ecosystem === 'PyPI' || ecosystem === 'Packagist' ? key : name;
}

interface Question {
  readonly package: AdvisoryPackage;
  readonly token: string | undefined;
}

/**
 * Ids of every record about any of the packages, whatever the version: which versions are affected is judged here, by the
 * same rules as offline, and the fix that is recommended must not run into another record of the package.
 * @throws EngineError `VULN_API_FAILED`, `VULN_API_INVALID`
 */
export async function findIds(api: OsvApi, packages: readonly AdvisoryPackage[]): Promise<string[]> {
  const ids = new Set<string>();
  let open: Question[] = packages.map((one) => ({ package: one, token: undefined }));
  for (let round = 0; open.length > 0; round++) {
    if (round === MAX_ROUNDS) throw invalid(`its pages have no end after ${MAX_ROUNDS} rounds`);
    const next: Question[] = [];
    for (let from = 0; from < open.length; from += BATCH) {
      const batch = open.slice(from, from + BATCH);
      const results = readResults(await api.post('/v1/querybatch', { queries: batch.map(toQuery) }), batch.length);
      for (const [index, result] of results.entries()) {
        const question = batch[index];
        if (question === undefined) continue;
        for (const id of result.ids) ids.add(id);
        if (result.token === undefined) continue;
        if (result.token === question.token) throw invalid('a page leads to itself');
        next.push({ package: question.package, token: result.token });
      }
      if (ids.size > MAX_RECORDS) throw invalid(`it names more than ${MAX_RECORDS} records`);
    }
    open = next;
  }
  return [...ids].toSorted();
}

function toQuery({ package: found, token }: Question): object {
  const query = { package: { ecosystem: found.ecosystem, name: askedName(found) } };
  return token === undefined ? query : { ...query, page_token: token };
}

function readResults(value: JsonValue, expected: number): { ids: string[]; token: string | undefined }[] {
  const results = objectOf(value)['results'];
  if (!Array.isArray(results)) throw invalid('it has no results');
  // Answers belong to questions by their place alone: one too few, and all after it would be about other packages.
  if (results.length !== expected) throw invalid(`it answered ${results.length} of ${expected} questions`);
  return results.map(readResult);
}

/** A package of which nothing is known is answered with an empty object. */
function readResult(value: JsonValue): { ids: string[]; token: string | undefined } {
  const { vulns, next_page_token: token } = objectOf(value);
  if (vulns !== undefined && !Array.isArray(vulns)) throw invalid('vulns is no list');
  if (token !== undefined && (typeof token !== 'string' || token.length > MAX_TOKEN_CHARS))
    throw invalid('a page token is none');
  const ids = (vulns ?? []).map((one) => {
    const { id } = objectOf(one);
    if (typeof id !== 'string' || !ID.test(id)) throw invalid('a record has no usable id');
    return id;
  });
  return { ids, token: token === '' ? undefined : token };
}

/**
 * The records of these ids, in their order.
 * @throws EngineError `VULN_API_FAILED`, `VULN_API_INVALID`
 */
export async function fetchRecords(api: OsvApi, ids: readonly string[]): Promise<JsonObject[]> {
  const records: JsonObject[] = [];
  for (let from = 0; from < ids.length; from += AT_ONCE) {
    const some = ids.slice(from, from + AT_ONCE);
    records.push(...(await Promise.all(some.map((id) => fetchRecord(api, id)))));
  }
  return records;
}

async function fetchRecord(api: OsvApi, id: string): Promise<JsonObject> {
  const record = objectOf(await api.get(`/v1/vulns/${encodeURIComponent(id)}`));
  if (record['id'] !== id) throw invalid('a record is another one than was asked for');
  return record;
}

function objectOf(value: JsonValue): JsonObject {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw invalid('a part of it is no object');
}

function invalid(what: string): EngineError {
  return new EngineError('VULN_API_INVALID', `What the OSV server answered cannot be used: ${what}.`);
}
