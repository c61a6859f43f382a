// Stands in for npm in the test of the tutorial: `npm install` without a registry; everything else is npm's.
import { spawnSync } from 'node:child_process';
import { delimiter, dirname } from 'node:path';
import { installFromPacked } from './packed-packages.ts';

const args = process.argv.slice(2);
if (args.join(' ') === 'install') {
  installFromPacked(process.cwd(), process.env['MEX_TEST_PACKED'] ?? '');
} else {
  // The first directory of the path is where this stand-in is.
  const [own = '', ...path] = (process.env['PATH'] ?? '').split(delimiter);
  const env = { ...process.env, PATH: [dirname(process.execPath), ...path, own].join(delimiter) };
  process.exitCode = spawnSync('npm', args, { stdio: 'inherit', env }).status ?? 1;
}
