import type { EngineContext, EngineInput, EngineProblem } from '@mex/engine-sdk';
import { revealEngine } from '@mex/engine-sdk/bundle';
import engine from '../src/engine.ts';

/** What a run of the operation left behind. */
export interface Run {
  readonly problems: readonly EngineProblem[];
  readonly outputs: ReadonlyMap<string, string>;
  readonly summary: Readonly<Record<string, unknown>>;
  readonly report: {
    readonly findings: readonly {
      readonly id: string;
      readonly code: string;
      readonly severity: string;
      readonly title: string;
      readonly locations: readonly {
        readonly path: string;
        readonly range?: { readonly start: { readonly line: number } };
      }[];
      readonly properties?: Readonly<Record<string, unknown>>;
    }[];
  };
}

export type Content = string | Uint8Array | Error;

const refuse = () => Promise.reject(new Error('secret.scan asks for nothing but its inputs'));
/** What else an engine could ask for. */
const REFUSED = { list: refuse, read: refuse, fetch: refuse, exec: refuse, secret: refuse, device: refuse };

/** A pinned directory of files in memory. */
export function bundleOf(files: Readonly<Record<string, Content>>): EngineInput {
  const sizeOf = (content: Content) => (content instanceof Error ? 0 : content.length);
  return {
    name: undefined,
    sha256: 'a'.repeat(64),
    size: 0,
    mime: 'application/json',
    kind: 'bundle',
    files: async () =>
      Object.entries(files).map(([path, content]) => ({ path, size: sizeOf(content), sha256: 'a'.repeat(64) })),
    bytes: () => Promise.reject(new Error('a bundle')),
    read: async (path: string) => {
      const content = files[path];
      if (content === undefined || content instanceof Error) throw content ?? new Error('no such file');
      return typeof content === 'string' ? new TextEncoder().encode(content) : content;
    },
  };
}

/** Runs `secret.scan` over files in memory. */
export async function scan(
  files: Readonly<Record<string, Content>>,
  params: Readonly<Record<string, unknown>> = {},
  baseline?: string,
  more: Partial<EngineContext> = {},
): Promise<Run> {
  const problems: EngineProblem[] = [];
  const outputs = new Map<string, string>();
  const directory = bundleOf(files);
  const document = { ...directory, kind: 'file', bytes: async () => new TextEncoder().encode(baseline) };
  const context: EngineContext = {
    ...REFUSED,
    opId: '00000000-0000-4000-8000-000000000001',
    operation: 'secret.scan',
    determinism: 'D3',
    implementation: { id: 'builtin', kind: 'builtin' },
    inputs: baseline === undefined ? [directory] : [directory, document],
    now: () => '2000-01-01T00:00:00.000Z',
    write: async (name, data) => {
      outputs.set(name, String(data));
      return '';
    },
    log: () => undefined,
    problem: (problem) => void problems.push(problem),
    ...more,
  };
  const operation = revealEngine(engine).operations['secret.scan'];
  if (operation === undefined) throw new Error('the engine has no secret.scan');
  const summary = await operation.run(context, params);
  return { problems, outputs, summary, report: JSON.parse(outputs.get('report.json') ?? '') };
}

/** Draws characters without a clock; the same seed gives the same text. Put together here, so that no secret stands in the repository. */
export function draw(length: number, alphabet: string, seed: number): string {
  let state = seed >>> 0;
  let out = '';
  for (let at = 0; at < length; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    out += alphabet.charAt(Math.floor((state / 0x1_0000_0000) * alphabet.length));
  }
  return out;
}

export const ALNUM = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
export const token = (seed: number): string => `gh${'p_'}${draw(36, ALNUM, seed)}`;
export const weakPassword = (at: number): string => `${['sword', 'fish'].join('')}!${at}`;
