import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FlightEvent } from '@mex/envelope';
import { DEFAULT_GOVERNANCE, DEFAULT_POLICY, type Host, openHost } from '@mex/host';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PROBE, writeProbe } from './probe-engine.ts';

const ADA = { id: 'os:ada', kind: 'human' } as const;
const RULE = { when: { engine: PROBE }, gateType: 'CapabilityUse', approvals: 1, approvers: [], reason: 'Probing.' };

type Step =
  | { readonly do: 'send'; readonly texts: readonly string[]; readonly host: 0 | 1 }
  | { readonly do: 'approve' | 'reject'; readonly scope: 'once' | 'operation' }
  | { readonly do: 'explain'; readonly text: string };

const text = fc.constantFrom('a', 'a', 'b');
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constant('send' as const),
    texts: fc.array(text, { minLength: 2, maxLength: 3 }),
    host: fc.constantFrom(0 as const, 1 as const),
  }),
  fc.record({
    do: fc.constantFrom('approve' as const, 'approve' as const, 'reject' as const),
    scope: fc.constantFrom('once' as const, 'once' as const, 'operation' as const),
  }),
  fc.record({ do: fc.constant('explain' as const), text }),
);

describe('[§12] whatever is sent, answered and asked at once, by two processes of one home', () => {
  let ran = 0;
  it('what ran is exactly what approvals were used for, each of them as often as it said', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 10 }), async (steps) => {
        const home = mkdtempSync(join(tmpdir(), 'mex-spent-'));
        const open = (): Promise<Host> =>
          openHost({
            home,
            engines: [writeProbe(home)],
            caller: ADA,
            policy: { ...DEFAULT_POLICY, governance: { ...DEFAULT_GOVERNANCE, approvals: [RULE] } },
          });
        const [first, second] = [await open(), await open()];
        try {
          for (const one of steps) await play(one, [first, second]);
          ran += verifyStory(first);
          expect(await first.recorder.verify()).toMatchObject({ ok: true });
        } finally {
          await first.close();
          await second.close();
          rmSync(home, { recursive: true, force: true });
        }
      }),
      { seed: 20_261_121, numRuns: 8 },
    );
    // Otherwise it would say nothing.
    expect(ran).toBeGreaterThan(3);
  }, 30_000);
});

const plan = (host: Host, value: string) =>
  host.plan({ engineId: PROBE, operation: 'probe.run', params: { text: value }, capabilities: ['fs.read:inputs'] });

async function play(one: Step, [first, second]: readonly [Host, Host]): Promise<void> {
  if (one.do === 'explain') {
    const size = first.recorder.list({ limit: 10_000 }).length;
    await first.explain(plan(first, one.text));
    expect(first.recorder.list({ limit: 10_000 })).toHaveLength(size);
    return;
  }
  if (one.do === 'send') {
    // The same operation at both hosts, and others of the same kind, all at once.
    const operations = one.texts.map((value) => plan(first, value));
    const hosts = one.host === 0 ? [first] : [first, second];
    const again = operations.map((operation) => ({ ...operation, op_id: randomUUID() }));
    await Promise.all(hosts.flatMap((host) => [...operations, ...again].map((operation) => host.execute(operation))));
    return;
  }
  const [waiting] = first.approvals.list();
  if (waiting === undefined) return;
  if (one.do === 'reject') await first.approvals.reject(waiting.approval_id, ADA);
  else await first.approvals.approve(waiting.approval_id, ADA, { scope: one.scope });
}

/** @returns how many operations ran */
function verifyStory(host: Host): number {
  const events = host.recorder.list({ limit: 10_000 }).map(({ event }) => event);
  const granted = events.flatMap((event) =>
    event.type === 'system' && event.subject === 'operation.checked' && event.body.grant ? [event.body.op_id] : [],
  );
  const uses = events.flatMap((event) => (event.type === 'gov_decision_applied' ? [usedBy(event)] : []));
  expect(granted.toSorted()).toEqual(uses.toSorted());
  expect(new Set(granted).size).toBe(granted.length);
  for (const { approval_id } of host.approvals.list({ all: true, limit: 10_000 })) {
    const { answers, uses: own } = host.approvals.show(approval_id);
    const [scope] = answers.filter(({ decision }) => decision === 'approve').map((answer) => answer.scope);
    if (scope !== 'operation') expect(own.length).toBeLessThanOrEqual(scope === undefined ? 0 : 1);
  }
  return granted.length;
}

function usedBy(event: Extract<FlightEvent, { type: 'gov_decision_applied' }>): string {
  return event.evidence_refs?.find((ref) => ref.startsWith('used-by:'))?.slice('used-by:'.length) ?? '';
}
