import { generateKeyPairSync, sign } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Signer } from '@mex/flight-recorder';
import { openHost } from '@mex/host';
import { afterAll, describe, expect, it } from 'vitest';

const dir = mkdtempSync(join(tmpdir(), 'mex-signer-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** A key that never lies in a home. */
function externalSigner(keyName: string): Signer & { readonly signed: number } {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);
  let signed = 0;
  return {
    keyName,
    publicKey: raw,
    sign: (bytes) => {
      signed += 1;
      return sign(null, bytes, privateKey);
    },
    get signed() {
      return signed;
    },
  };
}

describe('keys of a home', () => {
  it('are made on first use, for their owner only', async () => {
    const home = join(dir, 'own');
    await (await openHost({ home })).close();
    expect(statSync(join(home, 'keys')).mode & 0o777).toBe(0o700);
    expect(statSync(join(home, 'keys', 'log-signing-key.json')).mode & 0o777).toBe(0o600);
  });

  it('are not made where an external signer signs, and no other signer goes on with its log', async () => {
    const home = join(dir, 'external');
    const signer = externalSigner('kms.example/log');
    const host = await openHost({ home, signer });
    expect(await host.recorder.verify()).toMatchObject({ ok: true, trust: 'signer' });
    await host.close();
    expect(signer.signed).toBeGreaterThan(0);
    expect(existsSync(join(home, 'keys'))).toBe(false);
    await expect(openHost({ home })).rejects.toMatchObject({ code: 'LOG_SIGNER_MISMATCH' });
    await expect(openHost({ home, signer: externalSigner('kms.example/log') })).rejects.toMatchObject({
      code: 'LOG_SIGNER_MISMATCH',
    });
  });
});
