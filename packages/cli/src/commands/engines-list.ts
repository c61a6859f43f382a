import type { CommandRun } from '../command.ts';
import { engineFacts } from '../engine-view.ts';
import { EXIT } from '../exit-codes.ts';
import { openRegistry } from '../home.ts';
import { hint } from '../output/hint.ts';
import { dim, type Piece, red } from '../output/style.ts';

/** `mex engines list` */
export const listEngines: CommandRun = async (invocation, terminal) => {
  const registry = await openRegistry(invocation);
  terminal.document({
    engines: registry.engines.map(engineFacts),
    disabled: registry.disabled.map(({ engineId, error }) => ({ engine_id: engineId, ...error })),
  });
  terminal.table([
    ['engine', 'version', 'origin', 'operations'].map(dim),
    ...registry.engines.map(({ manifest, origin }): Piece[] => [
      manifest.engine_id,
      manifest.engine_version,
      origin,
      Object.keys(manifest.operations).join(', '),
    ]),
  ]);
  for (const { engineId, error } of registry.disabled) {
    terminal.line(red('disabled '), engineId, ': ', error.message, dim(` (${error.code})`));
    if (error.remedy !== undefined) terminal.line('  → ', error.remedy);
  }
  terminal.line();
  terminal.line(dim('More: '), hint(invocation, 'mex engines show <id>'));
  return EXIT.done;
};
