import { revealEngine } from '@mex/engine-sdk/bundle';
import { describe, expect, it } from 'vitest';
import engine from '../../src/engine.ts';
import { type OperationRun, runOperation } from '../bundled-engine.ts';
import { advisory, CRITICAL, HIGH, reportOf, sbomOf, scan, snapshotOf, TIMESTAMP } from '../fixture.ts';
import { type Misbehaviour, osvServer, type ServedRecord } from './osv-server.ts';

const ALPHA = 'pkg:npm/alpha@1.0.0';
const BETA = 'pkg:npm/%40scope/beta@1.0.0';
const SBOM = sbomOf([{ purl: ALPHA }, { purl: BETA, name: 'beta', group: '@scope' }, { purl: 'pkg:pypi/My_Pkg@1.0' }]);
const RECORDS = [
  advisory('GHSA-1', 'alpha', { ...HIGH, aliases: ['CVE-1'] }),
  advisory('GHSA-2', 'alpha', CRITICAL, {
    ranges: [{ type: 'SEMVER', events: [{ introduced: '2.0.0' }, { fixed: '2.1.0' }] }],
  }),
  advisory('GHSA-3', 'alpha', { withdrawn: '2026-01-01T00:00:00Z' }),
  advisory('CVE-1', 'alpha', { aliases: ['GHSA-1'] }),
  advisory('GHSA-4', '@scope/beta'),
  advisory('PYSEC-1', 'my-pkg', {}, { package: { ecosystem: 'PyPI', name: 'my-pkg' }, versions: ['1.0'], ranges: [] }),
  advisory('GHSA-9', 'another'),
] as ServedRecord[];

async function query(records: readonly ServedRecord[], misbehave?: Misbehaviour, sbom: object = SBOM) {
  const server = osvServer(records, misbehave);
  const bytes = new TextEncoder().encode(JSON.stringify(sbom));
  const input = { kind: 'file', sha256: 'a'.repeat(64), size: bytes.length, bytes: async () => bytes };
  const run = await runOperation(
    revealEngine(engine).operations,
    'vuln.query',
    [input],
    { endpoint: 'https://osv.example/' },
    { fetch: server.fetch, now: () => TIMESTAMP },
  );
  return { ...run, ...server };
}

const answersOf = ({ outputs }: OperationRun): Uint8Array =>
  new TextEncoder().encode(outputs.get('osv-answers.json') ?? '');

const codeOf = (running: Promise<unknown>): Promise<unknown> =>
  running.then(
    () => 'succeeded',
    (error: unknown) => (error instanceof Error && 'code' in error ? error.code : error),
  );

/** Digests differ: a server and a dump do not have the same bytes for the same record. */
const comparable = (run: OperationRun): unknown =>
  reportOf(run).findings.map(({ properties, ...finding }) => {
    const { records: _digests, ...rest } = properties;
    return { ...finding, properties: rest };
  });

describe('[§13] an OSV server in place of a database', () => {
  it('gives the same findings as a database of the same records, and says who answered and when', async () => {
    const asked = await query(RECORDS);
    const online = await scan({ sbom: SBOM, database: answersOf(asked) });
    const offline = await scan({ sbom: SBOM, database: await snapshotOf(RECORDS) });
    expect(comparable(online)).toEqual(comparable(offline));
    expect(reportOf(online).findings.length).toBe(3);
    expect(reportOf(online).findings[0]?.properties['upgrade_to']).toBe('2.1.0');
    expect(online.summary).toMatchObject({
      database: { source: 'https://osv.example', age_days: 0, newest: TIMESTAMP, withdrawn: 1 },
    });
    expect(asked.summary).toMatchObject({ packages: 3, records: 6, retrieved_at: TIMESTAMP });
  });

  it('asks for names only, once each, follows pages, and fetches each record once', async () => {
    const { requests } = await query(RECORDS);
    const batches = requests.filter(({ path }) => path === '/v1/querybatch');
    expect(batches).toHaveLength(2);
    expect(batches[0]?.body).toEqual({
      queries: [
        { package: { ecosystem: 'PyPI', name: 'my-pkg' } },
        { package: { ecosystem: 'npm', name: '@scope/beta' } },
        { package: { ecosystem: 'npm', name: 'alpha' } },
      ],
    });
    expect(batches[1]?.body).toEqual({
      queries: [{ package: { ecosystem: 'npm', name: 'alpha' }, page_token: 'page-2' }],
    });
    const fetched = requests.filter(({ path }) => path.startsWith('/v1/vulns/')).map(({ path }) => path);
    expect(new Set(fetched).size).toBe(fetched.length);
    expect(fetched).toHaveLength(6);
  });

  it('asks a thousand at a time', async () => {
    const many = sbomOf(Array.from({ length: 2_001 }, (_, index) => ({ purl: `pkg:npm/p${index}@1.0.0` })));
    const { requests, summary } = await query([], undefined, many);
    expect(requests.map(({ body }) => (body as { queries: unknown[] }).queries.length)).toEqual([1_000, 1_000, 1]);
    expect(summary).toMatchObject({ packages: 2_001, records: 0 });
  });

  it('[§6] the answers are replayable: equal answers give equal bytes, and the same judgement ever after', async () => {
    const [one, two] = await Promise.all([query(RECORDS), query(RECORDS.toReversed())]);
    expect(one.outputs.get('osv-answers.json')).toBe(two.outputs.get('osv-answers.json'));
    const again = { sbom: SBOM, database: answersOf(one) };
    expect((await scan(again)).outputs).toEqual((await scan(again)).outputs);
  });

  it('[§14 E] nothing known of anything is an answer; a package that nobody asked about is not checked', async () => {
    const clean = await scan({ sbom: SBOM, database: answersOf(await query([])) });
    expect(clean.summary).toMatchObject({ findings: 0, components: { checked: 3, not_checked: 0 } });
    const other = sbomOf([{ purl: ALPHA }, { purl: 'pkg:npm/gamma@1.0.0' }]);
    const run = await scan({ sbom: other, database: answersOf(await query(RECORDS)) });
    expect(reportOf(run).findings).toContainEqual(
      expect.objectContaining({ code: 'VULN_NOT_CHECKED', properties: { reason: 'package_not_asked' } }),
    );
  });

  it('[§14 E] old answers are as stale as an old database', async () => {
    const database = answersOf(await query(RECORDS));
    const late = scan({ sbom: SBOM, database, params: { timestamp: '2026-09-01T00:00:00Z' } });
    expect(await codeOf(late)).toBe('VULN_DATABASE_STALE');
  });
});

