import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { argumentText, type CommandRun, optionText } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { chooseNames } from '../new-engine/engine-names.ts';
import { findPacked } from '../new-engine/packed-packages.ts';
import { writeTemplate } from '../new-engine/write-template.ts';
import { quoteForShell } from '../output/hint.ts';
import { bold, dim } from '../output/style.ts';
import { usageError } from '../usage-error.ts';

/** `mex new engine <dir>`: an engine package outside of MEX, that builds, passes its tests and certifies as it is. */
export const newEngine: CommandRun = (invocation, terminal) => {
  const dir = argumentText(invocation, 'dir');
  const names = chooseNames(dir, optionText(invocation, 'id'), optionText(invocation, 'name'));
  verifyEmpty(dir);
  const sdk = optionText(invocation, 'sdk');
  const packed = sdk === undefined ? undefined : findPacked(sdk, dir);
  mkdirSync(dir, { recursive: true });
  const files = writeTemplate(dir, names, packed);
  const next = [`cd ${quoteForShell(dir)} && npm install`, 'npm test && npm run build', 'npm run certify'];
  terminal.document({ directory: resolve(dir), engine_id: names.id, package: names.packageName, files, next });
  terminal.line('Wrote ', bold(names.id), ` to ${dir}: ${files.length} files of the package ${names.packageName}`);
  terminal.line(dim('  what it does   '), 'src/engine.ts');
  terminal.line(dim('  what it must   '), 'conformance/');
  if (packed !== undefined && !packed.has('@mex/cli')) {
    terminal.note('mex: no packed @mex/cli is beside the SDK: the new package has no mex of its own');
  }
  terminal.line('Next:');
  for (const command of next) terminal.line('  ', command);
  return EXIT.done;
};

/** What somebody has in a directory is never written over. A repository that was just made is empty. */
function verifyEmpty(dir: string): void {
  if (!existsSync(dir)) return;
  if (!statSync(dir).isDirectory()) throw usageError(`${dir} is a file.`, 'Name a directory that does not exist yet.');
  if (readdirSync(dir).every((name) => name === '.git')) return;
  throw usageError(`${dir} is not empty.`, 'Name a directory that does not exist yet, or is empty.');
}
