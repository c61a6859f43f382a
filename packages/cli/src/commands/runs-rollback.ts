import { argumentText, type CommandRun, optionFlag } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { withHost } from '../home.ts';
import { green, yellow } from '../output/style.ts';

/** `mex runs rollback <id>` */
export const rollbackRun: CommandRun = async (invocation, terminal) => {
  const id = argumentText(invocation, 'id');
  const force = optionFlag(invocation, 'force');
  const { files, overwritten, runId } = await withHost(invocation, async (host) => ({
    ...(await host.runs.rollback(id, host.caller, { force })),
    runId: host.runs.show(id).definition.run_id,
  }));
  terminal.document({ run_id: runId, status: files === 0 ? 'nothing' : 'rolled_back', files, overwritten });
  if (files === 0) terminal.line('Nothing to put back: the run has changed nothing that was not put back already.');
  else terminal.line(green('rolled back'), `  ${files} files`);
  for (const path of overwritten) terminal.line(yellow('overwritten '), path);
  return EXIT.done;
};
