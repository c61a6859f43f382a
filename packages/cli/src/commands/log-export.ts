import type { CommandRun } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { openLog } from '../home.ts';

const PAGE = 1_000;

/** `mex log export`: every event in the order of recording, then the newest checkpoint. */
export const exportLog: CommandRun = async (invocation, terminal) => {
  const recorder = await openLog(invocation);
  try {
    for (let after = -1; !terminal.closed; ) {
      const page = recorder.list({ after, limit: PAGE });
      for (const recorded of page) terminal.json(recorded);
      const last = page.at(-1);
      if (last === undefined) break;
      after = last.seq;
    }
    const checkpoint = recorder.latestCheckpoint();
    if (checkpoint !== undefined) terminal.json({ checkpoint });
    return EXIT.done;
  } finally {
    await recorder.close();
  }
};
