import { type EngineContext, EngineError, type EngineInput } from '@mex/engine-sdk';
import { listOf, membersOf, parseToolReport, runTool, textOf, treePaths } from '@mex/engine-sdk/tools';
import type { JsonObject, JsonValue } from '@mex/envelope/json';
import { tryExpression } from '../expression/parse.ts';
import type { FileReading } from '../sources/license-file.ts';
import type { DetectedPart, Detection } from '../text/detection.ts';

const DONE = 0;
/** Some files could not be scanned; each of them says so in the report. */
const WITH_ERRORS = 1;
const REPORT = 'scancode.json';
const TREE = 'tree';
/** Detections of a license have this form since output format 3. */
const LEAST_FORMAT = 3;
/** Below this a text was changed, whatever it resembles. Of 100. */
const EXACT = 99;
const MAX_REASONS = 5;

/** What scancode says of each file of a tree, by path. */
export interface ScancodeReadings {
  readonly readings: ReadonlyMap<string, FileReading>;
  readonly version: string;
  readonly report: JsonValue;
}

/**
 * Has scancode read the license files of a pinned directory. It decides what a text is; what that means for a package, and
 * for the policy, is decided as ever.
 * @throws EngineError `TOOL_…`
 */
export async function readByScancode(context: EngineContext, input: EngineInput): Promise<ScancodeReadings> {
  const { tool = 'scancode' } = context.implementation;
  const { exitCode, report } = await runTool(context, {
    args: ['--license', '--strip-root', '--quiet', `--json=/work/${REPORT}`, `/inputs/${TREE}`],
    inputs: [{ input: context.inputs.indexOf(input), as: TREE }],
    report: REPORT,
    exits: [DONE, WITH_ERRORS],
  });
  const value = parseToolReport(tool, report);
  const top = membersOf(value);
  const version = verifyHeader(tool, top);
  const paths = treePaths(
    tool,
    TREE,
    (await input.files()).map(({ path }) => path),
  );
  const files = listOf(top['files'])
    .map(membersOf)
    .filter(({ type }) => type === 'file');
  if (files.length === 0) throw invalid(tool, 'it lists no file');
  const readings = new Map(files.map((file) => [pathOf(tool, file, paths), readingOf(file)]));
  const failed = [...readings.values()].some(({ kind }) => kind === 'skipped');
  if (exitCode === WITH_ERRORS && !failed) throw invalid(tool, 'the program ended with 1, and no file of it says why');
  return { readings, version, report: value };
}

function invalid(tool: string, what: string): EngineError {
  return new EngineError('TOOL_REPORT_INVALID', `The report of ${tool} cannot be used: ${what}.`);
}

function verifyHeader(tool: string, top: JsonObject): string {
  const [header] = listOf(top['headers']).map(membersOf);
  const { tool_name: name, tool_version: version, output_format_version: format } = header ?? {};
  if (name !== 'scancode-toolkit' || typeof format !== 'string')
    throw invalid(tool, 'its header is not of scancode-toolkit');
  if (!(Number(format.split('.')[0]) >= LEAST_FORMAT)) throw invalid(tool, `its format is older than ${LEAST_FORMAT}`);
  return textOf(version) ?? 'unknown';
}

function pathOf(tool: string, file: JsonObject, paths: (told: string) => string): string {
  const path = textOf(file['path']);
  if (path === undefined) throw invalid(tool, 'a file has no path');
  return paths(path);
}

function readingOf(file: JsonObject): FileReading {
  if (listOf(file['scan_errors']).length > 0)
    return { kind: 'skipped', code: 'LICENSE_FILE_UNREADABLE', reason: 'scancode could not scan it' };
  return { kind: 'text', detection: detectionOf(file) };
}

function detectionOf(file: JsonObject): Detection {
  const matches = listOf(file['license_detections']).flatMap((one) => listOf(membersOf(one)['matches']).map(membersOf));
  const expression = textOf(file['detected_license_expression_spdx']);
  if (expression === undefined && matches.length === 0)
    return { outcome: 'none', confidence: 0, parts: [], reasons: [] };
  const parts = matches.map(partOf);
  const confidence = Math.min(1, ...parts.map((part) => part.confidence));
  const reasons = [
    // What is not on the SPDX list may be anything: it must not disappear behind what is declared.
    ...(expression === undefined || tryExpression(expression) === undefined
      ? ['line 1: names a license that is not on the SPDX list']
      : []),
    ...matches.flatMap((match, index) => (isExact(match) ? [] : [changedReason(parts[index])])),
  ];
  if (reasons.length > 0) return { outcome: 'modified', confidence, parts, reasons: reasons.slice(0, MAX_REASONS) };
  return { outcome: 'known', ...(expression === undefined ? {} : { expression }), confidence, parts, reasons: [] };
}

function isExact({ score, match_coverage: coverage }: JsonObject): boolean {
  return numberOf(score) >= EXACT && numberOf(coverage) >= EXACT;
}

function changedReason(part: DetectedPart | undefined): string {
  return `line ${part?.line ?? 1}: resembles ${part?.expression ?? 'a license'}, and scancode is ${Math.floor((part?.confidence ?? 0) * 100)} % sure`;
}

function partOf(match: JsonObject): DetectedPart {
  const { start_line: start, end_line: end, score } = match;
  // Version 32 says `license_expression_spdx`, earlier ones `spdx_license_expression`.
  const expression = textOf(match['license_expression_spdx']) ?? textOf(match['spdx_license_expression']);
  const line = Math.max(1, Math.floor(numberOf(start)));
  return {
    expression: expression ?? 'UNKNOWN',
    alternatives: [],
    kind: 'text',
    confidence: Math.max(0, Math.min(1, numberOf(score) / 100)),
    line,
    endLine: Math.max(line, Math.floor(numberOf(end))),
  };
}

function numberOf(value: JsonValue | undefined): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : 0;
}
