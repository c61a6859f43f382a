import { findEcosystem } from '@mex/advisories/snapshot';
import type { HttpRequest, HttpResponse } from '@mex/engine-sdk';

/** An OSV record as far as the server looks at it. */
export interface ServedRecord {
  readonly id: string;
  readonly modified: string;
  readonly affected: readonly { readonly package: { readonly ecosystem: string; readonly name: string } }[];
}

/** What a request is answered with in place of the documented answer. */
export type Misbehaviour = (request: {
  path: string;
  number: number;
}) => { status?: number; body?: string; headers?: [string, string][] } | undefined;

const PAGE = 2;

/**
 * Answers like the documented API of OSV: `POST /v1/querybatch` with pages of two records, `GET /v1/vulns/<id>`. A stand-in
 * for the broker and the server behind it.
 */
export function osvServer(records: readonly ServedRecord[], misbehave: Misbehaviour = () => undefined) {
  const requests: { path: string; body: unknown }[] = [];
  const served = index(records);
  const fetch = async ({ url, body }: HttpRequest): Promise<HttpResponse> => {
    const { pathname: path } = new URL(url);
    const parsed: unknown = typeof body === 'string' ? JSON.parse(body) : undefined;
    requests.push({ path, body: parsed });
    const odd = misbehave({ path, number: requests.length });
    const found = answerOf(served, path, parsed);
    const answer = odd?.body ?? JSON.stringify(found ?? { code: 5, message: 'Bug not found.' });
    const status = odd?.status ?? (found === undefined ? 404 : 200);
    return { status, url, headers: odd?.headers ?? [], redirects: 0, body: new TextEncoder().encode(answer) };
  };
  return { fetch, requests };
}

interface Query {
  readonly package: { readonly ecosystem: string; readonly name: string };
  readonly page_token?: string;
}

interface Served {
  readonly byId: ReadonlyMap<string, ServedRecord>;
  readonly byPackage: ReadonlyMap<string, readonly ServedRecord[]>;
}

function index(records: readonly ServedRecord[]): Served {
  const byPackage = new Map<string, ServedRecord[]>();
  for (const record of records) {
    for (const key of new Set(record.affected.map(({ package: one }) => keyOf(one)))) {
      byPackage.set(key, [...(byPackage.get(key) ?? []), record]);
    }
  }
  return { byId: new Map(records.map((record) => [record.id, record])), byPackage };
}

function keyOf({ ecosystem, name }: { readonly ecosystem: string; readonly name: string }): string {
  return `${ecosystem}\t${findEcosystem(ecosystem)?.packageKey(name) ?? name}`;
}

function answerOf({ byId, byPackage }: Served, path: string, body: unknown): object | undefined {
  if (path.startsWith('/v1/vulns/')) return byId.get(decodeURIComponent(path.slice('/v1/vulns/'.length)));
  if (path !== '/v1/querybatch' || typeof body !== 'object' || body === null || !('queries' in body)) return undefined;
  const queries = body.queries as readonly Query[];
  return { results: queries.map((query) => page(byPackage.get(keyOf(query.package)) ?? [], query)) };
}

function page(all: readonly ServedRecord[], { page_token: token }: Query): object {
  const from = token === undefined ? 0 : Number(token.slice('page-'.length));
  const vulns = all.slice(from, from + PAGE).map(({ id, modified }) => ({ id, modified }));
  if (vulns.length === 0) return {};
  return from + PAGE < all.length ? { vulns, next_page_token: `page-${from + PAGE}` } : { vulns };
}
