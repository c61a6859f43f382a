import { createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  createFileSigner,
  parseCheckpoint,
  parseVerifierKey,
  type Signer,
  verifierKeyOf,
  verifyCheckpoint,
} from '@mex/flight-recorder';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { signCheckpoint } from '../../src/checkpoint/checkpoint.ts';
import { tempDir } from '../support/samples.ts';

// The example of the C2SP specification.
const EXAMPLE = `example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

\u2014 example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
`;

/** RFC 8032 §7.1, test 1. */
function rfcSigner(keyName = 'log.example/one'): Signer {
  const d = Buffer.from('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60', 'hex').toString(
    'base64url',
  );
  const x = '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo';
  const privateKey = createPrivateKey({ key: { kty: 'OKP', crv: 'Ed25519', x, d }, format: 'jwk' });
  expect(createPublicKey(privateKey).export({ format: 'jwk' }).x).toBe(x);
  return { keyName, publicKey: Buffer.from(x, 'base64url'), sign: (bytes) => sign(null, bytes, privateKey) };
}

const head = { origin: 'log.example/one', size: 7, root: Buffer.alloc(32, 0xab) };

describe('checkpoint', () => {
  it('[§11] reads the example of the specification', () => {
    const checkpoint = parseCheckpoint(EXAMPLE);
    expect(checkpoint.origin).toBe('example.com/behind-the-sofa');
    expect(checkpoint.size).toBe(20852163);
    expect(checkpoint.text).toBe(EXAMPLE.split('\n').slice(0, 3).join('\n') + '\n');
    expect(checkpoint.signatures[0]?.signature.length).toBe(64);
    expect(Buffer.from(checkpoint.signatures[0]?.id ?? []).toString('hex')).toBe('033de0ae');
  });

  it('[§11] signs the specified text, and the signature is checked with the public key alone', () => {
    const signer = rfcSigner();
    const note = signCheckpoint(head, signer);
    expect(note.startsWith(`log.example/one\n7\n${head.root.toString('base64')}\n\n\u2014 log.example/one `)).toBe(
      true,
    );
    const key = parseVerifierKey(verifierKeyOf(signer));
    expect(verifyCheckpoint(note, key)).toMatchObject({ origin: 'log.example/one', size: 7 });
  });

  it('refuses a checkpoint in which any character was changed', () => {
    const signer = rfcSigner();
    const note = signCheckpoint(head, signer);
    const key = parseVerifierKey(verifierKeyOf(signer));
    for (let at = 0; at < note.length; at += 1) {
      const changed = note.slice(0, at) + String.fromCharCode(note.charCodeAt(at) ^ 1) + note.slice(at + 1);
      expect(() => verifyCheckpoint(changed, key), `character ${at}`).toThrow(
        expect.objectContaining({ code: 'CHECKPOINT_INVALID' }),
      );
    }
  });

  it('ignores signatures of others and refuses a note without its own', () => {
    const signer = rfcSigner();
    const note = signCheckpoint(head, signer);
    const witnessed = `${note}\u2014 witness.example/w ${Buffer.alloc(72, 5).toString('base64')}\n`;
    const key = parseVerifierKey(verifierKeyOf(signer));
    expect(verifyCheckpoint(witnessed, key).size).toBe(7);
    const other = parseVerifierKey(verifierKeyOf(createFileSigner(tempDir())));
    expect(() => verifyCheckpoint(note, other)).toThrow(expect.objectContaining({ code: 'CHECKPOINT_INVALID' }));
    const renamed = parseVerifierKey(verifierKeyOf(rfcSigner('log.example/two')));
    expect(() => verifyCheckpoint(note, renamed)).toThrow(expect.objectContaining({ code: 'CHECKPOINT_INVALID' }));
  });

  it('refuses every malformed note with one code, and never crashes', () => {
    const note = signCheckpoint(head, rfcSigner());
    const bad = [
      '',
      '\n\n',
      note.slice(0, -1),
      note.replace('\n7\n', '\n07\n'),
      note.replace('\n7\n', '\n-7\n'),
      note.replace('\n7\n', '\n9007199254740992\n'),
      note.replace('\n\n', '\n'),
      note.replace('\u2014', '-'),
      note.replace('\n7\n', '\r\n7\n'),
      note.replace(/^.*\n/, '\n'),
      note + note,
      'x'.repeat(100_000),
    ];
    for (const text of bad)
      expect(() => parseCheckpoint(text), text.slice(0, 80)).toThrow(
        expect.objectContaining({ code: 'CHECKPOINT_INVALID' }),
      );
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        expect(() => parseCheckpoint(text)).toThrow(expect.objectContaining({ code: 'CHECKPOINT_INVALID' }));
      }),
      { seed: 1, numRuns: 100 },
    );
  });
});

