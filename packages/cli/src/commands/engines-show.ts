import type { OperationManifest } from '@mex/envelope';
import { printCertificate } from '../certificate-view.ts';
import { argumentText, type CommandRun } from '../command.ts';
import { engineFacts, printCapabilities, printTier, tierStandings } from '../engine-view.ts';
import { EXIT } from '../exit-codes.ts';
import { findEngine } from '../find-engine.ts';
import { openRegistry } from '../home.ts';
import { implementationStandings, printImplementations } from '../implementation-view.ts';
import { bold, dim, type Piece } from '../output/style.ts';
import type { Terminal } from '../output/terminal.ts';
import { printQuota, quotaStanding } from '../quota-view.ts';

/** `mex engines show <id>` */
export const showEngine: CommandRun = async (invocation, terminal) => {
  const engine = findEngine(await openRegistry(invocation), argumentText(invocation, 'id'));
  const { manifest } = engine;
  const standing = (await tierStandings(invocation)).of(engine);
  const { circuit, ...quota } = await quotaStanding(invocation, manifest.engine_id);
  const implementations = await implementationStandings(invocation, engine);
  terminal.document({ ...engineFacts(engine), ...standing, ...implementations, circuit, quota, manifest });
  terminal.line(bold(manifest.engine_id), ` ${manifest.engine_version}  `, dim(engine.origin));
  terminal.line('  ', manifest.description);
  terminal.line();
  for (const [name, operation] of Object.entries(manifest.operations)) printOperation(terminal, name, operation);
  printCapabilities(terminal, manifest);
  terminal.line();
  printImplementations(terminal, implementations);
  printTier(terminal, invocation, standing);
  terminal.line();
  printQuota(terminal, { circuit, ...quota });
  terminal.line();
  terminal.line(dim('package  '), `${manifest.package.name} ${manifest.package.version}`);
  terminal.line(dim('bundle   '), `sha256 ${manifest.bundle.sha256}`);
  printCertificate(terminal, invocation, engine);
  return EXIT.done;
};

function printOperation(terminal: Terminal, name: string, operation: OperationManifest): void {
  const { min, max, description } = operation.inputs;
  terminal.line(bold(name), `  ${operation.title}`, dim(`  ${operation.determinism_ceiling}`));
  terminal.line('  ', operation.description);
  const inputs = min === max ? String(min) : `${min} to ${max}`;
  terminal.line(dim('  inputs   '), inputs, description === undefined ? '' : `: ${description}`);
  const params = paramRows(operation.params_schema);
  if (params.length > 0) {
    terminal.line(dim('  params'));
    terminal.table(params, { indent: 4 });
  }
  terminal.line(dim('  outputs'));
  terminal.table(
    operation.outputs.map((output): Piece[] => [output.name, output.mime, dim(output.optional ? 'optional' : '')]),
    { indent: 4 },
  );
  if (operation.error_codes.length > 0) terminal.line(dim('  errors   '), operation.error_codes.join(', '));
  terminal.line();
}

/** Names, types and descriptions of an operation's params, as its JSON Schema has them. */
function paramRows(schema: Readonly<Record<string, unknown>>): Piece[][] {
  const { properties, required } = schema;
  if (typeof properties !== 'object' || properties === null) return [];
  const needed = new Set<unknown>(Array.isArray(required) ? required : []);
  return Object.entries(properties).map(([name, property]): Piece[] => {
    const { type, description } = typeof property === 'object' && property !== null ? facts(property) : facts({});
    return [name, dim(`${type}${needed.has(name) ? ', required' : ''}`), dim(description)];
  });
}

function facts(property: object): { type: string; description: string } {
  const type: unknown = Reflect.get(property, 'type');
  const description: unknown = Reflect.get(property, 'description');
  return {
    type: typeof type === 'string' ? type : 'any',
    description: typeof description === 'string' ? description : '',
  };
}
