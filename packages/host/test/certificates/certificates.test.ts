import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { sha256Hex } from '@mex/envelope/digest';
import { createFileSigner } from '@mex/flight-recorder';
import {
  certificateFile,
  DEFAULT_POLICY,
  type EngineHandle,
  formatTrustedKey,
  type Host,
  openCertifier,
  openHost,
  type Policy,
  parseTrustedKey,
  signCertificate,
  writeHomeCertificate,
} from '@mex/host';
import type { RegisteredEngine } from '@mex/registry';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { mayStart } from '../../src/policy-source.ts';
import { PROBE, writeProbe } from '../governance/probe-engine.ts';
import { makeCertificate, makeStatement } from './make-certificate.ts';

const PRODUCTION: Policy = { ...DEFAULT_POLICY, allowUncertified: false };
let home: string;
let probe: EngineHandle;
let host: Host | undefined;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'mex-certificates-'));
  probe = writeProbe(home);
});
afterEach(async () => {
  await host?.close();
  host = undefined;
  rmSync(home, { recursive: true, force: true });
});

const open = async (policy: Policy = PRODUCTION, engine: EngineHandle = probe): Promise<Host> => {
  await host?.close();
  host = await openHost({ home, engines: [engine], policy });
  return host;
};
const plan = (on: Host) => on.plan({ engineId: PROBE, operation: 'probe.run', capabilities: ['fs.read:inputs'] });
/** What becomes of an operation: its status, or the code that denies it. */
const outcome = async (on: Host): Promise<string> => {
  const { status, errors } = await on.execute(plan(on));
  return errors[0]?.code ?? status;
};
const foreign = () => createFileSigner(join(home, 'elsewhere'), 'certifier');
const keep = (envelope: string) => writeHomeCertificate(home, probe.manifest.bundle.sha256, envelope);

describe('[§10] an engine runs with a certificate for exactly its bundle', () => {
  it('that this home signed; the record names it', async () => {
    const certificate = makeCertificate(probe.manifest, openCertifier(home));
    keep(certificate);
    const on = await open();
    expect(await outcome(on)).toBe('succeeded');
    const [checked] = on.recorder.list({ type: 'system', subject: 'operation.checked' });
    const payload = Buffer.from(JSON.parse(certificate).payload, 'base64');
    expect(checked?.event).toMatchObject({ body: { certified: true, certificate_sha256: sha256Hex(payload) } });
  });

  it('that lies beside its manifest, signed by a key of the policy', async () => {
    const signer = foreign();
    const file = join(home, 'along.dsse.json');
    writeFileSync(file, makeCertificate(probe.manifest, signer));
    const handle = { ...probe, certificate: pathToFileURL(file).href };
    const trusting = {
      ...PRODUCTION,
      certificates: { trustedKeys: [formatTrustedKey(signer.publicKey)], revoked: [] },
    };
    expect(await outcome(await open(trusting, handle))).toBe('succeeded');
    // The operator takes the key out of the policy: from the next start on its word is nothing.
    expect(await outcome(await open(PRODUCTION, handle))).toBe('CERTIFICATE_UNTRUSTED');
    expect(await outcome(await open(DEFAULT_POLICY, handle))).toBe('CERTIFICATE_UNTRUSTED');
    // What the operator certified here counts, whatever else lies about.
    keep(makeCertificate(probe.manifest, openCertifier(home)));
    expect(await outcome(await open(PRODUCTION, handle))).toBe('succeeded');
  });

  it('and without one only while the development switch is on; the record says so', async () => {
    expect(await outcome(await open())).toBe('ENGINE_UNCERTIFIED');
    const on = await open(DEFAULT_POLICY);
    expect(await outcome(on)).toBe('succeeded');
    const checked = on.recorder.list({ type: 'system', subject: 'operation.checked' });
    expect(checked.at(-1)?.event).toMatchObject({ body: { certified: false } });
  });
});

