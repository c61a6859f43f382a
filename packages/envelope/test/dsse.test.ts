import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import { sha256Hex } from '@mex/envelope/digest';
import {
  type DsseKey,
  type DsseSigner,
  ed25519KeyId,
  parseDsse,
  preAuthentication,
  signDsse,
  verifyDsse,
} from '@mex/envelope/dsse';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const TYPE = 'application/vnd.in-toto+json';

function makeKey(): DsseKey & DsseSigner {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const raw = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url');
  return { keyId: ed25519KeyId(raw), publicKey: raw, sign: (bytes) => sign(null, bytes, privateKey) };
}

const [own, other] = [makeKey(), makeKey()];
const payload = Buffer.from('{"a":1}');
const envelope = signDsse(payload, TYPE, [own]);
const codeOf = (run: () => unknown): string => {
  try {
    run();
    return 'accepted';
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : 'another error';
  }
};
const judge = (value: object, trusted: readonly DsseKey[] = [own]) =>
  codeOf(() => verifyDsse(parseDsse(JSON.stringify(value)), TYPE, trusted));

describe('the known answer of the DSSE specification (protocol, "Test Vectors")', () => {
  const type = 'http://example.com/HelloWorld';
  const text = 'hello world';
  const big = (decimal: string): string =>
    Buffer.from(BigInt(decimal).toString(16).padStart(64, '0'), 'hex').toString('base64url');
  const jwk = {
    kty: 'EC',
    crv: 'P-256',
    x: big('46950820868899156662930047687818585632848591499744589407958293238635476079160'),
    y: big('5640078356564379163099075877009565129882514886557779369047442380624545832820'),
  };
  const published =
    '{"payload": "aGVsbG8gd29ybGQ=", "payloadType": "http://example.com/HelloWorld", "signatures": ' +
    '[{"sig": "A3JqsQGtVsJ2O2xqrI5IcnXip5GToJ3F+FnZ+O88SjtR6rDAajabZKciJTfUiHqJPcIAriEGAHTVeCUjW2JIZA=="}]}';

  it('the pre-authentication encoding is the published one, and the published signature is over it', () => {
    const bytes = preAuthentication(Buffer.from(text), type);
    expect(Buffer.from(bytes).toString()).toBe('DSSEv1 29 http://example.com/HelloWorld 11 hello world');
    const parsed = parseDsse(published);
    expect(Buffer.from(parsed.payload).toString()).toBe(text);
    const key = createPublicKey({ key: jwk, format: 'jwk' });
    const signature = parsed.signatures[0]?.signature ?? new Uint8Array();
    expect(verify('sha256', bytes, { key, dsaEncoding: 'ieee-p1363' }, signature)).toBe(true);
    expect(
      verify('sha256', preAuthentication(Buffer.from(`${text}!`), type), { key, dsaEncoding: 'ieee-p1363' }, signature),
    ).toBe(false);
  });

  it('lengths are of bytes, not of characters', () => {
    expect(Buffer.from(preAuthentication(Buffer.from('é'), 'ü')).toString()).toBe('DSSEv1 2 ü 2 é');
  });

  it('Ed25519: the key of RFC 8032, test 1, gives one signature and one key id', () => {
    const d = Buffer.from('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60', 'hex').toString(
      'base64url',
    );
    const raw = Buffer.from('d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a', 'hex');
    const privateKey = createPrivateKey({
      key: { kty: 'OKP', crv: 'Ed25519', d, x: raw.toString('base64url') },
      format: 'jwk',
    });
    const signer = { keyId: ed25519KeyId(raw), sign: (bytes: Uint8Array) => sign(null, bytes, privateKey) };
    const text = signDsse(Buffer.from('hello world'), type, [signer]);
    expect(signer.keyId).toBe('21fe31dfa154a261626bf854046fd2271b7bed4b6abe45aa58877ef47f9721b9');
    expect(verifyDsse(parseDsse(text), type, [{ keyId: signer.keyId, publicKey: raw }]).key.keyId).toBe(signer.keyId);
    expect(sha256Hex(text)).toBe(sha256Hex(signDsse(Buffer.from('hello world'), type, [signer])));
  });
});

