import { isIPv4 } from 'node:net';

/** Where a request goes: what a scope of `net.http` is compared with. */
export interface HostAddress {
  readonly protocol: 'http:' | 'https:';
  /** As WHATWG URL writes it: lower case, ASCII, IPv4 as four decimals, IPv6 in brackets. */
  readonly host: string;
  /** 1 to 65535. */
  readonly port: number;
}

const USUAL_PORT = { 'http:': 80, 'https:': 443 } as const;

/** The scope that names one host: `host`, or `host:port` where the port is not the usual one of its protocol. */
export function hostScope({ protocol, host, port }: HostAddress): string {
  return port === USUAL_PORT[protocol] ? host : `${host}:${port}`;
}

/**
 * Whether a scope of a `net.http:<scope>` grant covers a host (CONTRACT §7). `host` covers the usual port of either
 * protocol, `host:port` that port under either protocol. `*.name` covers every name that ends in `.name`, one label
 * or more below it, but neither `name` itself nor a literal address. Whatever is no such scope covers nothing; a
 * grant without a scope covers every host and is not for this function to judge.
 */
export function matchHostScope(grantScope: string, host: string, port: number, protocol: 'http:' | 'https:'): boolean {
  const colon = grantScope.endsWith(']') ? -1 : grantScope.lastIndexOf(':');
  const name = colon < 0 ? grantScope : grantScope.slice(0, colon);
  const granted = colon < 0 ? String(USUAL_PORT[protocol]) : grantScope.slice(colon + 1);
  if (granted !== String(port)) return false;
  if (!name.startsWith('*.')) return name === host && name !== '';
  const isLiteral = host.startsWith('[') || isIPv4(host);
  return name.length > 2 && !isLiteral && host.endsWith(name.slice(1)) && host.length > name.length - 1;
}
