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

/** Operations are sent, what then waits is answered, and operations are sent again. */
interface Round {
  readonly before: readonly string[];
  readonly answer: 'approve' | 'reject' | 'none';
  readonly scope: 'once' | 'operation';
  readonly after: readonly string[];
  readonly both: boolean;
}

const texts = fc.array(fc.constantFrom('a', 'a', 'b'), { minLength: 1, maxLength: 3 });
const round: fc.Arbitrary<Round> = fc.record({
  before: texts,
  answer: fc.constantFrom('approve', 'approve', 'approve', 'reject', 'none'),
  scope: fc.constantFrom('once', 'once', 'once', 'operation'),
  after: texts,
  both: fc.boolean(),
});

describe('[§12] whatever is sent, answered and asked at once, by two processes of one home', () => {
  let ran = 0;
  it('what ran is exactly what approvals were used for, each of them as often as it said', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(round, { minLength: 1, maxLength: 3 }), async (rounds) => {
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
          for (const one of rounds) await play(one, [first, second]);
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

async function play(
  { before, answer, scope, after, both }: Round,
  [first, second]: readonly [Host, Host],
): Promise<void> {
  const hosts = both ? [first, second] : [first];
  await sendAll(before, hosts);
  for (const { approval_id } of answer === 'none' ? [] : first.approvals.list()) {
    if (answer === 'reject') await first.approvals.reject(approval_id, ADA);
    else await first.approvals.approve(approval_id, ADA, { scope });
  }
  const size = first.recorder.list({ limit: 10_000 }).length;
  await first.explain(plan(first, 'a'));
  expect(first.recorder.list({ limit: 10_000 })).toHaveLength(size);
  await sendAll(after, hosts);
}

/** The same operations at all hosts, and others of the same kind, all at once. */
async function sendAll(values: readonly string[], hosts: readonly Host[]): Promise<void> {
  const operations = values.flatMap((value) => hosts.slice(0, 1).map((host) => plan(host, value)));
  const again = operations.map((operation) => ({ ...operation, op_id: randomUUID() }));
  await Promise.all(hosts.flatMap((host) => [...operations, ...again].map((operation) => host.execute(operation))));
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