describe('verifier key', () => {
  it('is written as name, id and key', () => {
    const text = verifierKeyOf(rfcSigner());
    expect(text).toMatch(/^log\.example\/one\+[0-9a-f]{8}\+AddamAGCsQ/);
    expect(verifierKeyOf({ keyName: 'log.example/one', publicKey: parseVerifierKey(text).publicKey })).toBe(text);
  });

  it('refuses other texts', () => {
    const text = verifierKeyOf(rfcSigner());
    for (const bad of [
      '',
      'a+b',
      text.replace('+', ' +'),
      text.replace(/\+[0-9a-f]{8}\+/, '+00000000+'),
      `${text}AA`,
      text.slice(0, -4),
      'x'.repeat(5_000),
    ]) {
      expect(() => parseVerifierKey(bad), bad).toThrow(expect.objectContaining({ code: 'SIGNER_KEY_INVALID' }));
    }
  });
});

describe('file signer', () => {
  it('makes one key, for its owner only, and uses it again', () => {
    const dir = join(tempDir(), 'keys');
    const one = createFileSigner(dir);
    const two = createFileSigner(dir);
    expect(verifierKeyOf(two)).toBe(verifierKeyOf(one));
    expect(statSync(join(dir, 'log-signing-key.json')).mode & 0o777).toBe(0o600);
    expect(readdirSync(dir)).toEqual(['log-signing-key.json']);
    const bytes = Buffer.from('x');
    expect(parseVerifierKey(verifierKeyOf(two)).check(bytes, one.sign(bytes))).toBe(true);
    expect(one.sign(bytes)).toEqual(two.sign(bytes));
  });

  it('refuses a key that others may read', () => {
    const dir = tempDir();
    createFileSigner(dir);
    chmodSync(join(dir, 'log-signing-key.json'), 0o640);
    expect(() => createFileSigner(dir)).toThrow(expect.objectContaining({ code: 'SIGNER_KEY_INVALID' }));
  });

  it.skipIf(process.platform === 'win32')(
    'refuses a key in a folder that others may write: it may be theirs by now',
    () => {
      const dir = join(tempDir(), 'keys');
      createFileSigner(dir);
      chmodSync(dir, 0o777);
      expect(() => createFileSigner(dir)).toThrow(/chmod 700/);
      // In a sticky one nobody replaces what is another's.
      chmodSync(dir, 0o1777);
      expect(createFileSigner(dir)).toBeDefined();
    },
  );

  it('refuses a damaged key and never quotes it', () => {
    const dir = tempDir();
    createFileSigner(dir);
    const file = join(dir, 'log-signing-key.json');
    const good = readFileSync(file, 'utf8');
    const { d, x } = JSON.parse(good);
    for (const bad of [
      '',
      '{',
      '[]',
      good.replace(d, 'AA'),
      good.replace(x, '7'),
      good.slice(0, 60),
      good.replace('mex.log/', 'a b'),
    ]) {
      writeFileSync(file, bad, { mode: 0o600 });
      try {
        createFileSigner(dir);
        expect.unreachable(bad);
      } catch (error) {
        expect(error).toMatchObject({ code: 'SIGNER_KEY_INVALID' });
        expect(JSON.stringify(error, Object.getOwnPropertyNames(error)).includes(d)).toBe(false);
      }
    }
  });

  it('says what is wrong when a folder stands in its place', () => {
    const dir = tempDir();
    mkdirSync(join(dir, 'log-signing-key.json'));
    expect(() => createFileSigner(dir)).toThrow(expect.objectContaining({ code: 'SIGNER_KEY_INVALID' }));
  });
});
