import { type CertificateStatement, canonicalBytes, MexError } from '@mex/envelope';
import { ed25519KeyId, IN_TOTO_MIME, signDsse } from '@mex/envelope/dsse';
import type { Signer } from '@mex/flight-recorder';
import {
  type CertificateErrorCode,
  type CertifiedEngine,
  checkCertificate,
  type ValidCertificate,
} from '@mex/registry';

export interface SignedCertificate {
  /** DSSE envelope as JSON text. */
  readonly envelope: string;
  readonly standing: ValidCertificate;
}

/**
 * Signs the statement of a certificate, and looks at it as a host would: nothing is issued that nobody would take.
 * @throws MexError with a `CertificateErrorCode` when the statement is not for this engine, or made by an unknown harness
 */
export function signCertificate(
  statement: CertificateStatement,
  signer: Signer,
  engine: CertifiedEngine,
): SignedCertificate {
  const keyId = ed25519KeyId(signer.publicKey);
  const envelope = signDsse(canonicalBytes(statement), IN_TOTO_MIME, [{ keyId, sign: signer.sign }]);
  const trust = { keys: [{ keyId, publicKey: signer.publicKey }], revoked: [] };
  const standing = checkCertificate(envelope, engine, trust);
  if (standing.state === 'valid') return { envelope, standing };
  throw new MexError<CertificateErrorCode>({
    code: standing.state === 'refused' ? standing.code : 'CERTIFICATE_INVALID',
    kind: 'integrity',
    message: `What was to be signed is no certificate of ${engine.manifest.engine_id}: ${standing.state === 'refused' ? standing.reason : 'it is empty'}.`,
    remedy: 'Nothing was signed. Build the engine again and certify it once more.',
  });
}
