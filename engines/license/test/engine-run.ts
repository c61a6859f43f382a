import { createHash } from 'node:crypto';
import type { EngineContext, EngineInput, EngineProblem } from '@mex/engine-sdk';
import { revealEngine } from '@mex/engine-sdk/bundle';
import engine from '../src/engine.ts';

export interface EngineRun {
  readonly summary: Readonly<Record<string, unknown>>;
  readonly outputs: ReadonlyMap<string, string>;
  readonly problems: readonly EngineProblem[];
}

export interface RunReport {
  readonly findings: readonly {
    readonly code: string;
    readonly severity: string;
    readonly title: string;
    readonly component?: string;
    readonly properties?: Record<string, unknown>;
  }[];
}

/** A pinned directory in memory. A file given as a number has that many bytes and may not be read. */
export function directory(files: Readonly<Record<string, string | Uint8Array | number | Error>>): EngineInput {
  const paths = Object.keys(files).sort();
  const bytesOf = (path: string): Uint8Array => {
    const content = files[path];
    return typeof content === 'string'
      ? new TextEncoder().encode(content)
      : content instanceof Uint8Array
        ? content
        : new Uint8Array();
  };
  return {
    name: 'project',
    kind: 'bundle',
    mime: 'application/x-mex-bundle',
    size: 0,
    sha256: '0'.repeat(64),
    files: async () =>
      paths.map((path) => {
        const content = files[path];
        const sha256 = createHash('sha256').update(path).update(bytesOf(path)).digest('hex');
        return { path, size: typeof content === 'number' ? content : bytesOf(path).length, sha256 };
      }),
    bytes: () => Promise.reject(new Error('a directory has no bytes')),
    read: async (path) => {
      const content = files[path];
      if (content instanceof Error) throw content;
      if (typeof content === 'number') throw new Error(`${path} is too large to be read`);
      return bytesOf(path);
    },
  };
}

/** One document as an input. */
export function document(name: string, value: unknown): EngineInput {
  const bytes = new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value));
  return {
    name,
    kind: 'file',
    mime: 'application/json',
    size: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    files: async () => [],
    bytes: async () => bytes,
    read: () => Promise.reject(new Error('no directory')),
  };
}

/** Runs `license.scan` the way the runtime does, without a sandbox. */
export async function run(
  inputs: readonly EngineInput[],
  params: Record<string, unknown> = {},
  more: Partial<EngineContext> = {},
): Promise<EngineRun> {
  const outputs = new Map<string, string>();
  const problems: EngineProblem[] = [];
  const refuse = (): Promise<never> => Promise.reject(new Error('not granted'));
  const context: EngineContext = {
    list: refuse,
    read: refuse,
    fetch: refuse,
    exec: refuse,
    secret: refuse,
    device: refuse,
    opId: 'op',
    operation: 'license.scan',
    determinism: 'D3',
    implementation: { id: 'builtin', kind: 'builtin' },
    inputs,
    now: () => '2000-01-01T00:00:00.000Z',
    write: async (name, data) => {
      outputs.set(name, typeof data === 'string' ? data : new TextDecoder().decode(data));
      return '0'.repeat(64);
    },
    log: () => {},
    problem: (problem) => {
      problems.push(problem);
    },
    ...more,
  };
  const operation = revealEngine(engine).operations['license.scan'];
  if (operation === undefined) throw new Error('no such operation');
  const summary = await operation.run(context, params);
  return { summary, outputs, problems };
}

export function reportOf({ outputs }: EngineRun): RunReport {
  return JSON.parse(outputs.get('report.json') ?? '{}');
}

/** Codes of the findings about one package, sorted. */
export function codesOf(result: EngineRun, component?: string): string[] {
  const findings = reportOf(result).findings.filter((one) => component === undefined || one.component === component);
  return findings.map(({ code }) => code).sort();
}
