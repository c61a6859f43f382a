import { CHECKERS, type EngineManifest } from '@mex/envelope';
import { anchor, code, generated, stack, table } from './markdown.ts';
import { listNames, readText } from './read.ts';
import { number, type Schema, schemaRows } from './schema-rows.ts';

interface Engine {
  readonly folder: string;
  readonly manifest: EngineManifest;
  /** Whether `mex` has it without being told. */
  readonly shipped: boolean;
}

/** `engines.md`: the manifests as they were built. */
export function renderEngines(): string {
  const engines = readEngines();
  return stack(
    generated(
      'Engines',
      'the manifests that the build of each engine writes',
      'The engines of this repository. `mex engines show <id>` says the same of every engine of a home, with its tier and certificate.',
    ),
    table(
      ['engine', 'operations', 'determinism', 'comes with `mex`'],
      engines.map(({ manifest, shipped }) => [
        `[${manifest.engine_id}](#${anchor(manifest.engine_id)})`,
        Object.keys(manifest.operations).map(code).join(', '),
        manifest.determinism_ceiling,
        shipped ? 'yes' : 'no: `mex engines add`',
      ]),
    ),
    engines.map(renderEngine),
  );
}

function readEngines(): Engine[] {
  const cli = readText('packages/cli/package.json');
  const found = listNames('engines').map((folder) => {
    const manifest: unknown = JSON.parse(readText(`engines/${folder}/dist/manifest.json`));
    if (!CHECKERS.engineManifest.check(manifest))
      throw new Error(`engines/${folder}/dist/manifest.json is no manifest`);
    return { folder, manifest, shipped: cli.includes(`"${manifest.package.name}"`) };
  });
  return found.toSorted((a, b) => (a.manifest.engine_id < b.manifest.engine_id ? -1 : 1));
}

function renderEngine({ folder, manifest }: Engine): string {
  const { engine_id, engine_version, title, description, implementations, required_gates } = manifest;
  return stack(
    `## ${engine_id}`,
    `${title} ${engine_version}, [\`${manifest.package.name}\`](../../engines/${folder}/README.md). ${description}`,
    required_gates.length === 0 ? '' : `Gates beyond the six: ${required_gates.map(code).join(', ')}.`,
    implementations.length < 2
      ? ''
      : table(
          ['implementation', 'program', 'determinism', 'what it is'],
          implementations.map(({ id, tool = '', determinism_ceiling, description: words = 'built in' }) => [
            code(id),
            tool,
            determinism_ceiling ?? manifest.determinism_ceiling,
            words,
          ]),
        ),
    table(
      ['budget', 'default', 'ceiling'],
      Object.entries(manifest.default_budget).map(([field, value]) => [
        code(field),
        number(value),
        number(new Map(Object.entries(manifest.budget_ceilings)).get(field) ?? 0),
      ]),
    ),
    Object.entries(manifest.operations).map(([name, operation]) => renderOperation(name, operation)),
  );
}

function renderOperation(name: string, operation: EngineManifest['operations'][string]): string {
  const { inputs, outputs, capabilities, error_codes, determinism_ceiling } = operation;
  const params: Schema = operation.params_schema;
  return stack(
    `### ${name}`,
    `${operation.title}. ${operation.description}`,
    [
      `- Inputs: ${range(inputs.min, inputs.max)}${inputs.description === undefined ? '' : `. ${inputs.description}`}`,
      `- Capabilities: ${capabilities.map(code).join(', ')}`,
      `- Determinism: ${determinism_ceiling}`,
      ...(error_codes.length === 0 ? [] : [`- Fails with: ${error_codes.map(errorLink).join(', ')}`]),
    ].join('\n'),
    table(
      ['output', 'media type', 'what it is'],
      outputs.map(({ name: output, mime, description = '', evidence, optional }) => [
        code(output),
        mime,
        [description, evidence ? 'Evidence.' : '', optional ? 'Not always there.' : ''].filter(Boolean).join(' '),
      ]),
    ),
    table(
      ['param', 'required', 'type', 'bounds', 'meaning'],
      schemaRows(params).map((row) => [
        code(row.path),
        row.required ? 'yes' : 'no',
        row.type,
        row.bounds,
        row.description,
      ]),
    ),
  );
}

function range(min: number, max: number): string {
  if (max === 0) return 'none';
  return min === max ? number(min) : `${number(min)} to ${number(max)}`;
}

function errorLink(error: string): string {
  return `[${error}](../errors/${error}.md)`;
}
