import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFileSigner, openRecorder } from '@mex/flight-recorder';
import { type Host, nameConsents, openConsents, openHost } from '@mex/host';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HOST_CAPABILITY, PROBE, PROBE_POLICY, writeProbe } from './probe-engine.ts';

const ADA = { id: 'os:ada', kind: 'human' } as const;
const CI = { id: 'app:ci', kind: 'system' } as const;
const FOR_CI = { actorId: CI.id, capabilityId: HOST_CAPABILITY };

let home: string;
let host: Host;
const open = (): Promise<Host> => openHost({ home, engines: [writeProbe(home)], policy: PROBE_POLICY, caller: CI });

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'mex-consents-'));
  host = await open();
});
afterEach(async () => {
  await host.close();
  rmSync(home, { recursive: true, force: true });
});

const probe = (consent_refs?: string[]) => {
  const context = consent_refs === undefined ? {} : { context: { consent_refs } };
  return host.plan({ engineId: PROBE, operation: 'probe.run', ...context });
};
const codesOf = async (operation: object): Promise<string[]> =>
  (await host.execute(operation)).errors.map((error) => error.code);

describe('[§7] consents of a home', () => {
  it('an operation runs with the consent of its caller, and says so in its provenance', async () => {
    expect(await codesOf(probe())).toEqual(['CAPABILITY_NEEDS_CONSENT']);
    const { consent_id } = await host.consents.allow(FOR_CI, ADA);
    const result = await host.execute(probe());
    expect(result.status).toBe('succeeded');
    expect(result.provenance.capabilities_granted).toContainEqual({ capability_id: HOST_CAPABILITY, consent_id });
  });

  it('a consent of somebody else, an invented or a revoked one does not help', async () => {
    const other = await host.consents.allow({ ...FOR_CI, actorId: 'os:bob' }, ADA);
    const revoked = await host.consents.allow(FOR_CI, ADA);
    await host.consents.revoke(revoked.consent_id, ADA);
    const invented = '00000000-0000-4000-8000-000000000001';
    for (const id of [other.consent_id, revoked.consent_id, invented]) {
      expect(await codesOf(probe([id]))).toEqual(['CAPABILITY_NEEDS_CONSENT']);
    }
    expect(await codesOf(probe())).toEqual(['CAPABILITY_NEEDS_CONSENT']);
  });

  it('one that is in force and was not named is told of, by its id; a forged one is not', async () => {
    const { consent_id } = await host.consents.allow(FOR_CI, ADA);
    const [error] = (await host.execute(probe([]))).errors;
    expect(error).toMatchObject({ code: 'CAPABILITY_NEEDS_CONSENT', remedy: expect.stringContaining(consent_id) });
    await host.recorder.append([], (db) =>
      db.exec("UPDATE governance_consents SET record = replace(record, 'os:ada', 'os:eve')"),
    );
    expect((await host.execute(probe([]))).errors[0]?.remedy).toContain('mex grants allow');
  });

  it('lasts beyond a restart, and the log verifies with it', async () => {
    const { consent_id } = await host.consents.allow(FOR_CI, ADA);
    await host.close();
    host = await open();
    expect(host.consents.isLive(consent_id, Date.now())).toBe(true);
    expect(host.consents.list({ actorId: CI.id })).toHaveLength(1);
    expect(await host.recorder.verify()).toMatchObject({ ok: true });
  });

  it('[§2] a row that was changed behind the log counts for nothing and becomes a Problem', async () => {
    const { consent_id } = await host.consents.allow({ ...FOR_CI, actorId: 'os:bob' }, ADA);
    await host.recorder.append([], (db) =>
      db.exec("UPDATE governance_consents SET actor_id = 'app:ci', record = replace(record, 'os:bob', 'app:ci')"),
    );
    expect(host.consents.facts([consent_id])).toEqual([]);
    expect(await codesOf(probe([consent_id]))).toEqual(['CAPABILITY_NEEDS_CONSENT']);
    expect(host.recorder.problems.list({}).map((problem) => problem.code)).toContain('CONSENT_TAMPERED');
  });

  it('revoking tells listeners, also of what another process revokes', async () => {
    const first = await host.consents.allow(FOR_CI, ADA);
    const second = await host.consents.allow(FOR_CI, ADA);
    const heard: string[] = [];
    const stop = host.consents.onRevoke((id) => void heard.push(id));
    await host.consents.revoke(first.consent_id, ADA);
    expect(heard).toEqual([first.consent_id]);
    const elsewhere = openRecorder({ file: join(home, 'log.db'), signer: createFileSigner(join(home, 'keys')) });
    await openConsents(elsewhere).revoke(second.consent_id, ADA);
    // The very next question is answered truly; listeners are told a moment later.
    expect(host.consents.isLive(second.consent_id, Date.now())).toBe(false);
    await expect.poll(() => heard).toEqual([first.consent_id, second.consent_id]);
    await elsewhere.close();
    stop();
  });

  it('two who revoke at once leave one event', async () => {
    const { consent_id } = await host.consents.allow(FOR_CI, ADA);
    await Promise.all([host.consents.revoke(consent_id, ADA), host.consents.revoke(consent_id, ADA)]);
    expect(host.recorder.list({ op: consent_id, subject: 'consent.revoked' })).toHaveLength(1);
  });

  it('answers what an engine may still do in microseconds', async () => {
    const { consent_id } = await host.consents.allow(FOR_CI, ADA);
    const started = performance.now();
    for (let call = 0; call < 1_000; call += 1) host.consents.isLive(consent_id, 0);
    // Measured about 4 µs a call; a hundred leave room for a busy machine.
    expect((performance.now() - started) / 1_000).toBeLessThan(0.1);
  });
});

describe('nameConsents', () => {
  it('adds ids to text that names none, and leaves everything else alone', async () => {
    const { consent_id } = await host.consents.allow(FOR_CI, ADA);
    const bare = { ...probe([]) };
    delete bare.context;
    const named = nameConsents(JSON.stringify(bare), CI.id, host.consents);
    expect(named).toMatchObject({ op_id: bare.op_id, context: { consent_refs: [consent_id] } });
    const chosen = JSON.stringify(probe([]));
    expect(nameConsents(chosen, CI.id, host.consents)).toBe(chosen);
    expect(nameConsents('{"broken', CI.id, host.consents)).toBe('{"broken');
    expect(nameConsents(JSON.stringify(bare), 'os:eve', host.consents)).toBe(JSON.stringify(bare));
  });
});
