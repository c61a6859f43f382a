import { type CommandRun, optionCount, optionText } from '../command.ts';
import { eventRow } from '../event-view.ts';
import { EXIT } from '../exit-codes.ts';
import { openLog } from '../home.ts';
import { readFilter } from '../log-filter.ts';
import { dim } from '../output/style.ts';
import { parseSince } from '../time-option.ts';

const DEFAULT_LIMIT = 50;

/** `mex log list`: the newest events that fit, in the order of recording. */
export const listLog: CommandRun = async (invocation, terminal) => {
  const since = optionText(invocation, 'since');
  const filter = {
    ...readFilter(invocation),
    ...(since === undefined ? {} : { since: parseSince(since, Date.now()) }),
  };
  const limit = optionCount(invocation, 'limit') ?? DEFAULT_LIMIT;
  const recorder = await openLog(invocation);
  try {
    const events = recorder.list({ ...filter, limit, order: 'newest' }).reverse();
    terminal.document({ events });
    terminal.table(
      events.map(({ seq, event }) => eventRow(seq, event)),
      { right: [1] },
    );
    if (events.length === 0) terminal.line(dim('No event fits.'));
    const first = events[0]?.seq ?? 0;
    if (events.length === limit && first > 0) terminal.note(dim(`The newest ${limit}; more with --limit.`));
    return EXIT.done;
  } finally {
    await recorder.close();
  }
};
