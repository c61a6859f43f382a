import { HARNESS_RANGE, isRangeWithin } from '@mex/registry';
import type { PolicyDanger } from '../governance/policy-dangers.ts';
import type { Policy } from '../policy.ts';
import { parseTrustedKey } from './certificate-policy.ts';

/** What of `certificates` vouches for more than an operator may have meant, or for nothing. */
export function certificateDangers({ certificates }: Policy): PolicyDanger[] {
  if (certificates === undefined) return [];
  return [...looseHarness(certificates.harness), ...deadKeys(certificates)];
}

function looseHarness(harness: string | undefined): PolicyDanger[] {
  if (harness === undefined || isRangeWithin(harness, HARNESS_RANGE)) return [];
  const message = `Certificates count of harness versions (${harness}) whose requirements this MEX does not know.`;
  const remedy = `Stay within ${HARNESS_RANGE}, or leave it out.`;
  return [{ path: ['certificates', 'harness'], message, remedy }];
}

function deadKeys({ trustedKeys, revoked }: NonNullable<Policy['certificates']>): PolicyDanger[] {
  return trustedKeys.flatMap((text, at) => {
    const key = parseTrustedKey(text);
    if (key === undefined || !revoked.includes(`key:${key.keyId}`)) return [];
    const message = 'This key is trusted and revoked; revoked counts.';
    const remedy = 'Take it out of trusted_keys.';
    return [{ path: ['certificates', 'trusted_keys', String(at)], message, remedy }];
  });
}
