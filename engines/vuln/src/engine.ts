import type { Snapshot } from '@mex/advisories/snapshot';
import {
  defineEngine,
  defineOperation,
  type EngineContext,
  EngineError,
  type EngineInput,
  Type,
} from '@mex/engine-sdk';
import { TOOL_REPORT_ERRORS } from '@mex/engine-sdk/tools';
import { redactJson } from '@mex/guard';
import { bytesOf, type Database, openDatabase } from './database.ts';
import { writeVdr } from './documents/cyclonedx-vdr.ts';
import { writeEvidence } from './documents/evidence.ts';
import { writeReport } from './documents/report.ts';
import { writeSarif } from './documents/sarif.ts';
import type { ScanOutcome } from './documents/scan-outcome.ts';
import { summarize } from './documents/summary.ts';
import { askScanner } from './external/osv-scanner.ts';
import { ageInDays, coverageOf } from './match/coverage.ts';
import { toFindings } from './match/findings.ts';
import { type ScanResult, scanComponents } from './match/scan.ts';
import { QUERY_BUDGET, queryOperation } from './online/query.ts';
import { reportProblems } from './problems.ts';
import { readable } from './readable.ts';
import { readSbom } from './sbom/cyclonedx.ts';
import { findPaths } from './sbom/dependency-paths.ts';
import { applyAllowList } from './vex/allow-list.ts';
import { readOpenVex, type VexStatement } from './vex/openvex.ts';

const VERSION = '0.1.0';
const MIB = 1024 * 1024;
const DEFAULT_MAX_AGE_DAYS = 30;
const MAX_ALLOW_LISTS = 16;

/** RFC 3339 in UTC, whole seconds. */
const INSTANT = '^\\d\\d\\d\\d-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ$';

const params = Type.Object(
  {
    timestamp: Type.String({
      maxLength: 30,
      pattern: INSTANT,
      description:
        'Time of the scan, which the documents state: the age of the database and the expiry of allow list entries are measured against it',
    }),
    as_of: Type.Optional(
      Type.String({
        maxLength: 30,
        pattern: INSTANT,
        description:
          'Measure ages and expiries against this instead. With the day as timestamp and its end here, a scan is the same question all day, and nothing passes that expires within it',
      }),
    ),
    max_age_days: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 36_500,
        description: `Days that the newest advisory of each needed ecosystem may be old; default ${DEFAULT_MAX_AGE_DAYS}`,
      }),
    ),
    accept_unknown_age: Type.Optional(
      Type.Boolean({
        description: 'Take the word of an external tool that does not say how old its database is; default false',
      }),
    ),
  },
  { additionalProperties: false },
);

export default defineEngine({
  id: 'engine.supply_chain.vuln',
  version: VERSION,
  title: 'Vulnerabilities',
  description: 'Looks up the packages of an SBOM in an advisory database. Needs no network.',
  determinism: 'D3',
  budget: {
    default: {
      wall_time_ms: 120_000,
      cpu_time_ms: 120_000,
      memory_bytes: 1_024 * MIB,
      output_bytes: 512 * MIB,
      ...QUERY_BUDGET,
    },
  },
  implementations: [
    {
      id: 'osv-scanner',
      description: 'Looks packages up with osv-scanner, in the databases that it has on this machine.',
      operations: ['vuln.scan'],
      budget: { wall_time_ms: 300_000, cpu_time_ms: 300_000, memory_bytes: 2_048 * MIB, exec_count: 2 },
    },
  ],
  operations: {
    'vuln.query': queryOperation,
    'vuln.scan': defineOperation({
      title: 'Scan for known vulnerabilities',
      description: 'Matches every component of a CycloneDX document against OSV advisories and applies allow lists.',
      params,
      inputs: {
        min: 1,
        max: 2 + MAX_ALLOW_LISTS,
        description:
          'A CycloneDX 1.4+ JSON document; an advisory snapshot, or what vuln.query fetched (neither where an external tool is used); then any OpenVEX allow lists',
      },
      outputs: [
        { name: 'report.json', kind: 'report', mime: 'application/json' },
        { name: 'vulnerabilities.cdx.json', kind: 'report', mime: 'application/vnd.cyclonedx+json' },
        { name: 'vulnerabilities.sarif.json', kind: 'report', mime: 'application/sarif+json' },
        { name: 'matches.json', kind: 'tool_output', mime: 'application/json', evidence: true },
        { name: 'tool-report.json', kind: 'tool_output', mime: 'application/json', evidence: true, optional: true },
      ],
      capabilities: ['fs.read:inputs', 'fs.write:artifacts'],
      errors: [
        'VULN_SBOM_INVALID',
        'VULN_DATABASE_MISSING',
        'VULN_DATABASE_INVALID',
        'VULN_DATABASE_EMPTY',
        'VULN_DATABASE_STALE',
        'VULN_NOTHING_CHECKED',
        'VULN_VEX_INVALID',
        ...TOOL_REPORT_ERRORS,
      ],
      run: scan,
    }),
  },
});

type Params = { timestamp: string; as_of?: string; max_age_days?: number; accept_unknown_age?: boolean };

