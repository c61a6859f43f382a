import { type EngineContext, type EngineInput, type Static, Type } from '@mex/engine-sdk';
import { clipText, parseStrictJson } from '@mex/envelope';
import { sandboxError } from './errors.ts';
import { hasWebAssembly } from './guest/interpreter.ts';
import { type GuestInput, RunRecord } from './guest/run-record.ts';
import { type Ending, runScript } from './guest/run-script.ts';
import { BOUNDS, DEFAULTS, LIMITS } from './limits.ts';
import { writeTar } from './tar.ts';

export const RunJsParams = Type.Object({
  script: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 30_000,
      description: 'Body of an async function of args, inputs and files; default: the text of the first input',
    }),
  ),
  args: Type.Optional(
    Type.Map(Type.Union([Type.String({ maxLength: 8_192 }), Type.Number(), Type.Boolean(), Type.Null()]), {
      description: 'What the script gets as args; larger data as inputs',
    }),
  ),
  seed: Type.Optional(Type.Integer({ minimum: 0, maximum: 4_294_967_295, description: 'Of Math.random; default 0' })),
  now: Type.Optional(
    Type.String({
      maxLength: 30,
      pattern: '^\\d\\d\\d\\d-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ$',
      description: 'The time that Date says, standing still; default 2000-01-01T00:00:00Z',
    }),
  ),
  memory_bytes: Type.Optional(
    Type.Integer({ ...BOUNDS.memory, description: 'Of the interpreter as a whole; default 64 MiB' }),
  ),
  max_steps: Type.Optional(
    Type.Integer({ ...BOUNDS.steps, description: 'About one for a call or a turn of a loop; default 100 million' }),
  ),
});
export type RunJsParams = Static<typeof RunJsParams>;

type Outputs = 'result.json' | 'console.txt' | 'files.tar';

/** @throws EngineError `SANDBOX_…` */
export async function runJs(context: EngineContext<Outputs>, params: RunJsParams): Promise<Record<string, unknown>> {
  if (!hasWebAssembly())
    throw sandboxError('SANDBOX_TIER', 'There is no WebAssembly here: this engine needs the process tier.');
  const { source, inputs } = await collect(context, params.script);
  const record = new RunRecord();
  const { ending, steps } = await runScript(
    {
      source,
      inputs,
      args: JSON.stringify(params.args ?? {}),
      seed: params.seed ?? 0,
      nowMs: readTime(params.now ?? DEFAULTS.now),
      memoryBytes: params.memory_bytes ?? DEFAULTS.memoryBytes,
      maxSteps: params.max_steps ?? DEFAULTS.maxSteps,
    },
    record,
  );
  const result = settle(ending, record);
  await context.write('result.json', result.text);
  if (record.lines.length > 0) await context.write('console.txt', `${record.lines.join('\n')}\n`);
  if (record.files.size > 0) await context.write('files.tar', writeTar(record.files));
  return {
    steps,
    result_bytes: result.bytes,
    ...(result.bytes <= LIMITS.maxSummaryBytes ? { result: result.value } : {}),
    console_lines: record.lines.length,
    console_lines_dropped: record.droppedLines,
    files: [...record.files.keys()].sort(),
  };
}

function settle(ending: Ending, record: RunRecord): { text: string; value: unknown; bytes: number } {
  if (ending === 'steps') throw sandboxError('SANDBOX_STEPS', 'The script takes more steps than max_steps allows.');
  if (ending === 'memory')
    throw sandboxError('SANDBOX_MEMORY', 'The script needs more memory than memory_bytes allows, or nests too deep.');
  const { failure, result } = record;
  if (failure !== undefined) throw sandboxError(failure.code, failure.message);
  if (result === undefined)
    throw sandboxError('SANDBOX_SCRIPT_FAILED', 'The script waits for a promise that nothing will ever settle.');
  // The text comes from the script's own JSON.stringify, which it may have replaced.
  try {
    const bounds = {
      maxBytes: LIMITS.maxResultBytes,
      maxDepth: LIMITS.maxResultDepth,
      maxStringBytes: LIMITS.maxResultBytes,
    };
    const value = parseStrictJson(result, bounds);
    return { text: `${result}\n`, value, bytes: new TextEncoder().encode(result).length };
  } catch (cause) {
    const reason = cause instanceof Error ? clipText(cause.message, 300) : 'it cannot be read.';
    throw sandboxError(
      'SANDBOX_RESULT_INVALID',
      `The result of the script is no JSON that MEX takes: ${reason}`,
      cause,
    );
  }
}

function readTime(text: string): number {
  const time = Date.parse(text);
  if (!Number.isNaN(time)) return time;
  throw sandboxError('SANDBOX_SCRIPT_FAILED', 'params.now is no time that exists.');
}

/** The script, and the inputs that it sees. */
async function collect(
  context: EngineContext<string>,
  script: string | undefined,
): Promise<{ source: string; inputs: readonly GuestInput[] }> {
  const [first, ...others] = context.inputs;
  const inputs = await readInputs(script === undefined ? others : context.inputs);
  if (script !== undefined) return { source: script, inputs };
  if (first === undefined || first.kind === 'bundle')
    throw sandboxError(
      'SANDBOX_NO_SCRIPT',
      'There is no script: give params.script, or a file with it as first input.',
    );
  const bytes = await first.bytes();
  if (bytes.length > LIMITS.maxScriptChars)
    throw sandboxError('SANDBOX_NO_SCRIPT', `The script has more than ${LIMITS.maxScriptChars} bytes.`);
  try {
    return { source: new TextDecoder('utf-8', { fatal: true }).decode(bytes), inputs };
  } catch (cause) {
    throw sandboxError('SANDBOX_NO_SCRIPT', 'The first input is no script: it is not UTF-8.', cause);
  }
}

async function readInputs(inputs: readonly EngineInput[]): Promise<GuestInput[]> {
  const found: GuestInput[] = [];
  let total = 0;
  const take = async (name: string, path: string, size: number, read: () => Promise<Uint8Array>): Promise<void> => {
    total += size;
    if (total > LIMITS.maxInputBytes || found.length >= LIMITS.maxInputFiles)
      throw sandboxError(
        'SANDBOX_INPUT_TOO_LARGE',
        `The inputs have more than ${LIMITS.maxInputBytes} bytes, or ${LIMITS.maxInputFiles} files, together.`,
      );
    found.push({ name, path, bytes: await read() });
  };
  for (const input of inputs) {
    const name = input.name ?? '';
    if (input.kind !== 'bundle') await take(name, '', input.size, () => input.bytes());
    else for (const { path, size } of await input.files()) await take(name, path, size, () => input.read(path));
  }
  return found;
}
