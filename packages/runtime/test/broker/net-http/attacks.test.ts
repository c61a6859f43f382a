import { describe, expect, it } from 'vitest';
import type { HttpCall } from '../../../src/broker/net-http/http-call.ts';
import { call, makeWorld, outcome } from './world.ts';

/** What a trick must come to. Refusals of the URL and of the call happen before any name is resolved. */
type Verdict =
  | 'NETWORK_REQUEST_INVALID'
  | 'NETWORK_BLOCKED'
  | 'NETWORK_ADDRESS_BLOCKED'
  /** Reads as `good.test`, which is granted and has no address here: it was looked up, and nothing else was. */
  | 'IS_GOOD';

const INVALID = 'NETWORK_REQUEST_INVALID';
const BLOCKED = 'NETWORK_BLOCKED';
const ADDRESS = 'NETWORK_ADDRESS_BLOCKED';

/** Only `good.test` is granted, on 80 and 443. */
const HOSTS: readonly (readonly [trick: string, url: string, verdict: Verdict])[] = [
  ['another host', 'http://evil.test/', BLOCKED],
  ['the granted name as a prefix', 'http://good.test.evil.test/', BLOCKED],
  ['the granted name as a suffix', 'http://notgood.test/', BLOCKED],
  ['a name below the granted one', 'http://sub.good.test/', BLOCKED],
  ['another port', 'http://good.test:8080/', BLOCKED],
  ['the port of the other protocol', 'http://good.test:443/', BLOCKED],
  ['the port of the other protocol, with TLS', 'https://good.test:80/', BLOCKED],
  ['the granted name in the path', 'http://evil.test/good.test', BLOCKED],
  ['the granted name in the query', 'http://evil.test?good.test', BLOCKED],
  ['the granted name in the fragment', 'http://evil.test#good.test', BLOCKED],
  ['a user that looks like the host', 'http://good.test@evil.test/', INVALID],
  ['a user and a password', 'http://good.test:80@evil.test/', INVALID],
  ['a user before the granted host', 'http://evil.test@good.test/', INVALID],
  ['an empty user', 'http://@good.test/', INVALID],
  ['an empty user and password', 'http://:@good.test/', INVALID],
  ['two at-signs', 'http://a@good.test@evil.test/', INVALID],
  ['an encoded at-sign', 'http://good.test%40evil.test/', INVALID],
  ['a fullwidth at-sign', 'http://good.test\uff20evil.test/', INVALID],
  ['a backslash as a slash', 'http://good.test\\evil.test/', INVALID],
  ['a backslash before a user', 'http://evil.test\\@good.test/', INVALID],
  ['backslashes for the slashes', 'http:\\\\good.test/', INVALID],
  ['a tab in the host', 'http://good\t.test/', INVALID],
  ['a line feed in the host', 'http://good.test\n.evil.test/', INVALID],
  ['a carriage return in the scheme', 'ht\rtp://good.test/', INVALID],
  ['a blank before', ' http://good.test/', INVALID],
  ['a line feed after', 'http://good.test/\n', INVALID],
  ['NUL in the path', 'http://good.test/\0', INVALID],
  ['a line break and a header in the path', 'http://good.test/ HTTP/1.1\r\nx: y', INVALID],
  ['a no-break space in the host', 'http://good.test\u00a0/', INVALID],
  ['half a character', 'http://good.test/\ud800', INVALID],
  ['no slashes', 'http:good.test', INVALID],
  ['one slash', 'http:/good.test', INVALID],
  ['three slashes', 'http:///good.test', INVALID],
  ['no scheme', '//good.test/', INVALID],
  ['file', 'file:///etc/passwd', INVALID],
  ['file with the host', 'file://good.test/etc/passwd', INVALID],
  ['ftp', 'ftp://good.test/', INVALID],
  ['a web socket', 'ws://good.test/', INVALID],
  ['data', 'data:text/plain,good.test', INVALID],
  ['a Unix socket', 'http://unix:/var/run/docker.sock:/info', BLOCKED],
  ['a trailing dot', 'http://good.test./', INVALID],
  ['an ideographic trailing dot', 'http://good.test\u3002/', INVALID],
  ['an empty label', 'http://good..test/', INVALID],
  ['a wildcard as a host', 'http://*.test/', INVALID],
  ['an underscore', 'http://good_.test/', INVALID],
  ['a semicolon', 'http://good.test;evil.test/', INVALID],
  ['a comma', 'http://good.test,evil.test/', INVALID],
  ['an encoded slash', 'http://good.test%2fevil.test/', INVALID],
  ['an encoded NUL', 'http://good.test%00.evil.test/', INVALID],
  ['a sign that IDNA turns into a slash', 'http://good.test\u2100.evil.test/', INVALID],
  ['punycode that is none', 'http://xn--/', INVALID],
  ['port 0', 'http://good.test:0/', INVALID],
  ['a port beyond the last', 'http://good.test:65536/', INVALID],
  ['a port that is no number', 'http://good.test:80a/', INVALID],
  ['a label of 64 characters', `http://${'a'.repeat(64)}.test/`, INVALID],
  ['a URL without an end', `http://good.test/${'a'.repeat(9_000)}`, INVALID],
  ['a URL that grows when it is encoded', `http://good.test/${'é'.repeat(3_000)}`, INVALID],
  ['a Cyrillic о', 'http://g\u043eod.test/', BLOCKED],
  ['sharp s', 'http://goo\u00df.test/', BLOCKED],
  ['upper case', 'HTTP://GOOD.TEST/', 'IS_GOOD'],
  ['an encoded letter', 'http://%67ood.test/', 'IS_GOOD'],
  ['fullwidth letters', 'http://\uff47ood.test/', 'IS_GOOD'],
  ['a soft hyphen', 'http://go\u00adod.test/', 'IS_GOOD'],
  ['an ideographic dot', 'http://good\u3002test/', 'IS_GOOD'],
  ['an empty port', 'http://good.test:/', 'IS_GOOD'],
  ['the usual port, padded', 'http://good.test:00080/', 'IS_GOOD'],
  ['https on its usual port', 'https://good.test:443/', 'IS_GOOD'],
];

