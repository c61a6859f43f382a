import { openConsents } from '@mex/host/governance';
import { type CommandRun, optionCount, optionFlag, optionText } from '../command.ts';
import { consentDocument, consentRow } from '../consent-view.ts';
import { EXIT } from '../exit-codes.ts';
import { openLog } from '../home.ts';
import { hint } from '../output/hint.ts';
import { dim } from '../output/style.ts';

const DEFAULT_LIMIT = 100;

/** `mex grants list` */
export const listGrants: CommandRun = async (invocation, terminal) => {
  const now = Date.now();
  const actorId = optionText(invocation, 'actor');
  const everything = optionFlag(invocation, 'all');
  const recorder = await openLog(invocation);
  try {
    const records = openConsents(recorder).list({
      limit: optionCount(invocation, 'limit') ?? DEFAULT_LIMIT,
      ...(actorId === undefined ? {} : { actorId }),
      ...(everything ? {} : { liveAt: now }),
    });
    terminal.document({ grants: records.map((record) => consentDocument(record, now)) });
    terminal.table(records.map((record) => consentRow(record, now)));
    if (records.length === 0) {
      terminal.line(everything ? 'No consents were given here.' : 'No consents are in force.');
      if (!everything) terminal.line(dim('Also ended ones: '), hint(invocation, 'mex grants list --all'));
    } else terminal.line(dim('End one at once: '), hint(invocation, 'mex grants revoke <id>'));
    return EXIT.done;
  } finally {
    await recorder.close();
  }
};
