import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { canonicalBytes, MexError } from '@mex/envelope';
import type { Host } from '@mex/host';
import { killHalfWay } from './kill-half-way.ts';
import { ADA, openHome } from './open-home.ts';
import { PLANNER, proposeRename } from './planner.ts';
import { MODULES, writeProject } from './project.ts';
import { treeDigest } from './tree-digest.ts';

const directory = resolve(process.argv[2] ?? mkdtempSync(join(tmpdir(), 'mex-governed-refactor-')));
const home = join(directory, 'home');
const workspace = join(directory, 'project');
mkdirSync(workspace, { recursive: true });
writeProject(workspace);
const original = treeDigest(workspace);

let host = await openHome(home);
try {
  // The operator opens the run: who works in it, where, and how far it may go. The planner cannot.
  const budget = {
    max_runtime_s: 600,
    max_operations: 10,
    max_llm_calls: 10,
    max_llm_tokens: 100_000,
    max_file_writes: 200,
    max_patch_attempts: 10,
  };
  const { definition } = await host.openRun({ actor: PLANNER, workspace, budget });
  const runId = definition.run_id;
  console.log('run', runId);

  const everything = await proposeRename(host.artifacts, workspace, { from: 0, to: MODULES });
  console.log('1. all 120 files at once:', await outcome(host.runs.apply(runId, everything, PLANNER)));

  const some = await proposeRename(host.artifacts, workspace, { from: 0, to: 20 });
  console.log('2. 20 of them:', await outcome(host.runs.apply(runId, some, PLANNER)));
  await approve(host);
  console.log('3. after a person approved:', await outcome(host.runs.apply(runId, some, PLANNER)));
  const refactored = treeDigest(workspace);

  const rest = await proposeRename(host.artifacts, workspace, { from: 20, to: MODULES });
  const bytes = canonicalBytes(rest);
  const { artifact_id } = await host.artifacts.put(bytes, { kind: 'file', mime: 'application/json', created_by: {} });
  console.log('4. the other 100:', await outcome(host.runs.apply(runId, rest, PLANNER)));
  await approve(host);
  await host.close();
  const prepared = await killHalfWay(home, workspace, runId, artifact_id);
  console.log('5. killed while it was writing:', prepared > 0, '— tree whole:', treeDigest(workspace) === refactored);

  host = await openHome(home);
  console.log('6. after a restart the tree is as it was before the crash:', treeDigest(workspace) === refactored);

  const { files } = await host.runs.rollback(runId, PLANNER);
  console.log(`7. rolled back ${files} files; byte for byte as at first:`, treeDigest(workspace) === original);

  console.log('8. the log verifies:', (await host.recorder.verify()).ok);
  console.log(`9. its story (also: mex log list --run ${runId} --home ${home}):`);
  tell(host, runId);
} finally {
  await host.close();
}

async function outcome(applying: Promise<unknown>): Promise<string> {
  try {
    await applying;
    return 'applied';
  } catch (error) {
    if (error instanceof MexError) return error.code;
    throw error;
  }
}

async function approve(open: Host): Promise<void> {
  for (const { approval_id } of open.approvals.list()) await open.approvals.approve(approval_id, ADA);
}

/** Events of the run in their order; equal ones in a row are counted. */
function tell(open: Host, runId: string): void {
  const words = open.recorder.list({ run: runId, limit: 10_000 }).map(({ event }) => {
    if (event.type !== 'system') return event.type;
    const { body } = event;
    const more = 'outcome' in body ? ` ${body.outcome}` : 'code' in body ? ` ${body.code}` : '';
    return `${event.subject}${more}`;
  });
  for (const [index, word] of words.entries()) {
    if (word === words[index - 1]) continue;
    const count = words.slice(index).findIndex((other) => other !== word);
    const times = count === -1 ? words.length - index : count;
    console.log('  ', word, times > 1 ? `× ${times}` : '');
  }
}
