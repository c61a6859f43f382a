import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import type { Host } from '@mex/host';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { scanDocument } from '../../src/scan/scan-document.ts';
import { exitOfScan } from '../../src/scan/scan-exit.ts';
import { scratch } from '../mex.ts';
import { daysFromNow, HIGH, type TestAdvisory, writeAdvisories, writeCleanProject } from './project.ts';
import { findingsOf, openTestHost, scanDirectory, told } from './scanner.ts';

const dir = scratch();
const CALLER = { id: 'test:scan', kind: 'system' } as const;
const ADVISORIES: readonly TestAdvisory[] = ['alpha', 'alpha', 'alpha', 'beta', 'gamma'].map((name, index) => ({
  id: `TEST-${index}`,
  name,
}));
let server: Server;
let address = '';
let status = 200;
let count = 0;

const recordOf = ({ id, name, vector = HIGH }: TestAdvisory): object => ({
  id,
  modified: daysFromNow(-1),
  summary: `Something about ${name}`,
  severity: [{ type: 'CVSS_V3', score: vector }],
  affected: [
    {
      package: { ecosystem: 'npm', name },
      ranges: [{ type: 'SEMVER', events: [{ introduced: '0' }, { fixed: '2.0.0' }] }],
    },
  ],
});

/** The documented API of OSV, with pages of two. */
function answer(path: string, body: string): unknown {
  if (path.startsWith('/v1/vulns/')) return ADVISORIES.filter(({ id }) => path.endsWith(`/${id}`)).map(recordOf)[0];
  const { queries }: { queries: { package: { name: string }; page_token?: string }[] } = JSON.parse(body);
  return {
    results: queries.map(({ package: asked, page_token: token = '0' }) => {
      const ids = ADVISORIES.filter(({ name }) => name === asked.name).map(({ id }) => ({
        id,
        modified: daysFromNow(-1),
      }));
      const vulns = ids.slice(Number(token), Number(token) + 2);
      const next = Number(token) + 2;
      return {
        ...(vulns.length === 0 ? {} : { vulns }),
        ...(next < ids.length ? { next_page_token: String(next) } : {}),
      };
    }),
  };
}

async function openHost(consent: boolean): Promise<Host> {
  const place = join(dir, `host-${count++}`);
  mkdirSync(join(place, 'home'), { recursive: true });
  const write = (name: string, document: object): void =>
    writeFileSync(join(place, 'home', name), JSON.stringify(document));
  const profile = ['fs.read:inputs', 'fs.write:artifacts', `net.http:${address}`];
  write('policy.json', { schema_version: 'mex.policy@1.0', profiles: { Analyst: profile }, private_hosts: [address] });
  write('scan-policy.json', { schema_version: 'mex.scan_policy@1.0', advisories: { osv_api: `http://${address}` } });
  const host = await openTestHost(place);
  if (consent)
    await host.consents.allow(
      { actorId: CALLER.id, capabilityId: `net.http:${address}` },
      { id: 'os:ada', kind: 'human' },
    );
  return host;
}

const project = (...names: readonly string[]): string =>
  writeCleanProject(
    join(dir, `case-${count++}`),
    names.map((name) => ({ name, version: '1.0.0' })),
  );

beforeAll(async () => {
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const found = answer(request.url ?? '', Buffer.concat(chunks).toString());
      response.writeHead(status === 200 && found === undefined ? 404 : status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(found ?? { code: 5, message: 'Bug not found.' }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const bound = server.address();
  address = typeof bound === 'object' && bound !== null ? `127.0.0.1:${bound.port}` : '';
});
afterAll(() => void server.close());

describe('[§13] mex scan --osv online', () => {
  let host: Host;

  beforeAll(async () => {
    host = await openHost(true);
  });
  afterAll(() => host.close({ graceMs: 0 }));

  it('finds what a database of the same records finds; the answers are evidence, named by the decision', async () => {
    const path = project('alpha', 'beta');
    const online = await scanDirectory(host, path, { osv: 'online', release: true });
    const offline = await scanDirectory(host, path, {
      osv: writeAdvisories(join(dir, 'osv'), ADVISORIES),
      release: true,
    });
    const comparable = (outcome: typeof online) =>
      findingsOf(outcome, 'vuln_scan').map(({ properties = {}, ...rest }) => ({
        ...rest,
        ...properties,
        records: undefined,
      }));
    expect(comparable(online)).toEqual(comparable(offline));
    expect(comparable(online)).toHaveLength(4);
    expect(told(online)).toEqual({ verdict: 'block', fatal: ['RELEASE_VULNERABILITY'] });
    const vuln = online.checks.find(({ check }) => check.name === 'vuln');
    const [answers] = vuln?.asked?.evidence ?? [];
    expect(vuln?.asked?.provenance).toMatchObject({
      operation: 'vuln.query',
      determinism: 'D1',
      capabilities_granted: expect.arrayContaining([
        { capability_id: `net.http:${address}`, consent_id: expect.any(String) },
      ]),
      environment: { advisory_db_version: `sha256:${answers?.sha256}` },
    });
    expect(vuln?.result.provenance).toMatchObject({
      determinism: 'D3',
      inputs: expect.arrayContaining([answers?.sha256]),
      environment: { advisory_db_version: `sha256:${answers?.sha256}` },
    });
    const document = JSON.stringify(scanDocument(online));
    expect(document).toContain('osv-answers.json');
    const decision = Buffer.from(await host.artifacts.get(online.decision ?? fail())).toString();
    const payload: { payload: string } = JSON.parse(decision);
    expect(Buffer.from(payload.payload, 'base64').toString()).toContain('advisory-answers');
    const offlineVuln = offline.checks.find(({ check }) => check.name === 'vuln');
    expect(offlineVuln?.result.provenance.environment.advisory_db_version).toMatch(/^sha256:[0-9a-f]{64}$/);
  });

  it('passes where the server knows nothing of the packages', async () => {
    expect(told(await scanDirectory(host, project('delta'), { osv: 'online', release: true }))).toEqual({
      verdict: 'pass',
      fatal: [],
    });
  });

  it('[§14 E] a server that fails is no pass', async () => {
    status = 403;
    const outcome = await scanDirectory(host, project('epsilon'), { osv: 'online', only: 'vuln' });
    status = 200;
    expect([outcome.verdict, exitOfScan(outcome)]).toEqual(['error', 4]);
    expect(outcome.problems.map(({ code }) => code)).toContain('VULN_API_FAILED');
  });

  it('[§7] without consent nothing is asked', async () => {
    const other = await openHost(false);
    try {
      const outcome = await scanDirectory(other, project('alpha'), { osv: 'online', only: 'vuln' });
      expect([outcome.verdict, exitOfScan(outcome)]).toEqual(['error', 3]);
      expect(outcome.problems.map(({ code }) => code)).toContain('CAPABILITY_NEEDS_CONSENT');
    } finally {
      await other.close({ graceMs: 0 });
    }
  });
});

function fail(): never {
  throw new Error('there is no decision');
}
