import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));

it('[§12] plays it through: denied, held, approved, applied, killed, recovered, [§14 L] rolled back, and recorded', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'mex-governed-refactor-test-'));
  try {
    const { stdout } = await promisify(execFile)(process.execPath, ['--conditions=@mex/source', main, directory]);
    const lines = stdout.split('\n').map((line) => line.trim());
    for (const line of [
      '1. all 120 files at once: POLICY_CHANGE_BUDGET_EXCEEDED',
      '2. 20 of them: APPROVAL_REQUIRED',
      '3. after a person approved: applied',
      '4. the other 100: APPROVAL_REQUIRED',
      '6. after a restart the tree is as it was before the crash: true',
      '7. rolled back 20 files; byte for byte as at first: true',
      '8. the log verifies: true',
    ]) {
      expect(lines).toContain(line);
    }
    expect(stdout).toMatch(/^5\. killed while it was writing: true/m);
    const story = lines.slice(lines.findIndex((line) => line.startsWith('9. ')) + 1).join('\n');
    const order = [
      'run.opened',
      'change_set.refused POLICY_CHANGE_BUDGET_EXCEEDED',
      'gov_decision_created',
      'gov_human_intervention_requested',
      'gov_human_intervention_received',
      'gov_decision_applied',
      'change_set.started',
      'editor_edit × 20',
      'change_set.ended done',
      'workflow_recovery',
      'change_set.ended undone',
      'editor_edit × 20',
      'change_set.ended done',
    ];
    let at = 0;
    for (const word of order) {
      const found = story.indexOf(word, at);
      expect(found, `${word} after ${at} in\n${story}`).toBeGreaterThanOrEqual(at);
      at = found + word.length;
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}, 60_000);
