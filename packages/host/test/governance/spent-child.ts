// A process that has operations held, approved and run, one after another, until it is killed. Prints what was done.
import { writeSync } from 'node:fs';
import { DEFAULT_GOVERNANCE, DEFAULT_POLICY, openHost } from '@mex/host';
import { PROBE, writeProbe } from './probe-engine.ts';

const [home = ''] = process.argv.slice(2);
const governance = {
  ...DEFAULT_GOVERNANCE,
  approvals: [{ when: { engine: PROBE }, gateType: 'CapabilityUse', approvals: 1, approvers: [], reason: 'Probing.' }],
};
const host = await openHost({
  home,
  engines: [writeProbe(home)],
  policy: { ...DEFAULT_POLICY, governance },
  caller: { id: 'app:planner', kind: 'agent' },
});
for (;;) {
  const params = { text: crypto.randomUUID() };
  const operation = host.plan({ engineId: PROBE, operation: 'probe.run', params, capabilities: ['fs.read:inputs'] });
  await host.execute(operation);
  const id = host.approvals.list({ limit: 1 })[0]?.approval_id ?? '';
  await host.approvals.approve(id, { id: 'os:ada', kind: 'human' });
  writeSync(1, `approved ${id}\n`);
  await host.execute(operation);
  writeSync(1, `ran ${operation.op_id}\n`);
}
