import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_GOVERNANCE, loadPolicy } from '@mex/host';
import { afterAll, describe, expect, it } from 'vitest';

const home = mkdtempSync(join(tmpdir(), 'mex-governance-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

describe('governance in policy.json', () => {
  const load = async (governance: unknown): Promise<unknown> => {
    const file = join(home, 'policy.json');
    writeFileSync(file, JSON.stringify({ schema_version: 'mex.policy@1.0', governance }));
    return loadPolicy(file).then(
      ({ policy }) => policy.governance,
      (error: unknown) => String(error),
    );
  };

  it('is read with the contract as its base', async () => {
    const approvals = [{ when: { capability: 'proc.exec' }, approvals: 2, reason: 'Programs want two.' }];
    expect(await load({ automation_level: 'SUPERVISED', approvals })).toMatchObject({
      automationLevel: 'HYBRID',
      table: DEFAULT_GOVERNANCE.table,
      approvals: [{ when: { capability: 'proc.exec' }, gateType: 'CapabilityUse', approvals: 2, approvers: [] }],
    });
  });

  it.each([
    [{ automation_level: 'FULL' }, 'automation_level'],
    [
      { gates: { SpecApproval: { FULL_HUMAN: 'human', HYBRID: { auto_at: 0.1 }, AUTONOMOUS: 'auto' } } },
      'stricter, not looser',
    ],
    [{ gates: { Own: { FULL_HUMAN: 'human', HYBRID: 'maybe', AUTONOMOUS: 'auto' } } }, 'auto_at'],
    [{ approvals: [{ when: {}, reason: 'x' }] }, 'name at least one of'],
    [{ approvals: [{ when: { capability: 'fs.fly' }, reason: 'x' }] }, 'known capability'],
    [{ approvals: [{ when: { actor: 'a' }, gate_type: 'Nothing', reason: 'x' }] }, 'no row of gates'],
    [
      { approvals: [{ when: { actor: 'a' }, approvals: 2, approvers: ['os:ada', 'os:ada'], reason: 'x' }] },
      'fewer approvers',
    ],
  ])('%j is refused in words', async (governance, words) => {
    expect(await load(governance)).toContain(words);
  });
});
