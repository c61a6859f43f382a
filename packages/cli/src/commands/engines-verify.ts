import { resolve } from 'node:path';
import { certificateLapse, type ErrorData, toErrorData } from '@mex/envelope';
import { loadBundle, type RegisteredEngine } from '@mex/registry';
import { certificateFacts, printCertificate } from '../certificate-view.ts';
import type { CommandRun } from '../command.ts';
import { readPolicyState } from '../doctor/policy-state.ts';
import { EXIT } from '../exit-codes.ts';
import { findEngine } from '../find-engine.ts';
import { openRegistry } from '../home.ts';
import { dim, green, red, yellow } from '../output/style.ts';
import { shortHash } from '../output/units.ts';

/** `mex engines verify [<id>]`: compares every bundle with the registered digest, and checks every certificate. */
export const verifyEngines: CommandRun = async (invocation, terminal) => {
  const registry = await openRegistry(invocation);
  const { policy } = await readPolicyState(resolve(invocation.home));
  const id = invocation.arguments.get('id');
  const wanted = id === undefined ? registry.engines : [findEngine(registry, id)];
  const checked = wanted.map((engine) => ({ engine, ...checkEngine(engine, policy.allowUncertified) }));
  // What the operator disabled is as the operator wants it.
  const disabled = id === undefined ? registry.disabled.filter(({ error }) => error.code !== 'ENGINE_DISABLED') : [];
  const ok = checked.every((one) => one.ok) && disabled.length === 0;
  terminal.document({
    ok,
    engines: checked.map(({ engine, isCallable: _left, ...facts }) => ({ ...identify(engine), ...facts })),
    disabled: disabled.map(({ engineId, error }) => ({ engine_id: engineId, ...error })),
  });
  for (const { engine, error, isCallable } of checked) {
    const { engine_id, engine_version, bundle } = engine.manifest;
    const verdict = error !== undefined ? red('failed ') : isCallable ? green('ok     ') : yellow('denied ');
    terminal.line(verdict, `${engine_id} ${engine_version}`, dim(`  sha256 ${shortHash(bundle.sha256)}…`));
    if (error !== undefined) terminal.line('  ', error.message, dim(` (${error.code})`));
    if (error?.remedy !== undefined) terminal.line('  → ', error.remedy);
    if (!isCallable) printCertificate(terminal, invocation, engine);
  }
  for (const { engineId, error } of disabled) terminal.line(red('disabled '), engineId, ': ', error.message);
  if (checked.some((one) => one.error?.kind === 'integrity')) return EXIT.integrity;
  return ok ? EXIT.done : EXIT.blocked;
};

function identify({ manifest, bundle, certificate }: RegisteredEngine) {
  const { engine_id, engine_version } = manifest;
  return { engine_id, engine_version, bundle_sha256: bundle.sha256, certificate: certificateFacts(certificate) };
}

/** `isCallable`: its certificate, or the lack of one, denies nothing (CONTRACT §10). */
function checkEngine({ manifest, bundle, certificate }: RegisteredEngine, allowUncertified: boolean) {
  const isCallable =
    certificate.state === 'absent'
      ? allowUncertified
      : certificate.state === 'valid' && certificateLapse(certificate, Date.now()) === undefined;
  let error: ErrorData | undefined;
  try {
    loadBundle(bundle, manifest.engine_id);
  } catch (thrown) {
    error = toErrorData(thrown);
  }
  return { ok: error === undefined && isCallable, error, isCallable };
}
