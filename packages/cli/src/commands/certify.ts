import { formatTrustedKey, type Host, openCertifier } from '@mex/host';
import type { Registry } from '@mex/registry';
import { type CertificationTarget, findTarget, targetOfEngine } from '../certification/certification-target.ts';
import { type Certified, describeCertified, keepCertified } from '../certification/certified.ts';
import { certifyAll } from '../certification/certify-all.ts';
import { certifyWithProgress, readDays } from '../certification/certify-with-progress.ts';
import { printReport } from '../certification/print-report.ts';
import { type ReportTargets, verifyReportTargets } from '../certification/write-report.ts';
import { type CommandRun, type Invocation, optionFlag, optionText } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { closeHost, openRegistry, openWiredHost } from '../home.ts';
import { hint } from '../output/hint.ts';
import { bold, dim, green, red } from '../output/style.ts';
import type { Terminal } from '../output/terminal.ts';
import { usageError } from '../usage-error.ts';

/** `mex certify <dir|id>`: runs the conformance suite, and signs a certificate when every case passed (CONTRACT §15). */
export const certifyCommand: CommandRun = async (invocation, terminal) => {
  const reports = readTargets(invocation);
  verifyReportTargets(reports);
  readDays(invocation);
  const named = findNamed(invocation);
  const registry = await openRegistry(invocation);
  const target = named === undefined ? undefined : findTarget(named, registry);
  const host = await openWiredHost(invocation);
  try {
    const certified =
      target === undefined
        ? await certifyAll(host, everyEngine(registry), reports, invocation, terminal)
        : await certifyOne(host, target, reports, invocation, terminal);
    if (certified.some) printKey(terminal, host);
    return certified.every ? EXIT.done : EXIT.blocked;
  } finally {
    await closeHost(host);
  }
};

async function certifyOne(
  host: Host,
  target: CertificationTarget,
  reports: ReportTargets,
  invocation: Invocation,
  terminal: Terminal,
): Promise<{ every: boolean; some: boolean }> {
  const certification = await certifyWithProgress(host, target, invocation, terminal);
  const one = await keepCertified(host, target, certification, reports);
  printOne(terminal, invocation, one);
  for (const path of one.written) terminal.note('wrote ', path);
  const isCertified = certification.certificate !== undefined;
  terminal.document({ ...describeCertified(one), ...(isCertified ? { trusted_key: trustedKey(host) } : {}) });
  return { every: isCertified, some: isCertified };
}

function readTargets(invocation: Invocation): ReportTargets {
  const [out, junit, markdown] = ['out', 'junit', 'markdown'].map((name) => optionText(invocation, name));
  const isAll = optionFlag(invocation, 'all');
  if (!isAll || (junit === undefined && markdown === undefined)) return { out, junit, markdown };
  throw usageError('--all writes one report an engine, which is no single file.', 'Use --out <dir> instead.');
}

/** `undefined`: all of them. */
function findNamed(invocation: Invocation): string | undefined {
  const named = invocation.arguments.get('engine');
  if (optionFlag(invocation, 'all') !== (named === undefined))
    throw usageError('Name one engine, or say --all.', 'e.g. mex certify ./my-engine   or: mex certify --all');
  return named;
}

function everyEngine({ engines }: Registry): CertificationTarget[] {
  return engines.map(targetOfEngine);
}

function printOne(terminal: Terminal, invocation: Invocation, { target, certification, kept }: Certified): void {
  const { report, reportHandle, certificate } = certification;
  printReport(terminal, report);
  terminal.line();
  if (certificate === undefined) {
    terminal.line(red('Not certified. '), 'One failed or skipped case is one too many; each above says what to do.');
  } else {
    const named = invocation.arguments.get('engine') ?? target.manifest.engine_id;
    const until = new Date(certificate.standing.expiresAt).toISOString().slice(0, 10);
    terminal.line(green('Certified'), ` until ${until}`, dim(`  certificate sha256 ${certificate.standing.sha256}`));
    for (const path of kept) terminal.line(dim('  kept in '), path);
    terminal.line(dim('  check it: '), hint(invocation, `mex certify verify ${kept[0] ?? ''} --engine ${named}`));
  }
  terminal.line(dim('  report   '), hint(invocation, `mex artifacts cat ${reportHandle.artifact_id}`));
  terminal.line();
}

/** Whoever else shall believe this home's certificates needs its key. */
function printKey(terminal: Terminal, host: Host): void {
  terminal.line('Others trust it with this line of "certificates.trusted_keys" in their policy.json:');
  terminal.line('  ', bold(trustedKey(host)));
}

function trustedKey({ home }: Host): string {
  return formatTrustedKey(openCertifier(home).publicKey);
}
