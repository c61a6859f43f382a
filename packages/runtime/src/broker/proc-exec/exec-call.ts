import { utf8Length } from '@mex/envelope';
import { toolError } from './errors.ts';
import { TOOL_NAME } from './tool-policy.ts';

/** What an engine asks for: hostile until `verifyExecCall` has seen it. */
export interface ExecCall {
  /** A tool by its name in the policy. */
  readonly tool: string;
  readonly args: readonly string[];
  readonly stdin?: Uint8Array;
  /** Inputs of the operation by their index; the tool finds each, read only, at `/inputs/<as>`. */
  readonly inputs?: readonly { readonly input: number; readonly as: string }[];
  /** Files the tool writes below its working directory, to be read back. */
  readonly outputs?: readonly string[];
  /** What it writes may hold secrets that nobody knows how to mask: only its size is kept. Default `false`. */
  readonly withhold?: boolean;
  /** Longest run in milliseconds; never more than policy and budget allow. */
  readonly timeout_ms?: number;
}

/** Bounds of one call. Arguments fit into FR-EVT-001, so that the record is whole. */
export const CALL_BOUNDS = {
  maxArgs: 1_000,
  maxArgChars: 4_096,
  maxArgsBytes: 128 * 1024,
  maxStdinBytes: 64 * 1024 * 1024,
  maxInputs: 64,
  maxOutputs: 256,
  maxPathChars: 2_048,
  maxPathDepth: 128,
} as const;

const SEGMENT_BYTES = 255;

/** @throws MexError `TOOL_CALL_INVALID` */
export function verifyExecCall(call: ExecCall): void {
  const why =
    (TOOL_NAME.test(call.tool) ? undefined : 'the name of the tool is none') ??
    argsRefusal(call.args) ??
    inputsRefusal(call.inputs ?? []) ??
    outputsRefusal(call.outputs ?? []) ??
    sizesRefusal(call);
  if (why === undefined) return;
  throw toolError('TOOL_CALL_INVALID', `A call of a tool was refused: ${why}.`, 'Correct the call in the engine.');
}

function argsRefusal(args: readonly string[]): string | undefined {
  if (args.length > CALL_BOUNDS.maxArgs) return `it has more than ${CALL_BOUNDS.maxArgs} arguments`;
  for (const [index, arg] of args.entries()) {
    if (arg.length > CALL_BOUNDS.maxArgChars) return `argument ${index} is longer than ${CALL_BOUNDS.maxArgChars}`;
    if (arg.includes('\0')) return `argument ${index} holds a NUL`;
    if (!arg.isWellFormed()) return `argument ${index} is no well-formed text`;
  }
  const bytes = args.reduce((sum, arg) => sum + utf8Length(arg) + 1, 0);
  return bytes > CALL_BOUNDS.maxArgsBytes ? `its arguments exceed ${CALL_BOUNDS.maxArgsBytes} bytes` : undefined;
}

function inputsRefusal(inputs: NonNullable<ExecCall['inputs']>): string | undefined {
  if (inputs.length > CALL_BOUNDS.maxInputs) return `it names more than ${CALL_BOUNDS.maxInputs} inputs`;
  if (inputs.some(({ input }) => !Number.isSafeInteger(input) || input < 0)) return 'an input has no index';
  if (inputs.some(({ as }) => !TOOL_NAME.test(as))) return 'the name of an input is none';
  return new Set(inputs.map(({ as }) => as)).size === inputs.length ? undefined : 'two inputs have one name';
}

function outputsRefusal(outputs: readonly string[]): string | undefined {
  if (outputs.length > CALL_BOUNDS.maxOutputs) return `it names more than ${CALL_BOUNDS.maxOutputs} outputs`;
  if (!outputs.every(isPlainPath)) return 'an output is no plain path below the working directory';
  return new Set(outputs).size === outputs.length ? undefined : 'an output is named twice';
}

function sizesRefusal({ stdin, timeout_ms: timeout }: ExecCall): string | undefined {
  if ((stdin?.byteLength ?? 0) > CALL_BOUNDS.maxStdinBytes)
    return `its standard input exceeds ${CALL_BOUNDS.maxStdinBytes} bytes`;
  const isTime = timeout === undefined || (Number.isSafeInteger(timeout) && timeout > 0);
  return isTime ? undefined : 'timeout_ms is no whole number above zero';
}

/** A relative path that names what it seems to name: no `..`, no `.`, no empty part, no NUL. */
export function isPlainPath(path: string): boolean {
  if (path.length > CALL_BOUNDS.maxPathChars || path.includes('\0') || !path.isWellFormed()) return false;
  const parts = path.split('/');
  return (
    parts.length <= CALL_BOUNDS.maxPathDepth &&
    parts.every((part) => part !== '' && part !== '.' && part !== '..' && utf8Length(part) <= SEGMENT_BYTES)
  );
}
