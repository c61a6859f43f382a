import { join } from 'node:path';
import { formatTrustedKey, type Host, openCertifier } from '@mex/host';
import type { Registry } from '@mex/registry';
import { certificateFacts } from '../certificate-view.ts';
import { type CertificationTarget, findTarget, targetOfEngine } from '../certification/certification-target.ts';
import { type Certification, keepCertificate } from '../certification/certify-engine.ts';
import { certifyWithProgress, readDays } from '../certification/certify-with-progress.ts';
import { printBrief, printTotal } from '../certification/print-all.ts';
import { printReport } from '../certification/print-report.ts';
import { type ReportTargets, verifyReportTargets, writeReport } from '../certification/write-report.ts';
import { type CommandRun, type Invocation, optionFlag, optionText } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { closeHost, openRegistry, openWiredHost } from '../home.ts';
import { hint } from '../output/hint.ts';
import { bold, dim, green, red } from '../output/style.ts';
import type { Terminal } from '../output/terminal.ts';
import { usageError } from '../usage-error.ts';

/** `mex certify <dir|id>`: runs the conformance suite, and signs a certificate when every case passed (CONTRACT §15). */
export const certifyCommand: CommandRun = async (invocation, terminal) => {
  const targets = readTargets(invocation);
  verifyReportTargets(targets);
  readDays(invocation);
  const engines = findTargets(invocation, await openRegistry(invocation));
  const host = await openWiredHost(invocation);
  const done: Certified[] = [];
  try {
    for (const target of engines) {
      const certification = await certifyWithProgress(host, target, invocation, terminal);
      const one = await keep(host, target, certification, ownTargets(targets, target, engines.length));
      done.push(one);
      if (isAll(invocation)) printBrief(terminal, certification);
      else printOne(terminal, invocation, one);
      for (const path of one.written) terminal.note('wrote ', path);
    }
    if (isAll(invocation))
      printTotal(
        terminal,
        invocation,
        host.home,
        done.map(({ certification }) => certification),
      );
    if (done.some(({ certification }) => certification.certificate !== undefined)) printKey(terminal, host);
  } finally {
    await closeHost(host);
  }
  const certified = done.every(({ certification }) => certification.certificate !== undefined);
  const documents = done.map(describe);
  terminal.document(isAll(invocation) ? { certified, engines: documents } : documents[0]);
  return certified ? EXIT.done : EXIT.blocked;
};

/** One engine after the suite, and where what came of it lies. */
interface Certified {
  readonly target: CertificationTarget;
  readonly certification: Certification;
  /** Where the home keeps the certificate. */
  readonly kept: readonly string[];
  readonly written: readonly string[];
}

const isAll = (invocation: Invocation): boolean => optionFlag(invocation, 'all');

function readTargets(invocation: Invocation): ReportTargets {
  const [out, junit, markdown] = ['out', 'junit', 'markdown'].map((name) => optionText(invocation, name));
  if (!isAll(invocation) || (junit === undefined && markdown === undefined)) return { out, junit, markdown };
  throw usageError('--all writes one report an engine, which is no single file.', 'Use --out <dir> instead.');
}

function findTargets(invocation: Invocation, registry: Registry): CertificationTarget[] {
  const named = invocation.arguments.get('engine');
  if (isAll(invocation) !== (named === undefined))
    throw usageError('Name one engine, or say --all.', 'e.g. mex certify ./my-engine   or: mex certify --all');
  return named === undefined ? registry.engines.map(targetOfEngine) : [findTarget(named, registry)];
}

/** With several engines each has a folder of its own. */
function ownTargets(targets: ReportTargets, { manifest }: CertificationTarget, count: number): ReportTargets {
  if (targets.out === undefined || count === 1) return targets;
  return { ...targets, out: join(targets.out, `${manifest.engine_id}-${manifest.engine_version}`) };
}

async function keep(
  host: Host,
  target: CertificationTarget,
  certification: Certification,
  targets: ReportTargets,
): Promise<Certified> {
  const { certificate } = certification;
  const kept = certificate === undefined ? [] : await keepCertificate(host.home, target, certificate);
  return { target, certification, kept, written: await writeReport(host, targets, certification) };
}

function describe({ target: { manifest }, certification, kept, written }: Certified) {
  const { report, reportHandle, certificate } = certification;
  return {
    engine_id: manifest.engine_id,
    engine_version: manifest.engine_version,
    bundle_sha256: manifest.bundle.sha256,
    certified: certificate !== undefined,
    certificate: certificate === undefined ? null : { ...certificateFacts(certificate.standing), kept },
    report_artifact: reportHandle,
    report,
    written,
  };
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
  terminal.line('  ', bold(formatTrustedKey(openCertifier(host.home).publicKey)));
}
