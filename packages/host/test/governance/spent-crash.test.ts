import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DEFAULT_GOVERNANCE, DEFAULT_POLICY, type Host, openHost } from '@mex/host';
import { afterAll, expect, it } from 'vitest';
import { PROBE, writeProbe } from './probe-engine.ts';

const CHILD = fileURLToPath(new URL('./spent-child.ts', import.meta.url));
const home = mkdtempSync(join(tmpdir(), 'mex-spent-crash-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** Lines that a process printed before it was killed, some moments after the last one: in the middle of whatever came next. */
function killedAfter(lines: number, afterMs: number): Promise<string[]> {
  const child = spawn(process.execPath, ['--conditions=@mex/source', CHILD, home], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  let ending: NodeJS.Timeout | undefined;
  child.stdout.setEncoding('utf8').on('data', (more: string) => {
    text += more;
    if (text.split('\n').length > lines) ending ??= setTimeout(() => child.kill('SIGKILL'), afterMs);
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', () => resolve(text.split('\n').slice(0, -1)));
  });
}

it('[§12] a process that is killed leaves no approval spent on nothing, and nothing granted without one', async () => {
  const told: string[] = [];
  for (const [lines, afterMs] of [
    [4, 0],
    [5, 2],
  ] as const) {
    told.push(...(await killedAfter(lines, afterMs)));
  }
  const governance = {
    ...DEFAULT_GOVERNANCE,
    approvals: [
      { when: { engine: PROBE }, gateType: 'CapabilityUse', approvals: 1, approvers: [], reason: 'Probing.' },
    ],
  };
  const host = await openHost({
    home,
    engines: [writeProbe(home)],
    policy: { ...DEFAULT_POLICY, governance },
    caller: { id: 'app:planner', kind: 'agent' },
  });
  try {
    const { granted, used } = story(host);
    expect(granted.toSorted()).toEqual(used.toSorted());
    const ran = told.flatMap((line) => (line.startsWith('ran ') ? [line.slice(4)] : []));
    expect(ran.length).toBeGreaterThan(3);
    expect(ran.filter((id) => !granted.includes(id))).toEqual([]);
    // What a person approved and the death of the process kept from running is still approved.
    for (const { approval_id, state } of host.approvals.list({ all: true, limit: 1_000 })) {
      const { uses } = host.approvals.show(approval_id);
      if (uses.length === 0) expect(['pending', 'approved']).toContain(state);
      else expect([uses.length, state]).toEqual([1, 'approved']);
    }
    expect(await host.recorder.verify()).toMatchObject({ ok: true });
  } finally {
    await host.close();
  }
}, 60_000);

function story(host: Host): { granted: string[]; used: string[] } {
  const events = host.recorder.list({ limit: 10_000 }).map(({ event }) => event);
  return {
    granted: events.flatMap((event) =>
      event.type === 'system' && event.subject === 'operation.checked' && event.body.grant ? [event.body.op_id] : [],
    ),
    used: events.flatMap((event) =>
      event.type === 'gov_decision_applied'
        ? (event.evidence_refs ?? []).flatMap((ref) => (ref.startsWith('used-by:') ? [ref.slice(8)] : []))
        : [],
    ),
  };
}
