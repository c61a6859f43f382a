import { type EngineContext, EngineError, type EngineInput } from '@mex/engine-sdk';
import { membersOf, parseToolReport, runTool, textOf, treePaths } from '@mex/engine-sdk/tools';
import type { JsonObject, JsonValue } from '@mex/envelope/json';
import { containsSecret } from '@mex/guard';

const CLEAN = 0;
/** Its own code for leaks is 1, which failures have, too. */
const FOUND = 9;
const REPORT = 'gitleaks.json';
const TREE = 'tree';
/** Rules are called `aws-access-token`; a name of another form might be anything, and is not repeated. */
const ID = /^[a-z0-9]{1,24}(?:-[a-z0-9]{1,24}){0,7}$/;
export const UNNAMED = 'unnamed';
const MAX_FINDINGS = 200_000;

/** Where a tool saw a secret. The secret itself, and the line around it, are never taken from a report. */
export interface Leak {
  readonly rule: string;
  readonly path: string;
  /** 1-based, as the tool counts. */
  readonly line: number;
  readonly endLine: number;
  readonly column: number;
  readonly endColumn: number;
}

/**
 * Has gitleaks scan a pinned directory. It is pointed at the directory above the tree, where nobody can put a file: so it
 * reads no `.gitleaks.toml` and no `.gitleaksignore` of whoever wrote the code, and `gitleaks:allow` in a line counts for
 * nothing. It masks what it finds; should it not, its report is read here all the same and none of its texts go on.
 * @throws EngineError `TOOL_…`
 */
export async function findLeaks(
  context: EngineContext,
  tree: EngineInput,
  files: Iterable<string>,
): Promise<readonly Leak[]> {
  const { tool = 'gitleaks' } = context.implementation;
  const { exitCode, report } = await runTool(context, {
    args: [
      'dir',
      '/inputs',
      '--report-format=json',
      `--report-path=/work/${REPORT}`,
      '--redact=100',
      `--exit-code=${FOUND}`,
      '--no-banner',
      '--no-color',
      '--log-level=error',
      '--ignore-gitleaks-allow',
    ],
    inputs: [{ input: context.inputs.indexOf(tree), as: TREE }],
    report: REPORT,
    exits: [CLEAN, FOUND],
    withhold: true,
  });
  const value = parseToolReport(tool, report);
  if (!Array.isArray(value) || value.length > MAX_FINDINGS) throw invalid(tool, 'it is no list of findings');
  if (value.length > 0 !== (exitCode === FOUND))
    throw invalid(tool, `it lists ${value.length} findings, and the program ended with ${exitCode}`);
  const paths = treePaths(tool, TREE, files);
  return value.map((one) => readLeak(tool, one, paths));
}

function invalid(tool: string, what: string): EngineError {
  return new EngineError('TOOL_REPORT_INVALID', `The report of ${tool} cannot be used: ${what}.`);
}

function readLeak(tool: string, value: JsonValue, paths: (told: string) => string): Leak {
  const finding = membersOf(value);
  const rule = textOf(finding['RuleID']);
  const file = textOf(finding['File']);
  if (rule === undefined) throw invalid(tool, 'a finding names no rule');
  if (file === undefined) throw invalid(tool, 'a finding names no file');
  const line = countOf(finding, 'StartLine') ?? 1;
  const column = countOf(finding, 'StartColumn') ?? 1;
  return {
    rule: ID.test(rule) && !containsSecret(rule) ? rule : UNNAMED,
    path: paths(file),
    line,
    column,
    endLine: Math.max(line, countOf(finding, 'EndLine') ?? line),
    endColumn: Math.max(1, countOf(finding, 'EndColumn') ?? column),
  };
}

/** Lines and columns as numbers from 1 on; gitleaks has 0 for some. */
function countOf(finding: JsonObject, name: string): number | undefined {
  const value = finding[name];
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? Math.max(1, value) : undefined;
}
