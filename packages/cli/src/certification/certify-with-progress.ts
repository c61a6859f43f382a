import type { CertifiedTier, CertifyProgress } from '@mex/conformance-harness';
import { MexError } from '@mex/envelope';
import type { Host } from '@mex/host';
import { MAX_CERTIFICATE_DAYS } from '@mex/registry';
import { type Invocation, optionCount, optionList } from '../command.ts';
import { onInterrupt } from '../interrupt.ts';
import type { Terminal } from '../output/terminal.ts';
import { type CliErrorCode, usageError } from '../usage-error.ts';
import type { CertificationTarget } from './certification-target.ts';
import { type Certification, certifyEngine } from './certify-engine.ts';

/**
 * Certifies one engine as the command line asks: `--tier`, `--days`, Ctrl-C, and a line of progress on a terminal.
 * @throws MexError `CLI_USAGE`, `CLI_CANCELLED`, and where nothing could be run
 */
export async function certifyWithProgress(
  host: Host,
  target: CertificationTarget,
  invocation: Invocation,
  terminal: Terminal,
): Promise<Certification> {
  const days = readDays(invocation);
  const tiers = readTiers(invocation);
  const interrupt = onInterrupt(terminal);
  try {
    return await certifyEngine(host, target, {
      ...(tiers === undefined ? {} : { tiers }),
      ...(days === undefined ? {} : { days }),
      signal: interrupt.signal,
      onProgress: showProgress(terminal, target.manifest.engine_id),
    });
  } catch (error) {
    if (interrupt.signal.aborted && !(error instanceof MexError)) throw cancelled(target);
    throw error;
  } finally {
    interrupt.stop();
  }
}

function cancelled({ manifest }: CertificationTarget): MexError<CliErrorCode> {
  const message = `Certifying ${manifest.engine_id} was cancelled; nothing was signed.`;
  return new MexError({ code: 'CLI_CANCELLED', kind: 'canceled', message, remedy: 'Start it again when you like.' });
}

/** @throws MexError `CLI_USAGE` */
export function readDays(invocation: Invocation): number | undefined {
  const days = optionCount(invocation, 'days');
  if (days === undefined || days <= MAX_CERTIFICATE_DAYS) return days;
  throw usageError(
    `A certificate cannot last for ${days} days.`,
    `${MAX_CERTIFICATE_DAYS} is the most: what was found out says less and less as time goes by.`,
  );
}

function readTiers(invocation: Invocation): CertifiedTier[] | undefined {
  const named = optionList(invocation, 'tier');
  const tiers = (['thread', 'process'] as const).filter((tier) => named.includes(tier));
  return tiers.length === 0 ? undefined : tiers;
}

function showProgress(terminal: Terminal, engineId: string): (progress: CertifyProgress) => void {
  let total = 0;
  let done = 0;
  let bad = 0;
  return (progress) => {
    if (progress.kind === 'started') total = progress.cases;
    if (progress.kind === 'case-ended') {
      done = progress.done;
      const { status } = progress.result;
      if (status === 'failed' || status === 'skipped') bad += 1;
    }
    const now = progress.kind === 'case-started' ? `  ${progress.id} ${progress.tier ?? ''}` : '';
    const failed = bad === 0 ? '' : `  ${bad} not passed`;
    terminal.progress(`certifying ${engineId}  ${done}/${total}${failed}${now}`);
  };
}