/** Everything is granted; nothing is listed. */
const ADDRESSES: readonly (readonly [trick: string, url: string, verdict: Verdict])[] = [
  ['loopback', 'http://127.0.0.1/', ADDRESS],
  ['loopback, short', 'http://127.1/', ADDRESS],
  ['loopback, decimal', 'http://2130706433/', ADDRESS],
  ['loopback, octal', 'http://0177.0.0.01/', ADDRESS],
  ['loopback, hexadecimal', 'http://0x7f000001/', ADDRESS],
  ['loopback, mixed', 'http://0x7f.0.1/', ADDRESS],
  ['loopback, encoded', 'http://%31%32%37.0.0.1/', ADDRESS],
  ['loopback, fullwidth', 'http://\uff11\uff12\uff17.0.0.1/', ADDRESS],
  ['loopback, circled digits', 'http://\u2460\u2461\u2466.0.0.1/', ADDRESS],
  ['loopback, ideographic dots', 'http://127\u30020\u30020\u30021/', ADDRESS],
  ['loopback, another of its addresses', 'http://127.8.9.1/', ADDRESS],
  ['an address with a trailing dot', 'http://127.0.0.1./', ADDRESS],
  ['an address that overflows', 'http://4294967297/', INVALID],
  ['an octet that overflows', 'http://127.0.0.256/', INVALID],
  ['this host', 'http://0/', ADDRESS],
  ['broadcast', 'http://255.255.255.255/', ADDRESS],
  ['multicast', 'http://224.0.0.1/', ADDRESS],
  ['private 10', 'http://10.1.2.3/', ADDRESS],
  ['private 172', 'http://172.31.255.255/', ADDRESS],
  ['private 192', 'http://192.168.0.1/', ADDRESS],
  ['carrier NAT', 'http://100.64.0.1/', ADDRESS],
  ['benchmarks', 'http://198.19.0.1/', ADDRESS],
  ['documentation', 'http://203.0.113.7/', ADDRESS],
  ['cloud metadata', 'http://169.254.169.254/latest/meta-data/', ADDRESS],
  ['cloud metadata, decimal', 'http://2852039166/', ADDRESS],
  ['cloud metadata of Azure', 'http://168.63.129.16/', ADDRESS],
  ['cloud metadata of Alibaba', 'http://100.100.100.200/', ADDRESS],
  ['cloud metadata over IPv6', 'http://[fd00:ec2::254]/', ADDRESS],
  ['IPv6 loopback', 'http://[::1]/', ADDRESS],
  ['IPv6 loopback, long', 'http://[0:0:0:0:0:0:0:1]/', ADDRESS],
  ['IPv6 unspecified', 'http://[::]/', ADDRESS],
  ['IPv4-mapped', 'http://[::ffff:127.0.0.1]/', ADDRESS],
  ['IPv4-mapped, hexadecimal', 'http://[::ffff:7f00:1]/', ADDRESS],
  ['IPv4-compatible', 'http://[::127.0.0.1]/', ADDRESS],
  ['IPv4-translated', 'http://[::ffff:0:127.0.0.1]/', ADDRESS],
  ['NAT64', 'http://[64:ff9b::10.0.0.1]/', ADDRESS],
  ['NAT64 of a local prefix', 'http://[64:ff9b:1::808:808]/', ADDRESS],
  ['6to4', 'http://[2002:7f00:1::]/', ADDRESS],
  ['Teredo', 'http://[2001:0:7f00:1::]/', ADDRESS],
  ['unique local', 'http://[fd12:3456::1]/', ADDRESS],
  ['IPv6 link-local', 'http://[fe80::1]/', ADDRESS],
  ['IPv6 site-local', 'http://[fec0::1]/', ADDRESS],
  ['IPv6 multicast', 'http://[ff02::1]/', ADDRESS],
  ['IPv6 documentation', 'http://[2001:db8::1]/', ADDRESS],
  ['IPv6 discard', 'http://[100::1]/', ADDRESS],
  ['a zone', 'http://[fe80::1%25eth0]/', INVALID],
  ['a zone, plain', 'http://[fe80::1%eth0]/', INVALID],
  ['a future address', 'http://[v1.1]/', INVALID],
  ['brackets that do not close', 'http://[::1/', INVALID],
];

