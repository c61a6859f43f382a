import { canonicalJson, clipText, MexError, parseStrictJson } from '@mex/envelope';
import { EngineError } from '../context.ts';
import { type Operation, revealEngine } from '../define-engine.ts';
import { refusalIn, refuse } from './call-error.ts';
import { implementOperation } from './implement-operation.ts';
import { TestBroker, type WrittenOutput } from './test-broker.ts';
import { createTestContext, FROZEN_TIME, TestReport } from './test-context.ts';
import { checkAfter, checkBefore, type Refusal } from './test-gates.ts';
import { readyInput } from './test-input.ts';
import type { TestableEngine, TestOptions, TestOutput, TestResult } from './test-result.ts';

type Summary = Readonly<Record<string, unknown>>;

/** `testOperation` for whoever does not know the operation's types. */
export async function runOperation(
  engine: TestableEngine,
  name: string,
  options: TestOptions<unknown>,
): Promise<TestResult> {
  const definition = 'operations' in engine ? engine : revealEngine(engine);
  const declared = Object.hasOwn(definition.operations, name) ? definition.operations[name] : undefined;
  const implemented = implementOperation(definition, name, declared, options.implementation);
  if ('code' in implemented) return ended('denied', implemented, new TestReport(), []);
  const { operation, implementation } = implemented;
  const inputs = (options.inputs ?? []).map(readyInput);
  const params: unknown = parseStrictJson(canonicalJson(options.params));
  const capabilities = options.capabilities ?? operation?.capabilities ?? [];
  const level = options.determinism ?? operation?.determinism ?? definition.determinism;
  const checked = checkBefore(definition, operation, { name, params, inputs, capabilities, level });
  const report = new TestReport();
  if ('code' in checked) return ended('denied', checked, report, []);
  const broker = new TestBroker(checked.operation, capabilities, inputs, options.outside ?? {});
  const frozen = level === 'D2' || level === 'D3';
  const context = createTestContext(broker, report, {
    operation: name,
    determinism: level,
    inputs,
    now: frozen ? FROZEN_TIME : new Date(options.now ?? FROZEN_TIME).toISOString(),
    implementation,
  });
  let summary: Summary;
  try {
    summary = readSummary(await checked.operation.run(context, checked.params));
    await settle(broker);
  } catch (thrown) {
    return ended('failed', failureOf(checked.operation, thrown), report, broker.used, thrown);
  } finally {
    broker.end();
  }
  const refusal = checkAfter(checked.operation, level, { broker, summary, report });
  if (refusal !== undefined) return ended('failed', refusal, report, broker.used);
  return {
    status: 'succeeded',
    error: undefined,
    thrown: undefined,
    summary,
    outputs: Object.fromEntries([...broker.outputs].map(([output, written]) => [output, toOutput(written)])),
    problems: report.problems,
    log: report.log,
    used: [...broker.used],
  };
}

function ended(
  status: 'failed' | 'denied',
  { code, message, retryable = false }: Refusal,
  { problems, log }: TestReport,
  used: Iterable<string>,
  thrown?: unknown,
): TestResult {
  const error = { code, message, retryable };
  return { status, error, thrown, summary: undefined, outputs: {}, problems, log, used: [...used] };
}

/** An operation that does not wait for its calls still gets them done: whether a result has an output is no race. */
async function settle(broker: TestBroker): Promise<void> {
  while (broker.pending.size > 0) {
    await Promise.all(broker.pending);
    // What the operation does with the last answer may be another call.
    for (let turn = 0; turn < 8; turn += 1) await Promise.resolve();
  }
}

/** What a planner gets of it: an object of JSON. @throws CallError `SUMMARY_INVALID` */
function readSummary(returned: unknown): Summary {
  if (returned === undefined || returned === null) return {};
  const text = JSON.stringify(returned);
  if (text === undefined || !text.startsWith('{')) {
    throw refuse('SUMMARY_INVALID', 'An operation returns an object of small facts, or nothing.');
  }
  try {
    const value = parseStrictJson(text, { maxDepth: 60 });
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
  } catch (thrown) {
    const why = thrown instanceof MexError ? thrown.message : 'it is no JSON';
    throw refuse('SUMMARY_INVALID', `The summary cannot be recorded: ${clipText(why, 500)}`);
  }
}

/** What a planner is told of a failure. Codes of MEX count only where MEX itself said them. */
function failureOf(operation: Operation, thrown: unknown): Refusal {
  const code = memberOf(thrown, 'code');
  const message = clipText(String(memberOf(thrown, 'message') ?? thrown), 1_000);
  if (typeof code === 'string' && operation.errors?.includes(code)) {
    return { code, message, retryable: memberOf(thrown, 'retryable') === true };
  }
  const refusal = refusalIn(thrown);
  if (refusal !== undefined) return { code: refusal.code, message: refusal.message };
  const hint = thrown instanceof EngineError ? ` (${thrown.code} is not among the declared errors)` : '';
  return { code: 'ENGINE_FAILED', message: `${message}${hint}` };
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

function toOutput({ declaration, bytes, sha256 }: WrittenOutput): TestOutput {
  const text = (): string => new TextDecoder().decode(bytes);
  return { declaration, bytes, sha256, text, json: () => JSON.parse(text()) };
}