describe('[§10] a certificate that does not count denies, also while the development switch is on', () => {
  const bytes = (text: string) => sha256Hex(Buffer.from(JSON.parse(text).payload, 'base64'));
  const inDevelopment = (over: Partial<Policy> = {}) => open({ ...DEFAULT_POLICY, ...over });

  it('expired, and of a time that has not come', async () => {
    const signer = openCertifier(home);
    keep(makeCertificate(probe.manifest, signer, -10, -1));
    expect(await outcome(await inDevelopment())).toBe('CERTIFICATE_EXPIRED');
    keep(makeCertificate(probe.manifest, signer, 1, 10));
    expect(await outcome(await inDevelopment())).toBe('CERTIFICATE_NOT_YET_VALID');
  });

  it('revoked, by itself and by its key', async () => {
    const signer = openCertifier(home);
    const certificate = makeCertificate(probe.manifest, signer);
    keep(certificate);
    const revoked = (entry: string) => inDevelopment({ certificates: { trustedKeys: [], revoked: [entry] } });
    expect(await outcome(await revoked(bytes(certificate)))).toBe('CERTIFICATE_REVOKED');
    const { signatures } = JSON.parse(certificate);
    expect(await outcome(await revoked(`key:${signatures[0].keyid}`))).toBe('CERTIFICATE_REVOKED');
  });

  it('of another manifest over the same bundle', async () => {
    keep(makeCertificate({ ...probe.manifest, description: 'Does a little more.' }, openCertifier(home)));
    expect(await outcome(await inDevelopment())).toBe('CERTIFICATE_MISMATCH');
  });

  it.each([
    ['no JSON', 'x'],
    ['larger than any certificate', ' '.repeat(1024 * 1024 + 1)],
  ])('a file that is %s', async (_name, text) => {
    keep(text);
    expect(await outcome(await inDevelopment())).toBe('CERTIFICATE_INVALID');
  });

  it('a directory in its place', async () => {
    mkdirSync(certificateFile(home, probe.manifest.bundle.sha256), { recursive: true });
    expect(await outcome(await inDevelopment())).toBe('CERTIFICATE_INVALID');
  });

  it('and its code is not even made ready', () => {
    const at = 1_000_000;
    const held = { state: 'valid', issuedAt: 0, expiresAt: at + 1 };
    const ready = (certificate: object, allowUncertified: boolean) =>
      mayStart({ allowUncertified }, { certificate: certificate as RegisteredEngine['certificate'] }, at);
    expect(ready(held, false)).toBe(true);
    expect(ready({ ...held, expiresAt: at }, true)).toBe(false);
    expect(ready({ state: 'refused' }, true)).toBe(false);
    expect(ready({ state: 'absent' }, true)).toBe(true);
    expect(ready({ state: 'absent' }, false)).toBe(false);
  });
});

describe('while a host runs', () => {
  it('a certificate file that is swapped changes nothing until the next start', async () => {
    const signer = openCertifier(home);
    keep(makeCertificate(probe.manifest, signer));
    const on = await open();
    keep(makeCertificate(probe.manifest, signer, -10, -1));
    expect(await outcome(on)).toBe('succeeded');
    expect(await outcome(await open())).toBe('CERTIFICATE_EXPIRED');
  });

  it('a bundle that is swapped under a valid certificate is denied for its bytes', async () => {
    keep(makeCertificate(probe.manifest, openCertifier(home)));
    const on = await open();
    writeProbe(home, '/* one byte more */');
    expect(await outcome(on)).toBe('BUNDLE_DIGEST_MISMATCH');
  });
});

describe('keys', () => {
  it('the certifier’s key is its own, and only its owner may read it', () => {
    const log = createFileSigner(join(home, 'keys'));
    const certifier = openCertifier(home);
    expect(Buffer.from(certifier.publicKey).equals(Buffer.from(log.publicKey))).toBe(false);
    expect(Buffer.from(openCertifier(home).publicKey).equals(Buffer.from(certifier.publicKey))).toBe(true);
  });

  it('are written and read in one form; points that sign everything are no keys', () => {
    const { publicKey } = foreign();
    const text = formatTrustedKey(publicKey);
    expect(Buffer.from(parseTrustedKey(text)?.publicKey ?? []).equals(Buffer.from(publicKey))).toBe(true);
    for (const wrong of ['', text.slice(8), text.slice(0, -1), `${text} `, `rsa:${text.slice(8)}`])
      expect(parseTrustedKey(wrong)).toBeUndefined();
    const neutral = Buffer.concat([Buffer.from([1]), Buffer.alloc(31)]);
    expect(parseTrustedKey(formatTrustedKey(neutral))).toBeUndefined();
    neutral[31] = 0x80;
    expect(parseTrustedKey(formatTrustedKey(neutral))).toBeUndefined();
  });

  it('sign nothing that no host would take', () => {
    const statement = makeStatement(probe.manifest);
    const other = { manifest: { ...probe.manifest, engine_version: '2.0.0' }, manifestSha256: 'a'.repeat(64) };
    expect(() => signCertificate(statement, foreign(), other)).toThrow(
      expect.objectContaining({ code: 'CERTIFICATE_MISMATCH' }),
    );
  });
});
