import { resolve } from 'node:path';
import type { CommandRun } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { examineGuarantees } from '../guarantees/examine-guarantees.ts';
import { printGuarantees } from '../guarantees/print-guarantees.ts';
import { hint } from '../output/hint.ts';

/** `mex guarantees`: checks A to L of CONTRACT §14 on the spot, with evidence. Changes nothing of the home. */
export const guarantees: CommandRun = async (invocation, terminal) => {
  terminal.progress('trying what must be refused');
  const report = await examineGuarantees(resolve(invocation.home), process.cwd());
  terminal.document(report);
  printGuarantees(terminal, report, hint(invocation, 'mex policy check'));
  return report.ok ? EXIT.done : EXIT.blocked;
};
