import { generateKeyPairSync, sign } from 'node:crypto';
import { join } from 'node:path';
import { signDsse } from '@mex/envelope/dsse';
import { createFileSigner, type Signer } from '@mex/flight-recorder';
import type { Host } from '@mex/host';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifyDecision } from '../../src/scan/release-decision.ts';
import type { ScanOutcome } from '../../src/scan/run-scan.ts';
import { scratch } from '../mex.ts';
import { daysFromNow, HARMLESS, openVex, plantedToken, write, writeAdvisories, writeCleanProject } from './project.ts';
import { openTestHost, scanDirectory } from './scanner.ts';
import { HAS_DATA, NO_DATA, validatorOf } from './test-data.ts';

const dir = scratch();
const MIME = 'application/vnd.in-toto+json';
let host: Host;
let signer: Signer;
let outcome: ScanOutcome;
let envelope: Uint8Array;

beforeAll(async () => {
  host = await openTestHost(dir);
  write(join(dir, 'policy'), {
    'scan-policy.json': '{"schema_version": "mex.scan_policy@1.0", "vex": ["v.json"]}',
    'v.json': openVex('TEST-9', 'pkg:npm/alpha@1.0.0', daysFromNow(9)),
  });
  outcome = await scanDirectory(host, writeCleanProject(join(dir, 'clean')), {
    release: true,
    osv: writeAdvisories(join(dir, 'osv'), HARMLESS),
    policy: join(dir, 'policy', 'scan-policy.json'),
  });
  signer = createFileSigner(join(host.home, 'keys'));
  envelope = outcome.decision === undefined ? new Uint8Array() : await host.artifacts.get(outcome.decision);
});
afterAll(() => host.close({ graceMs: 0 }));

interface Statement {
  readonly subject: readonly { readonly name: string; readonly digest: { readonly sha256: string } }[];
  readonly predicate: {
    readonly verificationResult: string;
    readonly verifiedLevels: readonly string[];
    readonly policy: { readonly digest: { readonly sha256: string } };
    readonly inputAttestations: readonly { readonly name: string; readonly digest: { readonly sha256: string } }[];
    readonly mex: { readonly verdict: string; readonly objections: readonly { readonly code: string }[] };
  };
}

const signAs = (payload: Uint8Array, { keyName, sign }: Signer): string =>
  signDsse(payload, MIME, [{ keyId: keyName, sign }]);
const statementOf = (bytes: Uint8Array, key: Pick<Signer, 'publicKey'> = signer): Statement =>
  verifyDecision(bytes, key) as unknown as Statement;

