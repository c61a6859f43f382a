import { join } from 'node:path';
import { MexError, toErrorData } from '@mex/envelope';
import type { Host } from '@mex/host';
import type { Invocation } from '../command.ts';
import { red } from '../output/style.ts';
import type { Terminal } from '../output/terminal.ts';
import type { CertificationTarget } from './certification-target.ts';
import { type Certified, describeCertified, keepCertified } from './certified.ts';
import { certifyWithProgress } from './certify-with-progress.ts';
import { printBrief, printTotal } from './print-all.ts';
import type { ReportTargets } from './write-report.ts';

/** An engine on which nothing could be run, e.g. one without a tier on this machine. */
interface Unrun {
  readonly target: CertificationTarget;
  readonly error: MexError;
}

/**
 * Certifies one engine after the other. One that cannot be run costs the others nothing.
 * @throws MexError where it is not the engine's fault, and `CLI_CANCELLED`
 */
export async function certifyAll(
  host: Host,
  engines: readonly CertificationTarget[],
  reports: ReportTargets,
  invocation: Invocation,
  terminal: Terminal,
): Promise<{ every: boolean; some: boolean }> {
  const done: (Certified | Unrun)[] = [];
  for (const target of engines) {
    const one = await certifyNext(host, target, ownReports(reports, target), invocation, terminal);
    done.push(one);
    if ('error' in one) printUnrun(terminal, one);
    else {
      printBrief(terminal, one.certification);
      for (const path of one.written) terminal.note('wrote ', path);
    }
  }
  const run = done.flatMap((one) => ('error' in one ? [] : [one.certification]));
  printTotal(terminal, invocation, { home: host.home, done: run, engines: done.length });
  const signed = run.filter(({ certificate }) => certificate !== undefined).length;
  const every = signed === done.length;
  terminal.document({ certified: every, engines: done.map(describe) });
  return { every, some: signed > 0 };
}

async function certifyNext(
  host: Host,
  target: CertificationTarget,
  reports: ReportTargets,
  invocation: Invocation,
  terminal: Terminal,
): Promise<Certified | Unrun> {
  try {
    return await keepCertified(host, target, await certifyWithProgress(host, target, invocation, terminal), reports);
  } catch (error) {
    if (error instanceof MexError && error.code.startsWith('CONFORMANCE_')) return { target, error };
    throw error;
  }
}

/** Each has a folder of its own. */
function ownReports(reports: ReportTargets, { manifest }: CertificationTarget): ReportTargets {
  if (reports.out === undefined) return reports;
  return { ...reports, out: join(reports.out, `${manifest.engine_id}-${manifest.engine_version}`) };
}

function printUnrun(terminal: Terminal, { target: { manifest }, error }: Unrun): void {
  terminal.line(red('✗ '), `${manifest.engine_id} ${manifest.engine_version}  `, error.message);
  if (error.remedy !== undefined) terminal.line('  → ', error.remedy);
}

function describe(one: Certified | Unrun) {
  if (!('error' in one)) return describeCertified(one);
  const { engine_id, engine_version, bundle } = one.target.manifest;
  return {
    engine_id,
    engine_version,
    bundle_sha256: bundle.sha256,
    certified: false,
    certificate: null,
    error: toErrorData(one.error),
  };
}
