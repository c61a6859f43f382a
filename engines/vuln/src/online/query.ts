import { OSV_ANSWERS_MIME, openAnswers, writeOsvAnswers } from '@mex/advisories/snapshot';
import { defineOperation, type EngineContext, EngineError, Type } from '@mex/engine-sdk';
import { bytesOf, digestText } from '../database.ts';
import { identify } from '../match/coverage.ts';
import { readSbom } from '../sbom/cyclonedx.ts';
import type { AdvisoryPackage } from '../sbom/purl.ts';
import { OsvApi } from './osv-api.ts';
import { fetchRecords, findIds } from './query-packages.ts';

const MIB = 1024 * 1024;
const ANSWERS = 'osv-answers.json';

const params = Type.Object(
  {
    endpoint: Type.String({
      maxLength: 300,
      pattern: '^https?://[A-Za-z0-9.:-]+/?$',
      description: 'Address of the OSV server, e.g. https://api.osv.dev; needs net.http for its host',
    }),
  },
  { additionalProperties: false },
);

/**
 * `vuln.query`: asks an OSV server about the packages of an SBOM. What comes back is evidence, with the time of asking, and
 * what `vuln.scan` takes in place of a database: the judgement is replayable, whatever the server says tomorrow.
 */
export const queryOperation = defineOperation({
  title: 'Ask an OSV server',
  description: 'Fetches every OSV record about the packages of a CycloneDX document, for vuln.scan to judge.',
  params,
  determinism: 'D1',
  inputs: { min: 1, max: 1, description: 'A CycloneDX 1.4+ JSON document' },
  outputs: [{ name: ANSWERS, kind: 'dataset_slice', mime: OSV_ANSWERS_MIME, evidence: true }],
  capabilities: ['fs.read:inputs', 'fs.write:artifacts', 'net.http'],
  errors: ['VULN_SBOM_INVALID', 'VULN_API_FAILED', 'VULN_API_INVALID'],
  run: query,
});

/** Requests and bytes of a project with a few thousand packages. */
export const QUERY_BUDGET = { net_requests: 8_000, net_bytes: 1_024 * MIB };

async function query(context: EngineContext, { endpoint }: { endpoint: string }): Promise<Record<string, unknown>> {
  const [input] = context.inputs;
  if (input === undefined) throw new EngineError('VULN_SBOM_INVALID', 'There is no input.');
  const packages = packagesOf(await bytesOf(input, 'VULN_SBOM_INVALID'));
  // Taken before the first question: nothing that came later can be in every answer.
  const retrievedAt = context.now();
  const api = new OsvApi(context, endpoint);
  const ids = await findIds(api, packages);
  const records = await fetchRecords(api, ids);
  const answers = {
    source: new URL(endpoint).origin,
    retrievedAt,
    packages: packages.map(({ ecosystem, key }) => ({ ecosystem, name: key })),
    records,
  };
  const { header } = openAnswers(answers, digestText);
  const sha256 = await context.write(ANSWERS, writeOsvAnswers(answers));
  return {
    source: answers.source,
    retrieved_at: retrievedAt,
    packages: packages.length,
    records: records.length,
    withdrawn: header.skipped.withdrawn,
    rejected: header.rejected.count,
    sha256,
  };
}

/** Each package once, in a fixed order. */
function packagesOf(sbom: Uint8Array): AdvisoryPackage[] {
  const found = new Map<string, AdvisoryPackage>();
  for (const component of readSbom(sbom).components) {
    if (component.kind !== 'package') continue;
    const identified = identify(component);
    if ('reason' in identified) continue;
    const { ecosystem, key } = identified.package;
    found.set(`${ecosystem}\t${key}`, identified.package);
  }
  return [...found].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
}