describe('[§13] the decision of a release', () => {
  it('names every report, the database, the allow lists and the policy by digest', () => {
    const { predicate } = statementOf(envelope);
    const digests = predicate.inputAttestations.map(({ digest }) => digest.sha256);
    for (const { result } of outcome.checks)
      for (const { sha256 } of [...result.outputs, ...result.evidence]) expect(digests).toContain(sha256);
    expect('handle' in outcome.database && digests.includes(outcome.database.handle.sha256)).toBe(true);
    expect(digests).toContain(outcome.allowLists.vex[0]?.sha256);
    expect(predicate.policy.digest.sha256).toBe(outcome.allowLists.policy?.sha256);
    expect(predicate).toMatchObject({ verificationResult: 'PASSED', verifiedLevels: ['MEX_RELEASE_GATE_1'] });
  });

  it('is about the pinned trees and the SBOM', () => {
    const { subject } = statementOf(envelope);
    const names = subject.map(({ name }) => name);
    expect(names).toEqual(['sbom_generate/tree', 'license_scan/tree', 'secret_scan/tree', 'sbom.cdx.json']);
    const inputs = outcome.checks.flatMap(({ result }) => result.provenance.inputs);
    for (const { digest } of subject) expect(inputs).toContain(digest.sha256);
  });

  it('says FAILED for a blocked release, and why', async () => {
    const blocked = await scanDirectory(
      host,
      writeCleanProject(join(dir, 'blocked'), undefined, { 'a.js': `const t = '${plantedToken()}';\n` }),
      { release: true, osv: join(dir, 'osv') },
    );
    if (blocked.decision === undefined) throw new Error('no decision');
    const { predicate } = statementOf(await host.artifacts.get(blocked.decision));
    expect(predicate).toMatchObject({
      verificationResult: 'FAILED',
      verifiedLevels: ['FAILED'],
      mex: { verdict: 'block', objections: [{ code: 'RELEASE_SECRET' }] },
    });
  });

  it('is an artifact that stays, and that the log knows', () => {
    const events = host.recorder.list({ run: outcome.runId, type: 'tool_call', limit: 100 });
    const call = events.find(({ event }) => event.type === 'tool_call' && event.tool_id === 'mex.release_decision');
    expect(call?.event).toMatchObject({ ok: true, result_hash: outcome.decision?.sha256 });
  });

  it('is not made for a scan that is no release', async () => {
    const plain = await scanDirectory(host, join(dir, 'clean'), { osv: join(dir, 'osv') });
    expect(plain.decision).toBeUndefined();
  });

  it.skipIf(!HAS_DATA)(`has the form of a DSSE envelope${NO_DATA}`, () => {
    const validate = validatorOf('sigstore/Envelope.schema.json');
    expect(validate(JSON.parse(Buffer.from(envelope).toString())), JSON.stringify(validate.errors)).toBe(true);
  });
});

describe('a decision that was tampered with is refused', () => {
  const parts = () => JSON.parse(Buffer.from(envelope).toString());
  const bytesOf = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));
  const refused = expect.objectContaining({ code: 'RELEASE_DECISION_INVALID', kind: 'integrity' });
  const why = (bytes: Uint8Array, key: Pick<Signer, 'publicKey'> = signer): unknown => {
    try {
      verifyDecision(bytes, key);
      return undefined;
    } catch (error) {
      return error;
    }
  };

  it('with one changed digit of a digest', () => {
    const text = Buffer.from(parts().payload, 'base64').toString();
    const changed = text.replace(/"sha256":"(.)/, (_, digit: string) => `"sha256":"${digit === '0' ? '1' : '0'}`);
    expect(changed).not.toBe(text);
    expect(why(bytesOf({ ...parts(), payload: Buffer.from(changed).toString('base64') }))).toEqual(refused);
  });

  it('with another payload type over the same bytes', () => {
    expect(why(bytesOf({ ...parts(), payloadType: 'application/json' }))).toEqual(refused);
  });

  it('with the signature of another key that calls itself the same', () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    const foreign = { ...signer, sign: (bytes: Uint8Array) => sign(null, bytes, privateKey) };
    expect(why(Buffer.from(signAs(Buffer.from(parts().payload, 'base64'), foreign)))).toEqual(refused);
  });

  it('with no signature, with none that is base64, and as no JSON', () => {
    expect(why(bytesOf({ ...parts(), signatures: [] }))).toEqual(refused);
    expect(why(bytesOf({ ...parts(), signatures: [{ keyid: '', sig: '!' }] }))).toEqual(refused);
    expect(why(Buffer.from('{'))).toEqual(refused);
  });

  it('with a statement of another kind, although it is signed', () => {
    const other = Buffer.from('{"_type":"https://in-toto.io/Statement/v1","predicateType":"x"}');
    expect(why(Buffer.from(signAs(other, signer)))).toEqual(refused);
  });

  it('and one that is not is accepted, with any number of other signatures beside it', () => {
    const { signatures, ...rest } = parts();
    const more = { ...rest, signatures: [{ keyid: 'x', sig: Buffer.alloc(64).toString('base64') }, ...signatures] };
    expect(statementOf(bytesOf(more)).predicate.verificationResult).toBe('PASSED');
  });
});
