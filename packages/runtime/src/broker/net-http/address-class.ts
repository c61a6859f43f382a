import { BlockList, isIPv4, isIPv6 } from 'node:net';

/**
 * What an address is to a request.
 * - `global`: on the internet.
 * - `private`: of this machine or a network behind it; reachable where the operator listed the host.
 * - `literal`: link-local, and where clouds keep the credentials of a machine; reachable only where the operator
 *   listed that very address. A listed name does not open it, since whoever runs its DNS could point it there.
 * - `never`: no single host, or a tunnel whose other end nobody can check.
 */
export type AddressClass = 'global' | 'private' | 'literal' | 'never';

type Subnets = readonly string[];

function listOf(subnets: Subnets): BlockList {
  const list = new BlockList();
  for (const subnet of subnets) {
    const [network = '', bits = ''] = subnet.split('/');
    list.addSubnet(network, Number(bits), isIPv4(network) ? 'ipv4' : 'ipv6');
  }
  return list;
}

/** Metadata services by number, also where the range around them is public (Azure) or merely private (AWS, Alibaba, Oracle, GCP). */
const LITERAL_4 = listOf(['169.254.0.0/16', '168.63.129.16/32', '100.100.100.200/32', '192.0.0.192/32']);
const LITERAL_6 = listOf(['fe80::/10', 'fd00:ec2::/32', 'fd20:ce::254/128']);

const PRIVATE_4 = listOf([
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '198.18.0.0/15',
]);
const PRIVATE_6 = listOf(['::1/128', 'fc00::/7']);

/** IANA's special-purpose registry, multicast and what is reserved. 192.88.99.0/24 relayed 6to4. */
const NEVER_4 = listOf([
  '0.0.0.0/8',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.31.196.0/24',
  '192.52.193.0/24',
  '192.88.99.0/24',
  '192.175.48.0/24',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/3',
]);
/** Within 2000::/3: protocol assignments with Teredo, ORCHID and benchmarking; documentation; 6to4; AS112. */
const NEVER_6 = listOf(['2001::/23', '2001:db8::/32', '2002::/16', '2620:4f:8000::/48', '3fff::/20']);
const GLOBAL_6 = listOf(['2000::/3']);

const MAPPED = [0, 0, 0, 0, 0, 0xffff];
const NAT64 = [0x64, 0xff9b, 0, 0, 0, 0];

/** Classifies a literal address, without brackets. Whatever is no address, or carries a zone, is `never`. */
export function classifyAddress(address: string): AddressClass {
  if (isIPv4(address)) return classify4(address);
  if (!isIPv6(address) || address.includes('%')) return 'never';
  const groups = groupsOf(address);
  // The same host under another name: judged as what it stands for.
  if (startsWith(groups, MAPPED) || startsWith(groups, NAT64)) return classify4(embedded4(groups));
  if (LITERAL_6.check(address, 'ipv6')) return 'literal';
  if (PRIVATE_6.check(address, 'ipv6')) return 'private';
  return GLOBAL_6.check(address, 'ipv6') && !NEVER_6.check(address, 'ipv6') ? 'global' : 'never';
}

function classify4(address: string): AddressClass {
  if (LITERAL_4.check(address)) return 'literal';
  if (PRIVATE_4.check(address)) return 'private';
  return NEVER_4.check(address) ? 'never' : 'global';
}

/** Whether two literal addresses are the same host, however they are written. */
export function isSameAddress(one: string, other: string): boolean {
  return canonical(one) === canonical(other);
}

function canonical(address: string): string {
  if (!isIPv6(address) || address.includes('%')) return address;
  const groups = groupsOf(address);
  return startsWith(groups, MAPPED) ? embedded4(groups) : groups.join(':');
}

function startsWith(groups: readonly number[], prefix: readonly number[]): boolean {
  return prefix.every((group, at) => groups[at] === group);
}

function embedded4(groups: readonly number[]): string {
  const [high = 0, low = 0] = groups.slice(6);
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}

/** The eight groups of an IPv6 address that `isIPv6` accepted. */
function groupsOf(address: string): number[] {
  const [head = '', tail] = address.split('::');
  const before = parseGroups(head);
  if (tail === undefined) return before;
  const after = parseGroups(tail);
  return [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after];
}

function parseGroups(text: string): number[] {
  if (text === '') return [];
  return text.split(':').flatMap((group) => {
    if (!group.includes('.')) return [Number.parseInt(group, 16)];
    const [a = 0, b = 0, c = 0, d = 0] = group.split('.').map(Number);
    return [a * 256 + b, c * 256 + d];
  });
}
