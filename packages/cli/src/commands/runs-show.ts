import { createRuns } from '@mex/runs';
import { argumentText, type CommandRun } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { openLog } from '../home.ts';
import { hint } from '../output/hint.ts';
import { bold, dim, yellow } from '../output/style.ts';
import { modelUse, printBudget, printModels, runDocument, runRow } from '../run-view.ts';

/** `mex runs show <id>` */
export const showRun: CommandRun = async (invocation, terminal) => {
  const recorder = await openLog(invocation);
  try {
    const run = createRuns({ recorder, requireBudget: false }).show(argumentText(invocation, 'id'));
    const changes = run.changes.map(({ changeId, direction, state, startedAt, changeSetSha256, snapshotSha256 }) => ({
      change_id: changeId,
      direction,
      state,
      started_at: new Date(startedAt).toISOString(),
      change_set_sha256: changeSetSha256,
      snapshot_sha256: snapshotSha256,
    }));
    const { run_id, automation_level } = run.definition;
    const models = modelUse(recorder, run_id);
    terminal.document({ ...runDocument(run), models, changes });
    terminal.line(bold(run_id), dim(`  ${automation_level}`));
    terminal.table([runRow(run).slice(1)], { indent: 2 });
    printBudget(terminal, run, Date.now());
    printModels(terminal, models);
    terminal.table(
      changes.map(({ direction, state, started_at, change_set_sha256 }) => [
        `  ${direction}`,
        state,
        started_at,
        dim(change_set_sha256.slice(0, 12)),
      ]),
    );
    if (changes.some(({ state }) => state === 'active')) {
      // Looking puts nothing back; whatever opens the home to work in it does.
      terminal.line(
        yellow('A change is under way, or its process died half way.'),
        ' The next command that works in this',
      );
      terminal.line(
        'home ends what a dead one left, e.g. ',
        hint(invocation, `mex runs rollback ${run_id.slice(0, 8)}`),
      );
    }
    terminal.line(dim('Its story: '), hint(invocation, `mex log list --run ${run_id}`));
    if (changes.some(({ state }) => state === 'applied')) {
      terminal.line(dim('Undo it:   '), hint(invocation, `mex runs rollback ${run_id.slice(0, 8)}`));
    }
    return EXIT.done;
  } finally {
    await recorder.close();
  }
};
