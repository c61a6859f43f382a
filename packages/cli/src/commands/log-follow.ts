import type { CommandRun } from '../command.ts';
import { eventRow } from '../event-view.ts';
import { EXIT } from '../exit-codes.ts';
import { openLog } from '../home.ts';
import { onInterrupt } from '../interrupt.ts';
import { readFilter } from '../log-filter.ts';
import { dim } from '../output/style.ts';

/** `mex log follow`: until Ctrl-C, which is how it ends and no failure; or until nobody reads any more. */
export const followLog: CommandRun = async (invocation, terminal) => {
  const filter = readFilter(invocation);
  const recorder = await openLog(invocation);
  const interrupt = onInterrupt(terminal, '');
  terminal.note(dim('Following; end with Ctrl-C.'));
  try {
    for await (const { seq, event } of recorder.follow({ ...filter, signal: interrupt.signal })) {
      if (terminal.format === 'json') terminal.json({ seq, event });
      else terminal.table([eventRow(seq, event)]);
      terminal.flush();
      if (terminal.closed) break;
    }
    return EXIT.done;
  } finally {
    interrupt.stop();
    await recorder.close();
  }
};
