import { certificateLapse, MexError } from '@mex/envelope';
import { certificateFile, type Host, readCertificateFile, readCertificateTrust } from '@mex/host';
import { type CertificateStanding, checkCertificate } from '@mex/registry';
import type { EnginePackage } from './read-engine-package.ts';
import type { CheckedCertificate } from './register-engine.ts';

/** Every certificate there is for a package: what it carries, and what this home has for its bundle. */
function envelopesFor({ certificate, manifest }: EnginePackage, home: string): string[] {
  const own = readCertificateFile(certificateFile(home, manifest.bundle.sha256));
  return [certificate, own].filter((text) => text !== undefined);
}

/**
 * The certificate with which a package can be registered: of several the one that lasts longest. `undefined`: it has none.
 * @throws MexError with the code of the refusal when it has some and none counts: an engine that carries such a one would
 *   be denied
 */
export function packageCertificate(
  source: EnginePackage,
  { home, policy }: Pick<Host, 'home' | 'policy'>,
  now = Date.now(),
): CheckedCertificate | undefined {
  const trust = readCertificateTrust(home, policy.policy);
  let best: CheckedCertificate | undefined;
  let wrong: Refused | undefined;
  for (const envelope of envelopesFor(source, home)) {
    const standing = checkCertificate(envelope, source, trust);
    const refused = whyRefused(standing, now);
    wrong ??= refused;
    if (standing.state !== 'valid' || refused !== undefined) continue;
    if (best === undefined || standing.expiresAt > best.standing.expiresAt) best = { envelope, standing };
  }
  if (best === undefined && wrong !== undefined) throw refusal(source, wrong);
  return best;
}

interface Refused {
  readonly code: string;
  readonly reason: string;
}

function whyRefused(standing: CertificateStanding, now: number): Refused | undefined {
  if (standing.state === 'refused') return standing;
  const lapse = standing.state === 'valid' ? certificateLapse(standing, now) : undefined;
  if (lapse === undefined) return undefined;
  return { code: lapse === 'expired' ? 'CERTIFICATE_EXPIRED' : 'CERTIFICATE_NOT_YET_VALID', reason: `it is ${lapse}` };
}

/** Who is trusted, and for how long, is policy; a certificate that is for something else is damage. */
const POLICY = new Set([
  'CERTIFICATE_UNTRUSTED',
  'CERTIFICATE_REVOKED',
  'CERTIFICATE_EXPIRED',
  'CERTIFICATE_NOT_YET_VALID',
]);

function refusal({ manifest }: EnginePackage, { code, reason }: Refused): MexError {
  const trust =
    code === 'CERTIFICATE_UNTRUSTED'
      ? 'Name the key in "certificates.trusted_keys" of policy.json if you trust it; or c'
      : 'C';
  return new MexError({
    code,
    kind: POLICY.has(code) ? 'policy' : 'integrity',
    message: `${manifest.engine_id} was not added: its certificate does not count: ${reason}.`,
    remedy: `${trust}ertify it yourself with --certify; or add it as an engine that nobody vouches for with --without-certificate.`,
  });
}
