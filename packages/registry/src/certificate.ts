import { type CertificateTerms, certificateLapse, type EngineManifest, quoteText } from '@mex/envelope';
import satisfies from 'semver/functions/satisfies.js';
import {
  type CertificateContent,
  type CertificateErrorCode,
  CertificateRefusal,
  type CertificateTrust,
  certificateRemedy,
  readCertificate,
} from './read-certificate.ts';

/** A certificate that binds exactly this engine and is signed by a trusted key. Whether it is in force is a matter of time. */
export interface ValidCertificate {
  readonly state: 'valid';
  /** SHA-256 of the signed payload: the name of a certificate, also in lists of revoked ones. */
  readonly sha256: string;
  /** Who signed: SHA-256 of the public key. */
  readonly keyId: string;
  /** Ms since 1970. */
  readonly issuedAt: number;
  /** Ms since 1970; from then on it counts for nothing. */
  readonly expiresAt: number;
  readonly harnessVersion: string;
  readonly tiers: CertificateTerms['tiers'];
}

export interface RefusedCertificate {
  readonly state: 'refused';
  readonly code: CertificateErrorCode;
  /** A clause: what is wrong with it. */
  readonly reason: string;
  /** What to do about it. */
  readonly remedy: string;
}

/** How an engine stands with regard to CONTRACT §10. Nothing of an unverified certificate is in it. */
export type CertificateStanding = { readonly state: 'absent' } | ValidCertificate | RefusedCertificate;

/** Harness versions whose requirements this MEX takes for CONTRACT §15. */
export const HARNESS_RANGE = '^0.1.0';

/** What a certificate must be for. */
export interface CertifiedEngine {
  readonly manifest: EngineManifest;
  readonly manifestSha256: string;
}

/**
 * Checks a certificate: signed by a trusted key that is not revoked, and for exactly this engine (CONTRACT §10, §15).
 * Never throws for what is in it. Time is left to `certificateLapse`.
 * @param envelope the DSSE envelope as text, bytes or JSON value; `undefined` is `absent`
 */
export function checkCertificate(
  envelope: unknown,
  engine: CertifiedEngine,
  trust: CertificateTrust,
): CertificateStanding {
  if (envelope === undefined) return { state: 'absent' };
  try {
    const content = readCertificate(envelope, trust);
    verifyBinding(content, engine);
    verifySupport(content.terms, engine.manifest, trust);
    const { sha256, keyId, terms } = content;
    return {
      state: 'valid',
      sha256,
      keyId,
      issuedAt: Date.parse(terms.issued_at),
      expiresAt: Date.parse(terms.expires_at),
      harnessVersion: terms.harness_version,
      tiers: [...terms.tiers],
    };
  } catch (error) {
    if (!(error instanceof CertificateRefusal)) throw error;
    const { code, message } = error;
    return { state: 'refused', code, reason: message, remedy: certificateRemedy(code, engine.manifest.engine_id) };
  }
}

/** The best of several: a valid one that lasts longest, else the first refused one. */
export function checkCertificates(
  envelopes: readonly unknown[],
  engine: CertifiedEngine,
  trust: CertificateTrust,
): CertificateStanding {
  let best: CertificateStanding = { state: 'absent' };
  for (const envelope of envelopes) {
    const standing = checkCertificate(envelope, engine, trust);
    const isBetter = standing.state === 'valid' && (best.state !== 'valid' || standing.expiresAt > best.expiresAt);
    if (isBetter || best.state === 'absent') best = standing;
  }
  return best;
}

/** Whether somebody who is trusted vouches for the engine at this time. `now`: ms since 1970. */
export function isCertified(standing: CertificateStanding, now: number): standing is ValidCertificate {
  return standing.state === 'valid' && certificateLapse(standing, now) === undefined;
}

/** Every part by which it names the engine must name this one: a certificate is for one digest and nothing else. */
function verifyBinding(
  { statement, terms, bundleSha256, manifestSha256, vectorsSha256 }: CertificateContent,
  { manifest, manifestSha256: ownManifest }: CertifiedEngine,
): void {
  const named = new Set([terms.engine_id, ...statement.subject.map(({ name }) => name)]);
  for (const id of named) if (id !== manifest.engine_id) mismatch(`it is for the engine ${quoteText(id)}`);
  if (terms.engine_version !== manifest.engine_version)
    mismatch(`it is for version ${terms.engine_version}, not ${manifest.engine_version}`);
  if (bundleSha256 !== manifest.bundle.sha256) mismatch('it is for another bundle');
  if (manifestSha256 !== ownManifest) mismatch('it is for another manifest');
  const vectors = manifest.conformance_vectors?.sha256;
  if (vectors !== undefined && vectors !== vectorsSha256) mismatch('it is for other conformance vectors');
}

function verifySupport(terms: CertificateTerms, manifest: EngineManifest, { harness }: CertificateTrust): void {
  const { contract_version, harness_version } = terms;
  if (contract_version !== manifest.contract_version)
    throw new CertificateRefusal('CERTIFICATE_UNSUPPORTED', `it is for the contract ${quoteText(contract_version)}`);
  if (!satisfies(harness_version, harness ?? HARNESS_RANGE, { includePrerelease: true }))
    throw new CertificateRefusal(
      'CERTIFICATE_UNSUPPORTED',
      `harness ${harness_version} made it, and ${harness ?? HARNESS_RANGE} is what counts`,
    );
}

function mismatch(reason: string): never {
  throw new CertificateRefusal('CERTIFICATE_MISMATCH', reason);
}
