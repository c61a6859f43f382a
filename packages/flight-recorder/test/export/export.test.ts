import {
  parseVerifierKey,
  type VerifyReport,
  verifierKeyOf,
  verifyCheckpoint,
  verifyExport,
} from '@mex/flight-recorder';
import { checkConsistency, checkInclusion } from '@mex/flight-recorder/merkle';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { event, events, openAt, place, START } from '../support/samples.ts';

async function linesOf(source: AsyncIterable<string>): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of source) lines.push(line);
  return lines;
}

function codes(found: VerifyReport): string[] {
  return [...new Set(found.problems.map((problem) => problem.code))].toSorted();
}

async function exported(count = 9) {
  const where = place();
  const recorder = openAt(where);
  await recorder.append(events(0, count));
  const lines = await linesOf(recorder.exportLog());
  return { where, recorder, lines, publicKey: verifierKeyOf(where.signer) };
}

describe('export', () => {
  it('[§11] is checked with the public key alone', async () => {
    const { recorder, lines, publicKey } = await exported();
    expect(lines).toHaveLength(11);
    expect(JSON.parse(lines[3] ?? '')).toEqual(event(2));
    const found = await verifyExport(lines, { publicKey, keptCheckpoint: recorder.checkpoint() });
    expect(found).toMatchObject({ ok: true, trust: 'public-key', size: 9, signed_size: 9, problems: [] });
    expect(found.root).toBe((await recorder.verify()).root);
    expect(
      (
        await verifyExport(
          lines.map((line) => line.trimEnd()),
          { publicKey },
        )
      ).ok,
    ).toBe(true);
  });

  it('[§11] any change to any line is found', async () => {
    const { lines, publicKey, recorder } = await exported(5);
    const keptCheckpoint = recorder.checkpoint();
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.nat(), fc.nat(6), async (line, column, bit) => {
        const at = line % lines.length;
        const text = lines[at] ?? '';
        const where = column % (text.length - 1);
        const code = text.charCodeAt(where) ^ (1 << bit);
        const changed = `${text.slice(0, where)}${String.fromCharCode(code)}${text.slice(where + 1)}`;
        const found = await verifyExport(lines.with(at, changed), { publicKey, keptCheckpoint });
        expect(found.ok, changed).toBe(false);
      }),
      { seed: 5, numRuns: 150 },
    );
    for (let at = 0; at < lines.length; at += 1) {
      expect((await verifyExport(lines.toSpliced(at, 1), { publicKey, keptCheckpoint })).ok, `without ${at}`).toBe(
        false,
      );
      const doubled = lines.toSpliced(at, 0, lines[at] ?? '');
      if (at < lines.length - 1) expect((await verifyExport(doubled, { publicKey })).ok, `twice ${at}`).toBe(false);
    }
    const swapped = lines.with(2, lines[3] ?? '').with(3, lines[2] ?? '');
    expect(codes(await verifyExport(swapped, { publicKey }))).toEqual(['CHECKPOINT_MISMATCH', 'TAIL_UNSIGNED']);
  });

  it('nothing, junk and the wrong key are findings', async () => {
    const { lines, publicKey } = await exported();
    expect(codes(await verifyExport([], { publicKey }))).toEqual(['EXPORT_MALFORMED']);
    expect(codes(await verifyExport(['x', '[]', '7'], { publicKey }))).toContain('EXPORT_MALFORMED');
    const other = verifierKeyOf(place().signer);
    expect(codes(await verifyExport(lines, { publicKey: other }))).toEqual([
      'CHECKPOINT_INVALID',
      'EXPORT_MALFORMED',
      'TAIL_UNSIGNED',
    ]);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(fc.json(), fc.string()), { maxLength: 5 }), async (junk) => {
        expect((await verifyExport(junk, { publicKey })).ok).toBe(false);
      }),
      { seed: 6, numRuns: 100 },
    );
  });

  it('a reader without the key exports what is there and says what no checkpoint covers', async () => {
    const { where, recorder, publicKey } = await exported();
    await recorder.append(events(20, 2));
    const reader = openAt({ file: where.file, readOnly: true });
    const found = await verifyExport(reader.exportLog(), { publicKey });
    expect(found).toMatchObject({ ok: false, size: 11, signed_size: 9 });
    expect(codes(found)).toEqual(['TAIL_UNSIGNED']);
  });
});

