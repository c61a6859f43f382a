import { type EngineContext, EngineError, type ExecOptions } from '../context.ts';

/** Codes of a wrapped program whose work cannot be used. An operation that wraps one declares them: `TOOL_REPORT_ERRORS`. */
export type ToolReportErrorCode =
  | 'TOOL_EXIT_UNEXPECTED'
  | 'TOOL_REPORT_MISSING'
  | 'TOOL_REPORT_INVALID'
  | 'TOOL_REPORT_OUTSIDE';

export const TOOL_REPORT_ERRORS: readonly ToolReportErrorCode[] = [
  'TOOL_EXIT_UNEXPECTED',
  'TOOL_REPORT_MISSING',
  'TOOL_REPORT_INVALID',
  'TOOL_REPORT_OUTSIDE',
];

/** One run of the program that policy chose. */
export interface ToolCall {
  readonly args: readonly string[];
  readonly inputs?: ExecOptions['inputs'];
  readonly stdin?: Uint8Array | string;
  /** File below `/work` that it writes its report to; `stdout` where it has no such option. */
  readonly report: string;
  /** Exit codes after which there is a report. Any other one is a failure, whatever was written. */
  readonly exits: readonly number[];
  /** See `ExecOptions.withhold`. */
  readonly withhold?: boolean;
}

export interface ToolOutcome {
  readonly exitCode: number;
  /** Never empty. */
  readonly report: Uint8Array;
}

/**
 * Runs the external program of the chosen implementation and takes its report. A program that ended otherwise than its
 * manual says, or that left no report, has not done its work: no silence becomes "nothing found" (CONTRACT §14 E).
 * What it said is in its FR-EVT-001, not in the error: it may quote what it scanned.
 * @throws EngineError `TOOL_EXIT_UNEXPECTED`, `TOOL_REPORT_MISSING`, `TOOL_REPORT_INVALID` (too large)
 */
export async function runTool(
  context: Pick<EngineContext, 'exec' | 'implementation'>,
  call: ToolCall,
): Promise<ToolOutcome> {
  const { tool } = context.implementation;
  if (tool === undefined) throw new Error('the built-in implementation runs no tool');
  const { args, inputs, stdin, report, exits, withhold } = call;
  const isFile = report !== 'stdout';
  const { exitCode, stdout, files } = await context.exec(tool, args, {
    ...(inputs === undefined ? {} : { inputs }),
    ...(stdin === undefined ? {} : { stdin }),
    ...(isFile ? { outputs: [report] } : {}),
    ...(withhold === undefined ? {} : { withhold }),
  });
  if (!exits.includes(exitCode)) {
    const message = `${tool} ended with ${exitCode}, where only ${exits.join(' and ')} mean that it did its work.`;
    throw new EngineError('TOOL_EXIT_UNEXPECTED', message);
  }
  const [file] = files;
  if (isFile && file !== undefined && 'refused' in file && file.refused !== 'missing')
    throw new EngineError('TOOL_REPORT_INVALID', `The report of ${tool} cannot be taken: ${file.refused}.`);
  const bytes = isFile ? (file !== undefined && 'bytes' in file ? file.bytes : undefined) : stdout;
  if (bytes === undefined || bytes.byteLength === 0)
    throw new EngineError('TOOL_REPORT_MISSING', `${tool} ended with ${exitCode} and wrote no report.`);
  return { exitCode, report: bytes };
}
