import type { RunActor, RunView } from '@mex/runs';
import { argumentText, type CommandRun, optionText } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { withHost } from '../home.ts';
import { hint } from '../output/hint.ts';
import { dim } from '../output/style.ts';
import { runDocument, runRow } from '../run-view.ts';

type Step = 'pause' | 'resume' | 'cancel';

/** What it means, for whoever did it. */
const WORDS: Record<Step, string> = {
  pause: 'No new operation begins in it; what runs is let run.',
  resume: 'Operations may begin in it again.',
  cancel: 'For good. What runs in it is ended within a quarter of a second, whichever process runs it.',
};

/** `mex runs pause|resume|cancel <id>`: recorded; every process that works in the run sees it there. */
export const changeRun =
  (step: Step): CommandRun =>
  async (invocation, terminal) => {
    const id = argumentText(invocation, 'id');
    const reason = optionText(invocation, 'reason');
    const run = await withHost(invocation, (host) => {
      const steps: Record<Step, (id: string, by: RunActor, reason?: string) => Promise<RunView>> = host.runs;
      return steps[step](id, host.caller, reason);
    });
    terminal.document(runDocument(run));
    terminal.table([runRow(run)]);
    terminal.line(dim(WORDS[step]));
    if (step === 'pause') {
      terminal.line(dim('Next: '), hint(invocation, `mex runs resume ${run.definition.run_id.slice(0, 8)}`));
    }
    return EXIT.done;
  };
