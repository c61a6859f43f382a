import { join, resolve } from 'node:path';
import type { PolicyCheck, PolicyRemark } from '@mex/host';
import type { CommandRun } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { bold, dim, green, red, yellow } from '../output/style.ts';
import type { Terminal } from '../output/terminal.ts';
import { plural } from '../output/units.ts';

/** `mex policy check [<file>]`: is it usable, and what in it is dangerous. Opens and changes nothing else. */
export const checkPolicy: CommandRun = async (invocation, terminal) => {
  const named = invocation.arguments.get('file');
  const { checkPolicyFile } = await import('@mex/host');
  const file = named ?? join(resolve(invocation.home), 'policy.json');
  const checked = await checkPolicyFile(file, named !== undefined);
  terminal.document(checked);
  print(terminal, checked);
  return checked.valid ? EXIT.done : EXIT.usage;
};

function print(terminal: Terminal, { source, valid, sha256, remarks }: PolicyCheck): void {
  terminal.line(bold('policy '), source, ...(sha256 === undefined ? [] : [dim(`  sha256 ${sha256.slice(0, 12)}…`)]));
  if (source === 'built-in') terminal.line(dim('  there is no policy.json in this home'));
  for (const remark of remarks) printRemark(terminal, remark);
  const errors = remarks.filter(({ severity }) => severity === 'error').length;
  const warnings = plural(remarks.length - errors, 'warning');
  if (!valid) terminal.line(red('It cannot be used: '), `${plural(errors, 'error')}. Hosts refuse to start with it.`);
  else if (remarks.length > 0) terminal.line(green('It can be used'), `, with ${warnings}.`);
  else terminal.line(green('It can be used'), ', and nothing in it is known to be dangerous.');
}

function printRemark(terminal: Terminal, { severity, setting, message, remedy, line, column }: PolicyRemark): void {
  const place = line === undefined || column === undefined ? '' : `line ${line}, column ${column}  `;
  const label = severity === 'error' ? red('error  ') : yellow('warning');
  terminal.line('  ', label, '  ', dim(place), bold(setting), setting === '' ? '' : '  ', message);
  if (remedy !== undefined) terminal.line('           → ', remedy);
}
