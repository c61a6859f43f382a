import { lookup as dnsLookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { classifyAddress } from './address-class.ts';
import { type HostAddress, matchHostScope } from './host-scope.ts';
import { netError, networkFailed } from './net-errors.ts';

/** Asks for the addresses of a name, in the order in which they are to be tried. */
export type Lookup = (host: string) => Promise<readonly string[]>;

/** The system's resolver: what `/etc/hosts` says counts, as for every program. */
export const systemLookup: Lookup = async (host) => {
  const found = await dnsLookup(host, { all: true, order: 'verbatim' });
  return found.map(({ address }) => address);
};

/** The addresses of a host, all of them checked. A literal address is its own answer. */
export async function resolveHost(
  target: HostAddress,
  lookup: Lookup,
  privateHosts: readonly string[],
): Promise<readonly string[]> {
  const literal = target.host.startsWith('[') ? target.host.slice(1, -1) : target.host;
  if (isIP(literal) !== 0) {
    verifyAddress(literal, target, privateHosts);
    return [literal];
  }
  let found: readonly string[];
  try {
    found = await lookup(target.host);
  } catch (thrown) {
    throw networkFailed(target.host, 'its name could not be resolved', thrown);
  }
  if (found.length === 0) throw networkFailed(target.host, 'its name has no address');
  // One bad address condemns the name: an attacker's DNS would offer a good one beside it.
  for (const address of found) verifyAddress(address, target, privateHosts);
  return found;
}

/** @throws MexError `NETWORK_ADDRESS_BLOCKED`, without the address: it would tell what lies in a private network */
export function verifyAddress(address: string, target: HostAddress, privateHosts: readonly string[]): void {
  if (isAllowedAddress(address, target, privateHosts)) return;
  throw netError(
    'NETWORK_ADDRESS_BLOCKED',
    `The name or address ${target.host} leads to a special-purpose address, which engines do not reach.`,
    'Ask the operator to list the host among the private hosts of the policy, if it is meant.',
  );
}

function isAllowedAddress(address: string, target: HostAddress, privateHosts: readonly string[]): boolean {
  const found = classifyAddress(address);
  if (found === 'global') return true;
  if (found === 'never') return false;
  return isListedHost(target, privateHosts) && (found === 'private' || isLiteral(target.host));
}

/** Whether the operator allowed this host to have private addresses. */
export function isListedHost({ host, port, protocol }: HostAddress, privateHosts: readonly string[]): boolean {
  return privateHosts.some((listed) => matchHostScope(listed, host, port, protocol));
}

function isLiteral(host: string): boolean {
  return host.startsWith('[') || isIP(host) !== 0;
}
