import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FlightRecorder, openRecorder } from '@mex/flight-recorder';
import { DEFAULT_GOVERNANCE, openInbox } from '@mex/host';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createInbox } from '../../src/governance/inbox.ts';

const HELD = 100_000;
const dir = mkdtempSync(join(tmpdir(), 'mex-inbox-'));
let recorder: FlightRecorder;

/** One real request, then its row again and again under other ids: the log would take minutes. */
beforeAll(async () => {
  recorder = openRecorder({ file: join(dir, 'log.db') });
  const documents = { keep: async () => '', read: async () => undefined };
  const { decisions } = createInbox(recorder, documents, DEFAULT_GOVERNANCE, Date.now);
  await decisions.request({
    gateType: 'CapabilityUse',
    targetRef: `operation@sha256:${'a'.repeat(64)}`,
    detail: JSON.stringify({ operation: 'x'.repeat(500) }),
    confidence: 0,
    rationale: 'Programs want a person.',
    evidenceRefs: ['operation:engine.test.probe:probe.run'],
    actor: { id: 'app:planner', kind: 'agent' },
  });
  await recorder.append([], (db) =>
    db.exec(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${HELD - 1})
      INSERT INTO governance_decisions
        (decision_id, gate_type, target_ref, kind_ref, state, spent, expires_at, subject, detail)
      SELECT printf('00000000-0000-4000-8000-%012x', i), gate_type, target_ref || i, kind_ref, state, spent, expires_at,
        subject, detail FROM governance_decisions CROSS JOIN n`),
  );
});
afterAll(async () => {
  await recorder.close();
  rmSync(dir, { recursive: true, force: true });
});

describe('[§12] an inbox of 100,000 held operations', () => {
  it('lists and counts within 50 ms', () => {
    const times = [1, 2, 3, 4, 5].map(() => {
      const inbox = openInbox(recorder);
      const started = performance.now();
      expect(inbox.list()).toHaveLength(100);
      expect(inbox.countOpen()).toBe(HELD);
      return performance.now() - started;
    });
    // The best of five: others may be busy on this machine, a slow query is slow every time.
    expect(Math.min(...times)).toBeLessThan(50);
    if (process.env['MEX_MEASURE']) console.log(`inbox of ${HELD}: ${times.map((ms) => ms.toFixed(1)).join(' ')} ms`);
  });
});
