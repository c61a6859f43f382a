import { toErrorData } from '@mex/envelope';
import { loadBundle, type RegisteredEngine } from '@mex/registry';
import type { CommandRun } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { findEngine } from '../find-engine.ts';
import { openRegistry } from '../home.ts';
import { dim, green, red } from '../output/style.ts';
import { shortHash } from '../output/units.ts';

/** `mex engines verify [<id>]`: reads every bundle and compares it with the registered digest. */
export const verifyEngines: CommandRun = async (invocation, terminal) => {
  const registry = await openRegistry(invocation);
  const id = invocation.arguments.get('id');
  const wanted = id === undefined ? registry.engines : [findEngine(registry, id)];
  const checked = wanted.map(checkBundle);
  const disabled = id === undefined ? registry.disabled : [];
  const ok = checked.every((one) => one.ok) && disabled.length === 0;
  terminal.document({
    ok,
    engines: checked,
    disabled: disabled.map(({ engineId, error }) => ({ engine_id: engineId, ...error })),
  });
  for (const { engine_id, engine_version, bundle_sha256, error } of checked) {
    const verdict = error === undefined ? green('ok     ') : red('failed ');
    terminal.line(verdict, `${engine_id} ${engine_version}`, dim(`  sha256 ${shortHash(bundle_sha256)}…`));
    if (error === undefined) continue;
    terminal.line('  ', error.message, dim(` (${error.code})`));
    if (error.remedy !== undefined) terminal.line('  → ', error.remedy);
  }
  for (const { engineId, error } of disabled) terminal.line(red('disabled '), engineId, ': ', error.message);
  if (checked.some((one) => one.error?.kind === 'integrity')) return EXIT.integrity;
  return ok ? EXIT.done : EXIT.blocked;
};

function checkBundle({ manifest, bundle }: RegisteredEngine) {
  const { engine_id, engine_version } = manifest;
  const facts = { engine_id, engine_version, bundle_sha256: bundle.sha256 };
  try {
    loadBundle(bundle, engine_id);
    return { ...facts, ok: true, error: undefined };
  } catch (thrown) {
    return { ...facts, ok: false, error: toErrorData(thrown) };
  }
}
