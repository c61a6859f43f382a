import {
  type AnsweredPackage,
  findEcosystem,
  type OsvAnswers,
  openAnswers,
  writeOsvAnswers,
} from '@mex/advisories/snapshot';
import { type EngineContext, EngineError, type EngineInput } from '@mex/engine-sdk';
import { listOf, membersOf, parseToolReport, runTool, textOf } from '@mex/engine-sdk/tools';
import type { JsonObject, JsonValue } from '@mex/envelope/json';
import { type Database, digestText } from '../database.ts';

/** Documented: 0 nothing found, 1 vulnerabilities found; 127 and 128 and above are no results. */
const CLEAN = 0;
const FOUND = 1;
/** The scanner knows a bill by its name. */
const BILL = 'bom.cdx.json';

/** What a scan by osv-scanner is held against, and what it said. */
export interface ScannerDatabase extends Database {
  readonly report: JsonValue;
}

/**
 * Has osv-scanner look the packages of an SBOM up, in databases that the operator put on this machine. It sees the SBOM and
 * nothing of the project: no configuration of the scanned tree can make it ignore anything.
 * @throws EngineError `TOOL_…`, `VULN_DATABASE_EMPTY`
 */
export async function askScanner(context: EngineContext, sbom: EngineInput): Promise<ScannerDatabase> {
  const { tool = 'osv-scanner' } = context.implementation;
  const { exitCode, report } = await runTool(context, {
    args: [
      'scan',
      'source',
      `--lockfile=/inputs/${BILL}`,
      '--format=json',
      '--offline-vulnerabilities',
      '--no-resolve',
      '--all-packages',
      '--all-vulns',
    ],
    inputs: [{ input: context.inputs.indexOf(sbom), as: BILL }],
    report: 'stdout',
    exits: [CLEAN, FOUND],
  });
  const value = parseToolReport(tool, report);
  const answers = readAnswers(tool, value);
  const told = answers.packages.some(({ ids = [] }) => ids.length > 0);
  if (told !== (exitCode === FOUND)) {
    const what = told ? 'lists vulnerabilities' : 'lists none';
    throw invalid(tool, `it ${what}, and the scanner ended with ${exitCode}`);
  }
  const snapshot = openAnswers(answers, digestText);
  // A record that cannot be read would take its finding with it.
  if (snapshot.header.rejected.count > 0) throw invalid(tool, 'a record in it is no OSV record');
  return { snapshot, sha256: digestText(writeOsvAnswers(answers)), source: tool, report: value };
}

function invalid(tool: string, what: string): EngineError {
  return new EngineError('TOOL_REPORT_INVALID', `The report of ${tool} cannot be used: ${what}.`);
}

function readAnswers(tool: string, value: JsonValue): OsvAnswers {
  const { results } = membersOf(value);
  if (!Array.isArray(results)) throw invalid(tool, 'it has no results');
  const packages: AnsweredPackage[] = [];
  const records = new Map<string, JsonObject>();
  for (const entry of results.flatMap((result) => listOf(membersOf(result)['packages']))) {
    const { package: named, vulnerabilities } = membersOf(entry);
    const found = listOf(vulnerabilities).map(membersOf);
    for (const record of found) {
      const id = textOf(record['id']);
      if (id === undefined) throw invalid(tool, 'a vulnerability has no id');
      records.set(id, record);
    }
    const one = readPackage(membersOf(named), found);
    if (one !== undefined) packages.push(one);
    else if (found.length > 0) throw invalid(tool, 'a vulnerability is of a package that cannot be told');
  }
  if (packages.length === 0)
    throw new EngineError('VULN_DATABASE_EMPTY', `${tool} looked no package up (its report names none).`);
  return { source: tool, retrievedAt: null, packages, records: [...records.values()] };
}

function readPackage(
  { name, version, ecosystem }: JsonObject,
  records: readonly JsonObject[],
): AnsweredPackage | undefined {
  const known = typeof ecosystem === 'string' ? findEcosystem(ecosystem) : undefined;
  if (known === undefined || typeof name !== 'string' || typeof version !== 'string') return undefined;
  const ids = records.flatMap(({ id }) => textOf(id) ?? []);
  return { ecosystem: known.name, name: known.packageKey(name), version, ids };
}
