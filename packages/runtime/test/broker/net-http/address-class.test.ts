import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { classifyAddress, isSameAddress } from '../../../src/broker/net-http/address-class.ts';

const SEED = { seed: 20261121 };
const octets = fc.tuple(...Array.from({ length: 4 }, () => fc.nat(255)));
const groups = fc.array(fc.nat(0xffff), { minLength: 8, maxLength: 8 });

const hex = (all: readonly number[]): string => all.map((group) => group.toString(16)).join(':');
const pair = ([a = 0, b = 0, c = 0, d = 0]: readonly number[]): string => hex([a * 256 + b, c * 256 + d]);
/** As WHATWG URL writes it: an independent reader and writer. */
const canonical = (address: string): string => new URL(`http://[${address}]/`).hostname.slice(1, -1);

describe('classifyAddress', () => {
  it.each([
    [
      'global',
      '1.1.1.1',
      '93.184.216.34',
      '172.15.255.255',
      '172.32.0.0',
      '11.0.0.0',
      '223.255.255.255',
      '100.128.0.0',
    ],
    [
      'global',
      '2606:4700::1111',
      '2a00:1450::',
      '2001:200::',
      '2001:4860:4860::8888',
      '::ffff:1.1.1.1',
      '64:ff9b::1.1.1.1',
    ],
    [
      'private',
      '127.255.255.254',
      '10.0.0.0',
      '172.16.0.0',
      '192.168.255.255',
      '100.64.0.0',
      '100.127.255.255',
      '198.18.0.1',
    ],
    ['private', '::1', 'fc00::', 'fdff:ffff::', '::ffff:10.0.0.1', '64:ff9b::192.168.0.1'],
    ['literal', '169.254.0.1', '169.254.169.254', 'fe80::1', 'febf::1', '::ffff:169.254.169.254', 'fd00:ec2::23'],
    [
      'never',
      '0.0.0.0',
      '0.255.0.1',
      '192.0.2.1',
      '198.51.100.1',
      '203.0.113.1',
      '224.0.0.1',
      '240.0.0.1',
      '255.255.255.255',
    ],
    [
      'never',
      '::',
      '2001::1',
      '2001:10::1',
      '2001:2::',
      '2001:db8::',
      '2002:808:808::',
      '3fff::',
      '64:ff9b:1::1',
      'fec0::1',
    ],
    [
      'never',
      'ff02::1',
      '::1.1.1.1',
      '4000::',
      '1fff::',
      '100::',
      '5f00::1',
      '',
      'localhost',
      '1',
      '1.1.1',
      '[::1]',
      '::1%lo',
    ],
  ])('%s: %s …', (expected, ...addresses) => {
    for (const address of addresses) expect([address, classifyAddress(address)]).toEqual([address, expected]);
  });

  it('[§9] judges an IPv4 address alike under every name it has in IPv6', () => {
    fc.assert(
      fc.property(octets, (address) => {
        const plain = classifyAddress(address.join('.'));
        for (const other of [
          `::ffff:${address.join('.')}`,
          `::ffff:${pair(address)}`,
          `0:0:0:0:0:FFFF:${pair(address)}`,
          `64:ff9b::${address.join('.')}`,
          `0064:ff9b:0:0::${pair(address)}`,
        ]) {
          expect([other, classifyAddress(other)]).toEqual([other, plain]);
        }
        expect(classifyAddress(`::${address.join('.')}`)).not.toBe('global');
        expect(classifyAddress(`2002:${pair(address)}::1`)).toBe('never');
        expect(classifyAddress(`2001:0:${pair(address)}::1`)).toBe('never');
      }),
      SEED,
    );
  });

  it('[§9] judges an IPv6 address alike however it is written, and lets nothing out but 2000::/3', () => {
    fc.assert(
      fc.property(groups, fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }), (all, zeros) => {
        const sparse = all.map((group, at) => (zeros[at] === true ? 0 : group));
        const long = hex(sparse);
        const short = canonical(long);
        expect(classifyAddress(short)).toBe(classifyAddress(long.toUpperCase()));
        expect(isSameAddress(short, long)).toBe(true);
        const first = sparse[0] ?? 0;
        const isTranslated = short.startsWith('64:ff9b::') || short.startsWith('::ffff:');
        if (classifyAddress(long) === 'global' && !isTranslated) expect(first >> 13).toBe(1);
      }),
      SEED,
    );
  });

  it('tells hosts apart', () => {
    expect(isSameAddress('::ffff:127.0.0.1', '127.0.0.1')).toBe(true);
    expect(isSameAddress('127.0.0.1', '127.0.0.2')).toBe(false);
    expect(isSameAddress('', '::1')).toBe(false);
  });
});
