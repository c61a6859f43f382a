import { certificateLapse } from '@mex/envelope';
import type { CertificateStanding, RegisteredEngine } from '@mex/registry';
import type { Invocation } from './command.ts';
import { hint } from './output/hint.ts';
import { bold, dim, green, red, yellow } from './output/style.ts';
import type { Terminal } from './output/terminal.ts';
import { shortHash } from './output/units.ts';

/** A certificate as the JSON documents have it. */
export function certificateFacts(standing: CertificateStanding, now = Date.now()) {
  if (standing.state !== 'valid') return standing;
  const lapse = certificateLapse(standing, now);
  return {
    state: lapse === undefined ? 'valid' : lapse === 'expired' ? 'expired' : 'not_yet_valid',
    sha256: standing.sha256,
    key_id: standing.keyId,
    issued_at: timeText(standing.issuedAt),
    expires_at: timeText(standing.expiresAt),
    harness_version: standing.harnessVersion,
    tiers: standing.tiers,
  };
}

/** Whether somebody who is trusted vouches for an engine, and what that means for it. */
export function printCertificate(
  terminal: Terminal,
  invocation: Invocation,
  { manifest, certificate }: Pick<RegisteredEngine, 'manifest' | 'certificate'>,
): void {
  const certify = hint(invocation, `mex certify ${manifest.engine_id}`);
  if (certificate.state === 'absent') {
    terminal.line(yellow('Not certified. '), 'It runs only while the development switch is on, as it is by default.');
    terminal.line(dim('  Certify it: '), certify);
    return;
  }
  if (certificate.state === 'refused') {
    terminal.line(red('Denied: '), `its certificate is refused: ${certificate.reason}`, dim(` (${certificate.code})`));
    terminal.line('  → ', certificate.remedy);
    return;
  }
  const lapse = certificateLapse(certificate, Date.now());
  if (lapse !== undefined) {
    const since = timeText(lapse === 'expired' ? certificate.expiresAt : certificate.issuedAt);
    terminal.line(red('Denied: '), `its certificate is ${lapse} (${since}).`);
    terminal.line(dim('  Certify it again: '), certify);
    return;
  }
  const { expiresAt, keyId, harnessVersion, tiers } = certificate;
  terminal.line(
    green('Certified'),
    ` until ${timeText(expiresAt).slice(0, 10)}`,
    dim(`  by key ${shortHash(keyId)}…, harness ${harnessVersion}, ${tiers.join(' and ')}`),
  );
}

/** One word for a table. */
export function certificateWord(standing: CertificateStanding, now = Date.now()) {
  if (standing.state === 'absent') return dim('no');
  if (standing.state === 'refused') return red('refused');
  const lapse = certificateLapse(standing, now);
  return lapse === undefined ? green('yes') : bold(lapse);
}

function timeText(ms: number): string {
  return new Date(ms).toISOString();
}