const once =
  (number: number, answer: ReturnType<Misbehaviour>): Misbehaviour =>
  (request) =>
    request.number === number ? answer : undefined;

describe('[§14 E] a server that does not answer is a failure, never "no vulnerabilities"', () => {
  it.each<[string, Misbehaviour, string]>([
    ['403', () => ({ status: 403 }), 'VULN_API_FAILED'],
    ['a redirect', () => ({ status: 302 }), 'VULN_API_FAILED'],
    ['no content', () => ({ status: 204, body: '' }), 'VULN_API_FAILED'],
    ['a page for people', () => ({ body: '<html>' }), 'VULN_API_INVALID'],
    ['half an answer', () => ({ body: '{"results":[{"vulns":[{"id":' }), 'VULN_API_INVALID'],
    ['no results', () => ({ body: '{}' }), 'VULN_API_INVALID'],
    ['too few results', () => ({ body: '{"results":[{}]}' }), 'VULN_API_INVALID'],
    ['results that are none', () => ({ body: '{"results":[1,2,3]}' }), 'VULN_API_INVALID'],
    [
      'an id that leads elsewhere',
      () => ({ body: '{"results":[{"vulns":[{"id":"../x"}]},{},{}]}' }),
      'VULN_API_INVALID',
    ],
    [
      'a page that leads to itself',
      ({ path }) => (path === '/v1/querybatch' ? { body: '{"results":[{"next_page_token":"x"}]}' } : undefined),
      'VULN_API_INVALID',
    ],
    [
      'a record that is gone',
      ({ path }) => (path.startsWith('/v1/vulns/') ? { status: 404 } : undefined),
      'VULN_API_FAILED',
    ],
    [
      'another record',
      ({ path }) =>
        path.startsWith('/v1/vulns/') ? { body: '{"id":"GHSA-0","modified":"2026-01-01T00:00:00Z"}' } : undefined,
      'VULN_API_INVALID',
    ],
  ])('%s', async (what, misbehave, code) => {
    const sbom = what.startsWith('a page that') ? sbomOf([{ purl: ALPHA }]) : SBOM;
    expect(await codeOf(query(RECORDS, misbehave, sbom))).toBe(code);
  });

  it('is asked again when it is busy or broken for the moment, three times at most', async () => {
    const soon: [string, string][] = [['Retry-After', '0']];
    expect((await query(RECORDS, once(1, { status: 429, headers: soon }))).summary).toMatchObject({ records: 6 });
    expect((await query(RECORDS, once(4, { status: 503, headers: soon }))).summary).toMatchObject({ records: 6 });
    const down = query(RECORDS, () => ({ status: 500, headers: soon }));
    expect(await down.catch((error: unknown) => error)).toMatchObject({ code: 'VULN_API_FAILED', retryable: true });
  });

  it('an SBOM without a package that OSV knows is no question, and no answer about anything', async () => {
    const foreign = sbomOf([{ purl: 'pkg:generic/x@1' }]);
    const asked = await query(RECORDS, undefined, foreign);
    expect(asked.requests).toEqual([]);
    expect(await codeOf(scan({ sbom: foreign, database: answersOf(asked) }))).toBe('VULN_NOTHING_CHECKED');
    expect(await codeOf(scan({ sbom: SBOM, database: answersOf(asked) }))).toBe('VULN_NOTHING_CHECKED');
  });

  it.each([
    '{',
    '{"schema_version":"other"}',
    '{"schema_version":"mex.osv_answers@1","source":"x","retrieved_at":"now","packages":[],"records":[]}',
  ])('answers that are none cannot be scanned against: %s', async (text) => {
    expect(await codeOf(scan({ sbom: SBOM, database: new TextEncoder().encode(text) }))).toBe('VULN_DATABASE_INVALID');
  });
});
