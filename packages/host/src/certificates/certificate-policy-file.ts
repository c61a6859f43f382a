import { isVersionRange } from '@mex/registry';
import { z } from 'zod';
import { type CertificatePolicy, parseTrustedKey } from './certificate-policy.ts';

const trustedKey = z.string().refine((text) => parseTrustedKey(text) !== undefined, {
  error: (issue) =>
    `"${String(issue.input).slice(0, 80)}" is no public key; write ed25519:<base64 of 32 bytes>, as mex certify prints it`,
});
const revocation = z
  .string()
  .regex(
    /^(key:)?[0-9a-f]{64}$/,
    'write the SHA-256 of a certificate, or key:<key id>, both as 64 lower-case hex digits',
  );
const range = z.string().refine(isVersionRange, {
  error: (issue) => `"${String(issue.input).slice(0, 80)}" is no semver range; write e.g. ^1.2.0`,
});

/** The member `certificates` of a policy file. */
export const certificatesFile = z.strictObject({
  trusted_keys: z.array(trustedKey).max(64).optional(),
  revoked: z.array(revocation).max(10_000).optional(),
  harness: range.optional(),
});

export function toCertificatePolicy(file: z.infer<typeof certificatesFile>): CertificatePolicy {
  const { trusted_keys = [], revoked = [], harness } = file;
  return { trustedKeys: trusted_keys, revoked, ...(harness === undefined ? {} : { harness }) };
}
