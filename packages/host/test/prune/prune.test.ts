import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ArtifactMeta } from '@mex/artifacts';
import { DEFAULT_GOVERNANCE, DEFAULT_POLICY, type Host, openHost, type Policy } from '@mex/host';
import { afterEach, describe, expect, it } from 'vitest';
import { PROBE, PROBE_POLICY, writeProbe } from '../governance/probe-engine.ts';
import { ENGINE as REPLAYED, writeReplayEngine } from '../replay/replay-engine.ts';
import { writeJanitor } from './fake-janitor.ts';

const DAY_MS = 86_400_000;
/** Old enough for every window of these tests. */
const later = () => Date.now() + 100 * DAY_MS;
const EVERYTHING = { days: { raw: 0, derived: 0, log: 0, cache: 0, evidence: 0 }, minVersions: 0 };

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** A host whose janitor proposes what `choose` says. */
async function open(choose: string, policy: Policy = DEFAULT_POLICY): Promise<Host> {
  const home = mkdtempSync(join(tmpdir(), 'mex-prune-'));
  const engines = [writeJanitor(home, choose), writeProbe(home), writeReplayEngine(home)];
  const host = await openHost({ home, engines, policy, caller: { id: 'app:test', kind: 'system' } });
  ends.push(
    () => rmSync(home, { recursive: true, force: true }),
    () => host.close(),
  );
  return host;
}

let count = 0;
const put = (host: Host, more: Partial<ArtifactMeta> = {}) =>
  host.artifacts.put(Buffer.from(`content ${++count}`), {
    kind: 'file',
    mime: 'text/plain',
    layer: 'cache',
    created_by: {},
    ...more,
  });
const namesLeft = async (host: Host) =>
  (await host.artifacts.list({ limit: 1_000 })).artifacts.map(({ filename_hint }) => filename_hint ?? '').toSorted();

describe('[§5] host.prune', () => {
  it('keeps the report first, removes after, and says so', async () => {
    const host = await open("item.layer==='cache'");
    const old = await put(host, { name: 'old' });
    const { result, removal } = await host.prune({ now: later(), policy: EVERYTHING });
    expect(result.status).toBe('succeeded');
    expect(removal?.removed).toEqual([old.artifact_id]);
    expect(await namesLeft(host)).toEqual(['inventory.json', 'prune-report.json']);
    const [said] = host.recorder.list({ subject: 'meta.gc_summary' });
    expect(said?.event).toMatchObject({
      actor: { id: 'app:test' },
      body: { report: result.outputs[0], scanned: 1, pruned: 1, spared_by_pin: 0, bytes_freed: old.size_bytes },
    });
    const ran = host.recorder.list({ subject: 'engine.run' }).at(-1)?.seq ?? Number.POSITIVE_INFINITY;
    expect(said?.seq).toBeGreaterThan(ran);
    expect(await host.artifacts.verify({ all: true })).toMatchObject({ ok: true });
  });

  it('a dry run removes nothing and says nothing of a collection', async () => {
    const host = await open('true');
    await put(host, { name: 'old' });
    const { report, removal } = await host.prune({ dryRun: true, now: later(), policy: EVERYTHING });
    expect(report?.pruned).toHaveLength(1);
    expect(removal).toBeUndefined();
    expect(await namesLeft(host)).toContain('old');
    expect(host.recorder.list({ subject: 'meta.gc_summary' })).toEqual([]);
  });

  it('takes its windows and versions from policy.json', async () => {
    const retention = { days: { derived: 90 }, minVersions: 1 };
    const host = await open('false', { ...DEFAULT_POLICY, retention });
    const { report } = await host.prune({ dryRun: true });
    expect(report?.policy).toEqual({ retention_days: { log: 30, cache: 7, derived: 90 }, min_versions: 1 });
  });

  it('a janitor that is denied or fails leaves everything', async () => {
    const host = await open('nothing.at.all');
    await put(host, { name: 'old' });
    const { result, report, removal } = await host.prune({ now: later(), policy: EVERYTHING });
    expect(result.status).toBe('failed');
    expect([report, removal]).toEqual([undefined, undefined]);
    expect(await namesLeft(host)).toContain('old');
  });

  it('without a janitor there is no collection', async () => {
    const home = mkdtempSync(join(tmpdir(), 'mex-prune-'));
    const host = await openHost({ home });
    ends.push(
      () => rmSync(home, { recursive: true, force: true }),
      () => host.close(),
    );
    await expect(host.prune()).rejects.toMatchObject({ code: 'ENGINE_UNKNOWN' });
  });
});

it('[§5] a report that is wrong removes nothing', async () => {
  const host = await open('item.pinned===true');
  await put(host, { name: 'stays', pinned: true });
  await put(host, { name: 'also' });
  const pruning = host.prune({ now: later(), policy: EVERYTHING });
  await expect(pruning).rejects.toMatchObject({ code: 'PRUNE_REPORT_REFUSED', kind: 'integrity' });
  expect(await namesLeft(host)).toEqual(expect.arrayContaining(['also', 'stays']));
  expect(host.recorder.list({ subject: 'meta.gc_summary' })).toEqual([]);
});

