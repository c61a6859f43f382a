import type { CommandRun } from '../command.ts';
import { examine } from '../doctor/examination.ts';
import { printExamination } from '../doctor/print-examination.ts';
import { EXIT } from '../exit-codes.ts';
import { openRegistry } from '../home.ts';

/** `mex doctor`: tries every tier on this machine, live, and looks at what operations will meet. Records nothing. */
export const doctor: CommandRun = async (invocation, terminal) => {
  terminal.progress('trying to get out of every sandbox');
  const examination = await examine(invocation.home, await openRegistry(invocation));
  terminal.document(examination);
  printExamination(terminal, examination);
  if (!examination.intact) return EXIT.integrity;
  return examination.ok ? EXIT.done : EXIT.blocked;
};