describe('trust', () => {
  it('any one of several trusted keys is enough, and the answer names it', () => {
    const { key, payload: signed } = verifyDsse(parseDsse(envelope), TYPE, [other, own]);
    expect(key).toBe(own);
    expect(Buffer.from(signed).equals(payload)).toBe(true);
    expect(verifyDsse(parseDsse(signDsse(payload, TYPE, [other, own])), TYPE, [own]).key).toBe(own);
  });

  it('key ids are hints: a wrong one does not hide a right signature, a right one does not make a wrong signature good', () => {
    const value = JSON.parse(envelope);
    const [signature] = value.signatures;
    expect(judge({ ...value, signatures: [{ ...signature, keyid: 'nobody' }] })).toBe('accepted');
    expect(judge({ ...value, signatures: [{ sig: signature.sig }] })).toBe('accepted');
    const forged = JSON.parse(signDsse(payload, TYPE, [{ ...other, keyId: own.keyId }]));
    expect(judge(forged)).toBe('DSSE_SIGNATURE_WRONG');
  });

  it('a key that is not trusted, or no longer, and no signature at all', () => {
    expect(judge(JSON.parse(envelope), [other])).toBe('DSSE_KEY_UNTRUSTED');
    expect(judge(JSON.parse(envelope), [])).toBe('DSSE_KEY_UNTRUSTED');
    expect(judge({ ...JSON.parse(envelope), signatures: [] })).toBe('DSSE_KEY_UNTRUSTED');
  });
});

describe('tampering', () => {
  it('another type over the same bytes', () => {
    expect(judge({ ...JSON.parse(envelope), payloadType: 'application/json' })).toBe('DSSE_INVALID');
    const parsed = parseDsse(JSON.stringify({ ...JSON.parse(envelope), payloadType: 'application/json' }));
    expect(codeOf(() => verifyDsse(parsed, 'application/json', [own]))).toBe('DSSE_SIGNATURE_WRONG');
  });

  it('any changed character of payload, signature or type is refused', () => {
    const value = JSON.parse(envelope);
    const members = ['payload', 'payloadType', 'sig'] as const;
    fc.assert(
      fc.property(fc.constantFrom(...members), fc.nat(), fc.integer({ min: 33, max: 126 }), (member, place, code) => {
        const text: string = member === 'sig' ? value.signatures[0].sig : value[member];
        const at = place % text.length;
        const changed = text.slice(0, at) + String.fromCharCode(code) + text.slice(at + 1);
        // The two alphabets of base64 write the same bytes.
        const bytesOf = (one: string): string => one.replaceAll('-', '+').replaceAll('_', '/');
        fc.pre(changed !== text && (member === 'payloadType' || bytesOf(changed) !== bytesOf(text)));
        const tampered =
          member === 'sig'
            ? { ...value, signatures: [{ ...value.signatures[0], sig: changed }] }
            : { ...value, [member]: changed };
        expect(judge(tampered)).not.toBe('accepted');
      }),
      { seed: 6, numRuns: 300 },
    );
  });

  it.each([
    ['no JSON', '{'],
    ['a member twice', '{"payload":"","payload":"","payloadType":"x","signatures":[]}'],
    ['an array', '[]'],
    ['no signatures', '{"payload":"","payloadType":"x"}'],
    ['a signature that is text', '{"payload":"","payloadType":"x","signatures":["AA=="]}'],
    ['a key id that is a number', '{"payload":"","payloadType":"x","signatures":[{"keyid":1,"sig":"AA=="}]}'],
    ['base64 with white space', '{"payload":"AA ==","payloadType":"x","signatures":[]}'],
    ['base64 with stray bits', '{"payload":"AB==","payloadType":"x","signatures":[]}'],
    ['base64 with too much padding', '{"payload":"AA====","payloadType":"x","signatures":[]}'],
    ['too many signatures', JSON.stringify({ payload: '', payloadType: 'x', signatures: Array(17).fill({ sig: '' }) })],
  ])('%s is no envelope', (_name, text) => {
    expect(codeOf(() => parseDsse(text))).toBe('DSSE_INVALID');
  });

  it('URL-safe and unpadded base64 are read as the protocol asks; unknown members are ignored', () => {
    const value = JSON.parse(envelope);
    const loose = (text: string) => text.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
    const [{ keyid, sig }] = value.signatures;
    const rewritten = {
      ...value,
      payload: loose(value.payload),
      signatures: [{ keyid, sig: loose(sig), cert: 'x' }],
      more: 1,
    };
    expect(judge(rewritten)).toBe('accepted');
  });

  it('what a stranger wrote does not reach a terminal raw', () => {
    const value = { ...JSON.parse(envelope), payloadType: '\u001b[2Jx'.repeat(99) };
    try {
      verifyDsse(parseDsse(JSON.stringify(value)), TYPE, [own]);
      expect.unreachable();
    } catch (error) {
      const { message } = error as Error;
      expect(message).not.toContain('\u001b');
      expect(message.length).toBeLessThan(300);
    }
  });
});
