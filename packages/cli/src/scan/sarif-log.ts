import type { SupplyChainFinding } from '@mex/envelope';
import { type JsonObject, type JsonValue, parseStrictJson } from '@mex/envelope/json';
import type { Host } from '@mex/host';
import type { ReportedCheck } from './verdict.ts';

/** Media type of a SARIF log, whoever wrote it. */
export const SARIF_MIME = 'application/sarif+json';

const BOUNDS = { maxBytes: 512 * 1024 * 1024, maxKeys: 10_000_000 };
const LEVELS = { fatal: 'error', error: 'error', warning: 'warning', info: 'note', hint: 'note' } as const;

/**
 * One SARIF 2.1.0 log with a run for every check. A check that did not succeed has a run that says so: a log without
 * results must not look like a clean one (CONTRACT §14 E).
 */
export async function writeSarifLog(host: Host, checks: readonly ReportedCheck[]): Promise<string> {
  const runs = await Promise.all(checks.map((check) => runOf(host, check)));
  const $schema = 'https://json.schemastore.org/sarif-2.1.0.json';
  return `${JSON.stringify({ $schema, version: '2.1.0', runs }, null, 2)}\n`;
}

async function runOf(host: Host, check: ReportedCheck): Promise<JsonObject> {
  const own = (await engineRun(host, check)) ?? reportRun(check);
  // The slash says that runs of this kind follow each other, and what is gone was fixed.
  return { ...own, automationDetails: { id: `mex/${check.check.job}/` }, invocations: [invocationOf(check)] };
}

/** The run that an engine wrote itself. */
async function engineRun(host: Host, { check, result }: ReportedCheck): Promise<JsonObject | undefined> {
  const handle = result.outputs.find(({ mime }) => mime === SARIF_MIME);
  if (handle === undefined) return undefined;
  const log = parseStrictJson(await host.artifacts.get(handle), BOUNDS);
  const runs = isObject(log) && Array.isArray(log['runs']) ? log['runs'] : [];
  const [run] = runs;
  if (!isObject(run) || !isObject(run['tool']) || !isObject(run['tool']['driver'])) return undefined;
  // Beside each other they go by the names of the registry.
  return { ...run, tool: { ...run['tool'], driver: { ...run['tool']['driver'], name: check.engineId } } };
}

/** A run made from the report, for engines that write none, and for checks that have no output. */
function reportRun({ check, result, report }: ReportedCheck): JsonObject {
  const findings = report?.findings ?? [];
  const ids = [...new Set(findings.map(({ code }) => code))].sort();
  const { engine_version } = result.provenance;
  const rules = ids.map((id) => ({ id, shortDescription: { text: id } }));
  const driver = { name: check.engineId, ...(engine_version === undefined ? {} : { version: engine_version }), rules };
  return {
    tool: { driver },
    columnKind: 'utf16CodeUnits',
    results: findings.map((finding) => resultOf(finding, ids)),
  };
}

function resultOf({ id, code, severity, title, locations }: SupplyChainFinding, ids: readonly string[]): JsonObject {
  return {
    ruleId: code,
    ruleIndex: ids.indexOf(code),
    level: LEVELS[severity],
    message: { text: title },
    locations: locations.flatMap(({ path, range }) => {
      if (path === undefined) return [];
      const uri = path.split('/').map(encodeURIComponent).join('/');
      const region = range === undefined || range.start.line < 1 ? {} : { region: { startLine: range.start.line } };
      return [{ physicalLocation: { artifactLocation: { uri }, ...region } }];
    }),
    partialFingerprints: { 'mexFinding/v1': id },
  };
}

function invocationOf({ result, report, missing, gaps }: ReportedCheck): JsonObject {
  const words = [
    ...(missing === undefined ? [] : [missing]),
    ...result.errors.map(({ code, message }) => `${code}: ${message}`),
    ...gaps.map(({ path, reason }) => `${path}: ${reason}`),
  ];
  return {
    executionSuccessful: report !== undefined && gaps.length === 0,
    startTimeUtc: result.started_at,
    endTimeUtc: result.ended_at,
    toolExecutionNotifications: words.slice(0, 100).map((text) => ({ level: 'error', message: { text } })),
  };
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
