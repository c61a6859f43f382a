import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createContext, Script } from 'node:vm';

/** What an operation of an engine needs of the world. */
export interface OperationRun {
  readonly outputs: ReadonlyMap<string, string>;
  readonly problems: readonly {
    readonly code: string;
    readonly severity: string;
    readonly title: string;
    readonly message: string;
  }[];
  readonly summary: unknown;
}

export type Operations = Readonly<
  Record<string, { readonly run: (this: void, context: never, params: never) => unknown }>
>;

/** Loads a built engine the way the sandbox does: a text, in a realm with the language alone. */
export function loadBundle(code: string): Operations {
  let operations: Operations | undefined;
  const register = (engine: { operations: Operations }): void => {
    operations = engine.operations;
  };
  const context = createContext({ TextDecoder, TextEncoder, URL, __mex_register__: register });
  new Script(code, { filename: 'engine.bundle' }).runInContext(context);
  if (operations === undefined) throw new Error('the bundle registered no engine');
  return operations;
}

const SBOM_BUNDLE = fileURLToPath(new URL('../../sbom/dist/engine.bundle', import.meta.url));

export const NO_SBOM = existsSync(SBOM_BUNDLE) ? '' : ' — SKIPPED: engines/sbom is not built (npm run build)';

let sbom: Operations | undefined;

/** The CycloneDX document that the SBOM engine writes for a directory. */
export async function sbomOf(dir: string): Promise<string> {
  sbom ??= loadBundle(readFileSync(SBOM_BUNDLE, 'utf8'));
  const files = readdirSync(dir, { recursive: true, encoding: 'utf8' }).toSorted();
  const input = {
    kind: 'bundle',
    files: async () => files.map((path) => ({ path, size: readFileSync(`${dir}/${path}`).length, sha256: '' })),
    read: async (path: string) => new Uint8Array(readFileSync(`${dir}/${path}`)),
  };
  const { outputs } = await runOperation(sbom, 'sbom.generate', [input], { spdx: false });
  return outputs.get('sbom.cdx.json') ?? '';
}

/** Runs one operation with a stand-in for the host. */
export async function runOperation(
  operations: Operations,
  name: string,
  inputs: readonly object[],
  params: object,
  more: object = {},
): Promise<OperationRun> {
  const outputs = new Map<string, string>();
  const problems: OperationRun['problems'][number][] = [];
  const context = {
    inputs,
    implementation: { id: 'builtin', kind: 'builtin' },
    now: () => '2000-01-01T00:00:00.000Z',
    write: async (output: string, data: string) => {
      outputs.set(output, data);
      return '0'.repeat(64);
    },
    log: () => {},
    problem: (problem: OperationRun['problems'][number]) => void problems.push(problem),
    ...more,
  };
  const operation = operations[name];
  if (operation === undefined) throw new Error(`no operation ${name}`);
  // The stand-in has what an operation uses; a member that is missing fails the test that needs it.
  const summary: unknown = await Reflect.apply(operation.run, operation, [context, params]);
  return { outputs, problems, summary };
}