async function scan(context: EngineContext, options: Params): Promise<Record<string, unknown>> {
  const [sbomInput, ...others] = context.inputs;
  if (sbomInput === undefined) throw new EngineError('VULN_SBOM_INVALID', 'There is no input.');
  const { timestamp, as_of: asOf = timestamp } = options;
  if (Number.isNaN(Date.parse(timestamp)) || Number.isNaN(Date.parse(asOf)))
    throw new EngineError('VULN_DATABASE_STALE', 'The timestamp is no date of the calendar, so no age can be known.');
  const { database, allowListInputs } = await chooseDatabase(context, sbomInput, others);
  const { snapshot } = database;
  const sbom = readSbom(await bytesOf(sbomInput, 'VULN_SBOM_INVALID'));
  const { allowLists, statements } = await readAllowLists(allowListInputs);
  const result = scanComponents(sbom, snapshot);
  if (result.checked === 0 && result.notChecked.length > 0) throw nothingChecked(result);
  const maxAgeDays = options.max_age_days ?? DEFAULT_MAX_AGE_DAYS;
  const ages =
    context.implementation.kind === 'external' && options.accept_unknown_age === true
      ? NO_AGES
      : verifyFreshness(database, result, asOf, maxAgeDays);
  const pathTo = findPaths(sbom);
  const judge = (matches: ScanResult['matches']) =>
    applyAllowList(toFindings(matches, snapshot, pathTo), statements, sbom, asOf);
  const outcome: ScanOutcome = {
    timestamp,
    asOf,
    engineVersion: VERSION,
    sbom,
    sbomSha256: sbomInput.sha256,
    database: { sha256: database.sha256, source: database.source, header: snapshot.header, ages, maxAgeDays },
    allowLists,
    scan: result,
    allowed: judge(result.matches),
    namesakes: judge(result.namesakes),
  };
  reportProblems(context, outcome);
  return writeAll(context, outcome, snapshot);
}

async function writeAll(context: EngineContext, outcome: ScanOutcome, snapshot: Snapshot) {
  const summary = summarize(outcome);
  const digest = await context.write('report.json', writeReport(outcome, summary));
  await context.write('vulnerabilities.cdx.json', writeVdr(outcome, digest));
  await context.write('vulnerabilities.sarif.json', writeSarif(outcome));
  await context.write('matches.json', writeEvidence(outcome, snapshot));
  return summary;
}

/** Where nobody says how old what they know is, and the operator takes their word. */
const NO_AGES: ReadonlyMap<string, number> = new Map();

/** What the packages are looked up in. A tool has advisories of its own; everything that follows the SBOM is an allow list then. */
async function chooseDatabase(
  context: EngineContext,
  sbom: EngineInput,
  others: readonly EngineInput[],
): Promise<{ readonly database: Database; readonly allowListInputs: readonly EngineInput[] }> {
  if (context.implementation.kind === 'builtin') {
    const [databaseInput, ...allowListInputs] = others;
    return { database: await openDatabase(databaseInput), allowListInputs };
  }
  const database = await askScanner(context, sbom);
  await context.write('tool-report.json', `${JSON.stringify(redactJson(database.report))}\n`);
  return { database, allowListInputs: others };
}

async function readAllowLists(inputs: readonly EngineInput[]) {
  const statements: VexStatement[] = [];
  const allowLists: { sha256: string; name: string; statements: number }[] = [];
  for (const [index, input] of inputs.entries()) {
    const name = readable(input.name ?? `input ${index + 2}`, 128);
    const read = readOpenVex(await bytesOf(input, 'VULN_VEX_INVALID'), name);
    statements.push(...read);
    allowLists.push({ sha256: input.sha256, name, statements: read.length });
  }
  return { allowLists, statements };
}

/** Every ecosystem that was asked must be fresh: a new dump of one says nothing about the old dump of another. */
function verifyFreshness(
  { snapshot, source }: Database,
  result: ScanResult,
  timestamp: string,
  maxAgeDays: number,
): ReadonlyMap<string, number> {
  const ages = new Map<string, number>();
  for (const ecosystem of [...result.ecosystems].sort()) {
    const newest = coverageOf(snapshot.header, ecosystem)?.newest ?? null;
    const age = ageInDays(newest, timestamp);
    if (age === undefined || age > maxAgeDays) {
      const told =
        age === undefined ? 'states no age' : `is ${age} days old (${newest ?? ''}) and may be ${maxAgeDays}`;
      const way =
        newest === null && source !== 'snapshot'
          ? 'Use another implementation, or take its word (accept_unknown_age).'
          : 'Update it (mex db import) or raise max_age_days.';
      const message = `The advisory database ${told} for ${ecosystem}. ${way}`;
      throw new EngineError('VULN_DATABASE_STALE', message);
    }
    ages.set(ecosystem, age);
  }
  return ages;
}

function nothingChecked({ notChecked }: ScanResult): EngineError {
  const reasons = [...new Set(notChecked.map(({ reason }) => reason))].sort().join(', ');
  const message = `None of ${notChecked.length} components could be checked (${reasons}).`;
  return new EngineError('VULN_NOTHING_CHECKED', message);
}