describe('proofs', () => {
  it('[§11] show an outsider that an event is in the log, and that nothing before was changed', async () => {
    const { where, recorder } = await exported(13);
    const key = parseVerifierKey(verifierKeyOf(where.signer));
    const old = verifyCheckpoint(recorder.checkpoint(), key);
    await recorder.append(events(50, 20));
    const now = verifyCheckpoint(recorder.checkpoint(), key);
    const inclusion = recorder.proveInclusion(4);
    expect(Buffer.from(inclusion.root)).toEqual(Buffer.from(now.root));
    expect(checkInclusion({ ...inclusion, root: now.root })).toBe(true);
    const consistency = recorder.proveConsistency(old.size, now.size);
    expect(checkConsistency({ ...consistency, oldRoot: old.root, root: now.root })).toBe(true);
    expect(() => recorder.proveInclusion(33)).toThrow(RangeError);
    expect(() => recorder.proveConsistency(34)).toThrow(RangeError);
  });
});

describe('retention', () => {
  const day = 86_400_000;

  it('[§11] removes the oldest events after 30 days by default, and the rest is verified as before', async () => {
    const where = place();
    const recorder = openAt({ ...where, clock: () => START + 31 * day });
    await recorder.append(events(0, 10));
    await recorder.append(Array.from({ length: 5 }, (_, n) => event(100 + n, { now: START + 2 * day })));
    const before = recorder.checkpoint();
    expect(recorder.prune()).toEqual({ removed: 10, first_kept: 10 });
    expect(recorder.size()).toBe(16);
    expect(recorder.list().map(({ seq }) => seq)).toEqual([10, 11, 12, 13, 14, 15]);
    expect(recorder.list({ subject: 'log.pruned' })[0]?.event).toMatchObject({ body: { first_kept: 10 } });
    expect(await recorder.verify({ keptCheckpoint: before })).toMatchObject({ ok: true, first: 10, size: 16 });
    expect(recorder.prune()).toEqual({ removed: 0, first_kept: 10 });
    await recorder.append(events(200, 3));
    await recorder.close();
    const again = openAt(where);
    await again.append(events(300, 3));
    expect(await again.verify()).toMatchObject({ ok: true, size: 22 });
    const publicKey = verifierKeyOf(where.signer);
    expect(await verifyExport(again.exportLog(), { publicKey })).toMatchObject({ ok: true, first: 10, size: 22 });
    expect(checkInclusion(again.proveInclusion(12))).toBe(true);
    expect(checkConsistency(again.proveConsistency(15))).toBe(true);
    expect(() => again.proveInclusion(3)).toThrow(RangeError);
    expect(again.prune({ olderThan: START + 100 * day * 365 })).toMatchObject({ removed: 12, first_kept: 22 });
    expect(await again.verify()).toMatchObject({ ok: true, first: 22, size: 23 });
    expect(await verifyExport(again.exportLog(), { publicKey })).toMatchObject({ ok: true, first: 22, size: 23 });
  });

  it('says that a checkpoint from before cannot be compared any more', async () => {
    const recorder = openAt(place());
    await recorder.append(events(0, 4));
    const keptCheckpoint = recorder.checkpoint();
    await recorder.append(events(10, 4));
    recorder.prune({ olderThan: START + 12 });
    expect(codes(await recorder.verify({ keptCheckpoint }))).toEqual(['KEPT_CHECKPOINT_PRUNED']);
    expect((await recorder.verify()).ok).toBe(true);
  });

  it('refuses to remove events that were changed', async () => {
    const recorder = openAt(place());
    await recorder.append(events(0, 8));
    recorder.database.exec(
      "DROP TRIGGER events_are_final; UPDATE events SET payload = replace(payload, 'reason-2', 'reason-3')",
    );
    expect(() => recorder.prune({ olderThan: START + 4 })).toThrow(
      expect.objectContaining({ code: 'LOG_HEAD_INVALID' }),
    );
    expect(recorder.size()).toBe(8);
  });

  it('events cannot be removed or changed through SQL while the triggers are there', async () => {
    const recorder = openAt(place());
    await recorder.append(events(0, 3));
    recorder.checkpoint();
    const statements = [
      'DELETE FROM events',
      "UPDATE events SET type = 'x'",
      'DELETE FROM log_checkpoints',
      "UPDATE log_checkpoints SET note = 'x'",
    ];
    for (const sql of statements) expect(() => recorder.database.exec(sql), sql).toThrow(/append-only/);
    expect((await recorder.verify()).ok).toBe(true);
  });
});
