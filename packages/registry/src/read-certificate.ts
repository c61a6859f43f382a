import {
  CERTIFICATE_PARTS,
  type CertificateResource,
  type CertificateStatement,
  type CertificateTerms,
  CHECKERS,
  canonicalJson,
  MexError,
  parseStrictJson,
} from '@mex/envelope';
import { sha256Hex } from '@mex/envelope/digest';
import { type DsseEnvelope, type DsseKey, IN_TOTO_MIME, parseDsse, verifyDsse } from '@mex/envelope/dsse';

/** Why a certificate counts for nothing. */
export type CertificateErrorCode =
  | 'CERTIFICATE_INVALID'
  | 'CERTIFICATE_UNTRUSTED'
  | 'CERTIFICATE_REVOKED'
  | 'CERTIFICATE_MISMATCH'
  | 'CERTIFICATE_UNSUPPORTED';

/** Whom an operator trusts to certify. */
export interface CertificateTrust {
  readonly keys: readonly DsseKey[];
  /** SHA-256 of payloads, and `key:<key id>`. */
  readonly revoked: readonly string[];
  /** Semver range of harness versions that count; default `HARNESS_RANGE`. */
  readonly harness?: string;
}

/** Most bytes of a certificate as JSON text. */
export const MAX_CERTIFICATE_BYTES = 1024 * 1024;
/** Longest life of a certificate, in days: what was found out then says less and less about now. */
export const MAX_CERTIFICATE_DAYS = 730;
const DAY_MS = 86_400_000;

/** What the statement of a certificate says, by name. */
export interface CertificateContent {
  /** SHA-256 of the signed payload. */
  readonly sha256: string;
  readonly keyId: string;
  readonly statement: CertificateStatement;
  readonly terms: CertificateTerms;
  readonly bundleSha256: string;
  readonly manifestSha256: string;
  readonly vectorsSha256: string;
  readonly requirementsSha256: string;
  readonly reportSha256: string;
}

/**
 * The content of a certificate that a trusted key signed, whichever engine it is for.
 * @throws MexError with a {@link CertificateErrorCode}
 */
export function verifyCertificate(envelope: unknown, trust: CertificateTrust): CertificateContent {
  try {
    return readCertificate(envelope, trust);
  } catch (error) {
    if (!(error instanceof CertificateRefusal)) throw error;
    throw new MexError<CertificateErrorCode>({
      code: error.code,
      kind: 'integrity',
      message: `The certificate is refused: ${error.message}.`,
      remedy: certificateRemedy(error.code),
    });
  }
}

/** What to do about a refused certificate. */
export function certificateRemedy(code: CertificateErrorCode, engineId = '<engine id>'): string {
  switch (code) {
    case 'CERTIFICATE_UNTRUSTED':
      return `If you trust who signed it, name the key in "certificates.trusted_keys" of policy.json; or certify the engine yourself: mex certify ${engineId}`;
    case 'CERTIFICATE_REVOKED':
      return `It was revoked on purpose ("certificates.revoked" of policy.json): take another version of the engine, or certify it again: mex certify ${engineId}`;
    default:
      return `Certify the engine as it is now: mex certify ${engineId}`;
  }
}

/**
 * What a certificate says that a trusted key signed.
 * @throws CertificateRefusal
 */
export function readCertificate(envelope: unknown, trust: CertificateTrust): CertificateContent {
  const { payload, keyId } = verifySignature(parseEnvelope(envelope), trust);
  const sha256 = sha256Hex(payload);
  if (trust.revoked.includes(sha256)) throw new CertificateRefusal('CERTIFICATE_REVOKED', 'the operator revoked it');
  const statement = parseStatement(payload);
  const parts = partsByName(statement.predicate.configuration);
  const digestOf = (name: string): string =>
    parts.get(name)?.digest?.sha256 ?? refuse(`it names no ${name} with a digest`);
  const terms = parts.get(CERTIFICATE_PARTS.terms)?.annotations ?? refuse('it has no terms');
  verifyTerms(terms);
  return {
    sha256,
    keyId,
    statement,
    terms,
    bundleSha256: statement.subject[0]?.digest.sha256 ?? refuse('it has no subject'),
    manifestSha256: digestOf(CERTIFICATE_PARTS.manifest),
    vectorsSha256: digestOf(CERTIFICATE_PARTS.vectors),
    requirementsSha256: digestOf(CERTIFICATE_PARTS.requirements),
    reportSha256: digestOf(CERTIFICATE_PARTS.report),
  };
}