describe('[§5] what something needs stays', () => {
  it('inputs of approvals that are not over', async () => {
    const governance = {
      ...DEFAULT_GOVERNANCE,
      approvals: [
        { when: { engine: PROBE }, gateType: 'CapabilityUse', approvals: 1, approvers: [], reason: 'Probing.' },
      ],
    };
    const host = await open('item.held_by===undefined', { ...PROBE_POLICY, governance });
    const wanted = await put(host, { name: 'wanted' });
    const other = await put(host, { name: 'other' });
    const manifest = host.registry.resolve(PROBE).engine?.operations.get('probe.run');
    expect(manifest).toBeDefined();
    // The probe takes no inputs; what is held is the text of the operation, and that names the artifact.
    const params = { text: wanted.artifact_id };
    const held = await host.execute(
      host.plan({ engineId: PROBE, operation: 'probe.run', params, capabilities: ['fs.read:inputs'] }),
    );
    expect(held.errors[0]?.code).toBe('APPROVAL_REQUIRED');
    const { removal, inventory } = await host.prune({ now: later(), policy: EVERYTHING });
    expect(removal?.removed).toContain(other.artifact_id);
    expect(inventory.artifacts.find(({ name }) => name === 'wanted')?.held_by).toBe('APPROVAL_OPEN');
  });

  it('inputs of operations that are running, evidence the log speaks of, records of the host', async () => {
    const host = await open('item.held_by===undefined');
    const running = await put(host, { name: 'running' });
    await put(host, { name: 'record', layer: 'evidence' });
    await put(host, {
      name: 'evidence',
      layer: 'evidence',
      created_by: { engine_id: 'engine.a', op_id: randomUUID() },
    });
    // Only of a process that announced itself: one operation has to have run.
    await host.prune({ dryRun: true, now: later(), policy: EVERYTHING });
    host.recorder.database.exec(`INSERT INTO operations
      SELECT 1000, owner_seq, 'x', 'x', NULL, 'x', 'x', '{"inputs":["${running.sha256}"]}' FROM operation_owners LIMIT 1`);
    const { inventory } = await host.prune({ now: later(), policy: EVERYTHING });
    const holds = Object.fromEntries(inventory.artifacts.map(({ name, held_by }) => [name, held_by]));
    expect(holds).toMatchObject({
      running: 'OPERATION_RUNNING',
      record: 'GOVERNANCE_RECORD',
      evidence: 'LOG_EVIDENCE',
    });
  });

  it('[§4] [§6] what answered another operation: its evidence while the log speaks of that, the rest for a whole window', async () => {
    const host = await open('item.held_by===undefined&&item.engine_id==="engine.test.replay"');
    const run = (operation: string) =>
      host.execute(
        host.plan({
          engineId: REPLAYED,
          operation,
          ...(operation === 'replay.write' ? { params: { text: 'x' } } : {}),
        }),
      );
    const first = [await run('replay.live'), await run('replay.write')];
    await new Promise((resolve) => setTimeout(resolve, 5));
    const again = [await run('replay.live'), await run('replay.write')];
    expect(again.map(({ provenance }) => provenance.cached_from)).toEqual(first.map(({ op_id }) => op_id));
    host.recorder.prune({ olderThan: Date.parse(again[0]?.started_at ?? '') });
    const due = Date.parse(first[1]?.ended_at ?? '') + DAY_MS;
    const { inventory } = await host.prune({ now: due, policy: { days: { derived: 1, evidence: 0 }, minVersions: 0 } });
    const holds = Object.fromEntries(inventory.artifacts.map(({ name, held_by }) => [name, held_by]));
    expect(holds).toMatchObject({ 'raw.txt': 'LOG_EVIDENCE', 'out.txt': 'SERVED_AGAIN' });
    const { removal } = await host.prune({
      now: due + DAY_MS,
      policy: { days: { derived: 1, evidence: 0 }, minVersions: 0 },
    });
    expect(removal?.removed).toEqual([first[1]?.outputs[0]?.artifact_id]);
  });

  it('what was pinned after it was judged', async () => {
    const host = await open("item.layer==='cache'");
    const [a, b] = [await put(host, { name: 'a' }), await put(host, { name: 'b' })];
    const remove = host.artifacts.remove.bind(host.artifacts);
    // The moment between the check of the report and the removal.
    host.artifacts.remove = async (ids, mayGo) => {
      await host.artifacts.pin(a.artifact_id);
      return remove(ids, mayGo);
    };
    const { removal } = await host.prune({ now: later(), policy: EVERYTHING });
    expect(removal).toMatchObject({
      removed: [b.artifact_id],
      spared: [{ artifact_id: a.artifact_id, reason: 'pinned' }],
    });
    const [said] = host.recorder.list({ subject: 'meta.gc_summary' });
    expect(said?.event).toMatchObject({ body: { pruned: 1, spared_by_pin: 1 } });
  });
});
