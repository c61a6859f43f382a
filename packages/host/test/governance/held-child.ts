// A process that has operations held until it is killed. Prints the id of every approval it was told of.
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
for (let count = 0; ; count += 1) {
  const params = { text: String(count) };
  const operation = host.plan({ engineId: PROBE, operation: 'probe.run', params, capabilities: ['fs.read:inputs'] });
  const { errors } = await host.execute(operation);
  writeSync(1, `${/[0-9a-f-]{36}/.exec(errors[0]?.message ?? '')?.[0] ?? 'none'}\n`);
}
