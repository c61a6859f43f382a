import { certificateWord } from '../certificate-view.ts';
import type { CommandRun } from '../command.ts';
import { engineFacts, tierPiece, tierStandings } from '../engine-view.ts';
import { EXIT } from '../exit-codes.ts';
import { openRegistry } from '../home.ts';
import { hint } from '../output/hint.ts';
import { dim, type Piece, red, yellow } from '../output/style.ts';

/** `mex engines list` */
export const listEngines: CommandRun = async (invocation, terminal) => {
  const registry = await openRegistry(invocation);
  const { of: standingOf, problem } = await tierStandings(invocation);
  const engines = registry.engines.map((engine) => ({ engine, standing: standingOf(engine) }));
  terminal.document({
    engines: engines.map(({ engine, standing: { promises: _left, ...tier } }) => ({ ...engineFacts(engine), ...tier })),
    disabled: registry.disabled.map(({ engineId, error }) => ({ engine_id: engineId, ...error })),
  });
  terminal.table([
    ['engine', 'version', 'origin', 'certified', 'tier', 'operations'].map(dim),
    ...engines.map(({ engine: { manifest, origin, certificate }, standing }): Piece[] => [
      manifest.engine_id,
      manifest.engine_version,
      origin,
      certificateWord(certificate),
      tierPiece(standing),
      Object.keys(manifest.operations).join(', '),
    ]),
  ]);
  if (problem !== undefined)
    terminal.line(yellow('warning: '), problem, ' The tiers are those of the built-in policy.');
  for (const { engineId, error } of registry.disabled) {
    terminal.line(red('disabled '), engineId, ': ', error.message, dim(` (${error.code})`));
    if (error.remedy !== undefined) terminal.line('  → ', error.remedy);
  }
  if (engines.some(({ engine }) => engine.certificate.state === 'absent')) {
    terminal.line();
    terminal.line('An engine that is not certified runs only while the development switch is on, as it is by default.');
    terminal.line(dim('Certify all: '), hint(invocation, 'mex certify --all'));
  }
  terminal.line();
  terminal.line(dim('More: '), hint(invocation, 'mex engines show <id>'));
  return EXIT.done;
};
