import { EVENT_IDS } from '@mex/envelope';
import { argumentText, type CommandRun } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { openLog } from '../home.ts';
import { bold, dim } from '../output/style.ts';
import { printValue } from '../output/value.ts';
import { usageError } from '../usage-error.ts';

/** `mex log show <event_id>` */
export const showEvent: CommandRun = async (invocation, terminal) => {
  const id = argumentText(invocation, 'event_id');
  const recorder = await openLog(invocation);
  try {
    const recorded = recorder.get(id);
    if (recorded === undefined) {
      throw usageError(`There is no event ${id}.`, 'See the ids with: mex log list --format json', 'CLI_NOT_FOUND');
    }
    terminal.document(recorded);
    const { event, seq } = recorded;
    terminal.line(bold(event.type), dim(`  ${EVENT_IDS[event.type] ?? ''}  position ${seq}`));
    printValue(terminal, event);
    return EXIT.done;
  } finally {
    await recorder.close();
  }
};