/** A caller's object could answer differently the second time, so what is read is a copy. */
function parseEnvelope(envelope: unknown): DsseEnvelope {
  try {
    const isText = typeof envelope === 'string' || envelope instanceof Uint8Array;
    const text = isText ? envelope : canonicalJson(envelope, { maxChars: MAX_CERTIFICATE_BYTES });
    if (text.length > MAX_CERTIFICATE_BYTES) throw new CertificateRefusal('CERTIFICATE_INVALID', 'it is far too large');
    return parseDsse(text);
  } catch (error) {
    const refusal = toRefusal(error);
    // Whatever a stranger's object throws when it is looked at.
    throw refusal instanceof CertificateRefusal
      ? refusal
      : new CertificateRefusal('CERTIFICATE_INVALID', 'it cannot be read');
  }
}

/** Revoked keys sign nothing, also when another key signed as well. */
function verifySignature(envelope: DsseEnvelope, { keys, revoked }: CertificateTrust) {
  const isRevoked = ({ keyId }: DsseKey): boolean => revoked.includes(`key:${keyId}`);
  try {
    const { payload, key } = verifyDsse(
      envelope,
      IN_TOTO_MIME,
      keys.filter((key) => !isRevoked(key)),
    );
    return { payload, keyId: key.keyId };
  } catch (error) {
    if (isSignedBy(envelope, keys.filter(isRevoked)))
      throw new CertificateRefusal('CERTIFICATE_REVOKED', 'the key that signed it was revoked');
    throw toRefusal(error);
  }
}

function isSignedBy(envelope: DsseEnvelope, keys: readonly DsseKey[]): boolean {
  try {
    verifyDsse(envelope, IN_TOTO_MIME, keys);
    return true;
  } catch {
    // Whatever is wrong was told by the first look at it.
    return false;
  }
}

function parseStatement(payload: Uint8Array): CertificateStatement {
  try {
    return CHECKERS.certificateStatement.parse(parseStrictJson(payload), 'Its statement');
  } catch (error) {
    throw toRefusal(error);
  }
}

/** A name twice could mean one thing here and another one elsewhere. */
function partsByName(resources: readonly CertificateResource[]): ReadonlyMap<string, CertificateResource> {
  const parts = new Map(resources.map((resource) => [resource.name, resource]));
  if (parts.size < resources.length) refuse('it describes one thing twice');
  for (const { name, annotations } of resources)
    if (annotations !== undefined && name !== CERTIFICATE_PARTS.terms) refuse('it has two sets of terms');
  return parts;
}

function verifyTerms({ issued_at, expires_at }: CertificateTerms): void {
  const days = (Date.parse(expires_at) - Date.parse(issued_at)) / DAY_MS;
  if (!(days > 0)) refuse('it expires before it was issued');
  if (days > MAX_CERTIFICATE_DAYS) refuse(`it would last for more than ${MAX_CERTIFICATE_DAYS} days`);
}

/** A refusal on its way to a standing or to an error. */
export class CertificateRefusal extends Error {
  readonly code: CertificateErrorCode;

  constructor(code: CertificateErrorCode, reason: string) {
    super(reason);
    this.code = code;
  }
}

function refuse(reason: string): never {
  throw new CertificateRefusal('CERTIFICATE_INVALID', reason);
}

function toRefusal(error: unknown): unknown {
  if (!(error instanceof MexError)) return error;
  const reason = error.message.replace(/^The signed envelope is refused: /, '').replace(/\.$/, '');
  return new CertificateRefusal(
    error.code === 'DSSE_KEY_UNTRUSTED' ? 'CERTIFICATE_UNTRUSTED' : 'CERTIFICATE_INVALID',
    reason,
  );
}