/** What DNS says of `good.test`, which is granted. */
const ANSWERS: readonly (readonly [trick: string, addresses: readonly string[]])[] = [
  ['a name for loopback', ['127.0.0.1']],
  ['a name for metadata', ['169.254.169.254']],
  ['a public address first, a private one after', ['93.184.216.34', '10.0.0.1']],
  ['a mapped private address', ['::ffff:192.168.1.1']],
  ['an address with a zone', ['fe80::1%eth0']],
  ['no address at all, but a text', ['good.test']],
  ['an address in another notation', ['2130706433']],
];

const POST = { method: 'POST', body: new Uint8Array(1) } as const;
const header = (name: string, value = 'x'): Partial<HttpCall> => ({ headers: [[name, value]] });

/** Calls to a granted host. */
const CALLS: readonly (readonly [trick: string, more: Partial<HttpCall>])[] = [
  ['a tunnel', { method: 'CONNECT' }],
  ['TRACE', { method: 'TRACE' }],
  ['a method in lower case', { method: 'get' }],
  ['a method with a request in it', { method: 'GET / HTTP/1.1\r\nhost: evil.test\r\n\r\nGET' }],
  ['an empty method', { method: '' }],
  ['GET with a body', { body: new Uint8Array(1) }],
  ['HEAD with an empty body', { method: 'HEAD', body: new Uint8Array() }],
  ['a body beyond the bound', { ...POST, body: new Uint8Array(16 * 1024 * 1024 + 1) }],
  ['another host header', header('Host', 'evil.test')],
  ['chunks of its own', { ...POST, ...header('transfer-encoding', 'chunked') }],
  ['a length of its own', { ...POST, ...header('Content-Length', '0') }],
  ['keep-alive', header('connection', 'keep-alive')],
  ['an upgrade', header('upgrade', 'h2c')],
  ['a hop-by-hop name', header('te', 'trailers')],
  ['a trailer', header('trailer', 'x')],
  ['100-continue', header('expect', '100-continue')],
  ['a cookie', header('cookie', 'a=b')],
  ['a credential for a proxy', header('Proxy-Authorization', 'Basic x')],
  ['a lie about where it comes from', header('X-Forwarded-For', '127.0.0.1')],
  ['a lie about where it comes from, newer', header('forwarded', 'for=127.0.0.1')],
  ['another method in a header', header('x-http-method-override', 'TRACE')],
  ['a coding that would have to be undone', header('accept-encoding', 'gzip')],
  ['a line break in a value', header('a', 'x\r\nhost: evil.test')],
  ['a line feed in a value', header('a', 'x\nb: c')],
  ['NUL in a value', header('a', 'x\0y')],
  ['a value beyond Latin-1 that Node would cut down to a line break', header('a', 'x\u010d\u010ay')],
  ['a blank before a value', header('a', ' x')],
  ['a line break in a name', header('a\r\nb')],
  ['a colon in a name', header('host:')],
  ['a blank after a name', header('host ')],
  ['an empty name', header('')],
  [
    'one name twice',
    {
      headers: [
        ['a', '1'],
        ['A', '2'],
      ],
    },
  ],
  ['65 headers', { headers: Array.from({ length: 65 }, (_, n): [string, string] => [`a${n}`, '']) }],
  ['headers without an end', header('a', 'x'.repeat(16 * 1024))],
  ['a placeholder that does not close', header('a', '{{secret:b')],
  ['a placeholder without a name', header('a', '{{secret:}}')],
  ['a placeholder with a path', header('a', '{{secret:../b}}')],
  ['no time', { timeoutMs: 0 }],
  ['time without an end', { timeoutMs: Number.POSITIVE_INFINITY }],
  ['time that is no number', { timeoutMs: Number.NaN }],
  ['a bound below nothing', { maxBytes: -1 }],
  ['a bound beyond the bound', { maxBytes: 2 ** 40 }],
];

