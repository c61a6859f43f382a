import type { EngineManifest } from '@mex/envelope';
import type { Host } from '@mex/host';
import { printCertificate } from '../certificate-view.ts';
import { targetOfPackage } from '../certification/certification-target.ts';
import { certifyWithProgress } from '../certification/certify-with-progress.ts';
import { printReport } from '../certification/print-report.ts';
import { argumentText, type CommandRun, type Invocation, optionFlag } from '../command.ts';
import { openPackage } from '../engine-package/open-package.ts';
import { engineFacts, printCapabilities } from '../engine-view.ts';
import { EXIT } from '../exit-codes.ts';
import { closeHost, openRegistry, openWiredHost } from '../home.ts';
import { hint } from '../output/hint.ts';
import { bold, dim } from '../output/style.ts';
import type { Terminal } from '../output/terminal.ts';
import { packageCertificate } from '../package-certificate.ts';
import { type EnginePackage, readEnginePackage } from '../read-engine-package.ts';
import { type CheckedCertificate, registerEngine } from '../register-engine.ts';
import { usageError } from '../usage-error.ts';

/** `mex engines add <path|tarball|package>`: copies a built engine into the home and registers it under its digest. */
export const addEngine: CommandRun = async (invocation, terminal) => {
  const source = openPackage(argumentText(invocation, 'path'));
  try {
    return await addFrom(source.dir, invocation, terminal);
  } finally {
    source.close();
  }
};

async function addFrom(dir: string, invocation: Invocation, terminal: Terminal) {
  const source = readEnginePackage(dir);
  const { manifest } = source;
  refuseShipped((await openRegistry(invocation)).engines, manifest);
  const host = await openWiredHost(invocation);
  try {
    const certificate = await certificateFor(source, dir, host, invocation, terminal);
    if (certificate === 'failed') return EXIT.blocked;
    await registerEngine(host, source, certificate);
  } finally {
    await closeHost(host);
  }
  await printAdded(source, invocation, terminal);
  return EXIT.done;
}

/** What the package carries, what this home made of it before, or what the suite says now. */
async function certificateFor(
  source: EnginePackage,
  dir: string,
  host: Host,
  invocation: Invocation,
  terminal: Terminal,
): Promise<CheckedCertificate | undefined | 'failed'> {
  if (optionFlag(invocation, 'without-certificate')) return undefined;
  if (!optionFlag(invocation, 'certify')) return packageCertificate(source, host);
  const { report, certificate } = await certifyWithProgress(host, targetOfPackage(source, dir), invocation, terminal);
  if (certificate !== undefined) return certificate;
  terminal.document({ added: null, certified: false, report });
  printReport(terminal, report);
  terminal.line(bold('Not added. '), 'Add it without certifying it, or correct what the report names.');
  return 'failed';
}

async function printAdded({ manifest }: EnginePackage, invocation: Invocation, terminal: Terminal): Promise<void> {
  const { engine } = (await openRegistry(invocation)).resolve(manifest.engine_id, manifest.engine_version);
  terminal.document({ added: engine === undefined ? manifest : engineFacts(engine) });
  terminal.line(
    'Added ',
    bold(manifest.engine_id),
    ` ${manifest.engine_version}`,
    dim(`  sha256 ${manifest.bundle.sha256}`),
  );
  terminal.line('  ', manifest.description);
  printCapabilities(terminal, manifest);
  if (engine !== undefined) printCertificate(terminal, invocation, engine);
  terminal.line(dim('Next: '), hint(invocation, `mex engines show ${manifest.engine_id}`));
}

function refuseShipped(
  engines: readonly { manifest: EngineManifest; origin: string }[],
  { engine_id }: EngineManifest,
): void {
  if (!engines.some((known) => known.origin === 'shipped' && known.manifest.engine_id === engine_id)) return;
  throw usageError(
    `${engine_id} comes with MEX and cannot be replaced.`,
    'Give your engine an id of its own.',
    'CLI_ENGINE_PACKAGE',
  );
}
