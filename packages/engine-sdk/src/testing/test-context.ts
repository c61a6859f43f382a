import { clipText } from '@mex/envelope';
import type { EngineContext, EngineInput, EngineProblem } from '../context.ts';
import type { TestBroker } from './test-broker.ts';
import { type ReadyInput, sha256 } from './test-input.ts';

/** Time as D2 and D3 operations see it, the same for everyone. */
export const FROZEN_TIME = '2000-01-01T00:00:00.000Z';

/** Bounds of what an operation may say besides its result, as the real host has them. */
const MAX_LOG_LINES = 1_000;
const MAX_LINE_CHARS = 2_000;
const MAX_PROBLEMS = 250;
const CODE = /^[A-Z][A-Z0-9]*([_-][A-Z0-9]+)*$/;
const SEVERITIES: readonly string[] = ['error', 'warning', 'info', 'hint'];

/** What an operation said: lines and problems beyond the bounds are dropped, as are problems that are none. */
export class TestReport {
  readonly log: string[] = [];
  readonly problems: EngineProblem[] = [];

  readonly addLine = (message: string): void => {
    if (this.log.length < MAX_LOG_LINES) this.log.push(clipText(String(message), MAX_LINE_CHARS));
  };

  readonly addProblem = (problem: EngineProblem): void => {
    const { code, severity, title, message } = problem;
    const isProblem =
      CODE.test(code) && SEVERITIES.includes(severity) && typeof title === 'string' && typeof message === 'string';
    if (isProblem && this.problems.length < MAX_PROBLEMS) this.problems.push(structuredClone(problem));
  };
}

/** Facts of one run that the context tells. */
export interface ContextFacts extends Pick<EngineContext, 'operation' | 'determinism' | 'implementation'> {
  readonly inputs: readonly ReadyInput[];
  readonly now: string;
}

/** The context of one operation over a fake broker: the same calls, asynchronous as in a host. */
export function createTestContext(broker: TestBroker, report: TestReport, facts: ContextFacts): EngineContext {
  const { operation, determinism, implementation, inputs, now } = facts;
  return Object.freeze({
    opId: '00000000-0000-4000-8000-000000000000',
    operation,
    determinism,
    implementation,
    inputs: Object.freeze(inputs.map((input, index) => createInput(broker, input, index))),
    now: () => now,
    write: (name: string, data: Uint8Array | string) => broker.serve(() => broker.write(name, data)),
    list: (scope: string, path = '') => broker.serve(() => broker.list(scope, path)),
    read: (scope: string, path: string) => broker.serve(() => broker.read(scope, path)),
    fetch: (request) => broker.serve(() => broker.fetch(request)),
    exec: (tool, args, options) => broker.serve(() => broker.exec(tool, args, options)),
    secret: (id: string) => broker.serve(() => broker.secret(id)),
    device: (capability: string) => broker.serve(() => broker.device(capability)),
    log: report.addLine,
    problem: report.addProblem,
  } satisfies EngineContext);
}

function createInput(broker: TestBroker, input: ReadyInput, index: number): EngineInput {
  return Object.freeze({
    name: input.name,
    sha256: sha256(input.bytes),
    size: input.bytes.length,
    mime: input.mime,
    kind: input.kind,
    files: () => broker.serve(() => broker.files(index)),
    bytes: () => broker.serve(() => broker.bytes(index)),
    read: (path: string) => broker.serve(() => broker.readInput(index, path)),
  });
}