describe('[§9] [§14 D] hosts', () => {
  it.each(HOSTS)('%s', async (_trick, url, verdict) => {
    const { broker, looked, usage } = makeWorld({ grants: ['good.test'], dns: { 'evil.test': ['93.184.216.34'] } });
    const found = await outcome(broker, call(url));
    expect(found).toBe(verdict === 'IS_GOOD' ? 'NETWORK_FAILED' : verdict);
    // An ungranted name is not even resolved: a query would carry data to whoever answers for it.
    expect(looked).toEqual(verdict === 'IS_GOOD' ? ['good.test'] : []);
    expect(usage.net_requests).toBe(looked.length);
  });
});

describe('[§9] [§14 D] literal addresses', () => {
  it.each(ADDRESSES)('%s', async (_trick, url, verdict) => {
    const { broker, looked } = makeWorld();
    expect(await outcome(broker, call(url))).toBe(verdict);
    expect(looked).toEqual([]);
  });
});

describe('[§9] [§14 D] names and where they lead', () => {
  it.each(ANSWERS)('%s', async (_trick, addresses) => {
    const { broker, usage } = makeWorld({ grants: ['good.test'], dns: { 'good.test': addresses } });
    expect(await outcome(broker, call('http://good.test/'))).toBe(ADDRESS);
    expect(usage.net_bytes).toBe(0);
  });

  it.each(['169.254.169.254', '0.0.0.0', '224.0.0.1', '168.63.129.16'])(
    'a listed name does not lead to %s either: its DNS may be another’s',
    async (address) => {
      const { broker } = makeWorld({ privateHosts: ['good.test'], dns: { 'good.test': [address] } });
      expect(await outcome(broker, call('http://good.test/'))).toBe(ADDRESS);
    },
  );
});

describe('[§9] [§14 D] calls', () => {
  it.each(CALLS)('%s', async (_trick, more) => {
    const { broker, looked, given } = makeWorld({ secrets: { b: 'value' } });
    expect(await outcome(broker, call('https://good.test/', more))).toBe(INVALID);
    expect(looked).toEqual([]);
    expect(given).toEqual([]);
  });
});
