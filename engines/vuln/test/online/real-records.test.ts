import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { importAdvisories } from '@mex/advisories';
import { revealEngine } from '@mex/engine-sdk/bundle';
import { beforeAll, describe, expect, it } from 'vitest';
import engine from '../../src/engine.ts';
import { NO_SBOM, runOperation, sbomOf } from '../bundled-engine.ts';
import { reportOf, scan } from '../fixture.ts';
import { DATA, expectedVuln, HAS_DATA, lockfileSamples, NO_DATA } from '../test-data.ts';
import { osvServer, type ServedRecord } from './osv-server.ts';

const skip = !HAS_DATA || NO_SBOM !== '';
const AT = '2025-05-20T00:00:00Z';
const npm = lockfileSamples().filter(
  ({ id, ecosystem }) => ecosystem === 'npm' && (expectedVuln(id)?.length ?? 0) > 20,
);

if (skip) console.warn(`online against real records${NO_DATA}${NO_SBOM}`);

describe.skipIf(skip)(`[§13] a server and a database of the same real records${NO_DATA}${NO_SBOM}`, () => {
  let records: ServedRecord[] = [];
  let database = new Uint8Array();

  beforeAll(async () => {
    const file = `${DATA}osv/npm-ghsa.ndjson.gz`;
    records = gunzipSync(readFileSync(file))
      .toString()
      .trim()
      .split('\n')
      .map((line): ServedRecord => JSON.parse(line));
    database = (await importAdvisories([file], { now: AT })).snapshot;
  });

  it.each(npm.slice(0, 2).map(({ id, dir }) => [id, dir] as const))('%s: equal findings', async (id, dir) => {
    const text = await sbomOf(dir);
    const sbom = new TextEncoder().encode(text);
    const input = { kind: 'file', sha256: 'a'.repeat(64), size: sbom.length, bytes: async () => sbom };
    const server = osvServer(records);
    const asked = await runOperation(
      revealEngine(engine).operations,
      'vuln.query',
      [input],
      { endpoint: 'https://osv.example' },
      { fetch: server.fetch, now: () => AT },
    );
    const answers = new TextEncoder().encode(asked.outputs.get('osv-answers.json') ?? '');
    const params = { timestamp: AT, max_age_days: 36_500 };
    const [online, offline] = [await scan({ sbom, database: answers, params }), await scan({ sbom, database, params })];
    const comparable = (run: typeof online): unknown =>
      reportOf(run).findings.map(({ properties: { records: _digests, ...rest }, ...finding }) => ({
        ...finding,
        ...rest,
      }));
    expect(comparable(online)).toEqual(comparable(offline));
    const found = reportOf(online).findings.filter(({ code }) => code !== 'VULN_NOT_CHECKED');
    expect(found.length).toBeGreaterThanOrEqual(expectedVuln(id)?.length ?? 0);
  });
});
