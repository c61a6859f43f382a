// `npm start [-- <dir>]`: sets this checkout up, then scans a directory (default: this repository). Runs on any Node >= 20.
import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, install } from './setup.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
// npm runs scripts in the root; a relative path means the directory the person is in.
const from = process.env.INIT_CWD ?? process.cwd();
const [first, ...rest] = process.argv.slice(2);
const hasPath = first !== undefined && !first.startsWith('-');
const options = hasPath ? rest : process.argv.slice(2);
// There is no advisory database yet, and a scan for vulnerabilities without one is no pass.
const checks = options.length === 0 ? ['--only', 'sbom,license,secret'] : [];
const args = [hasPath ? resolve(from, first) : '.', ...options, ...checks];

install();
build();
const { status, error } = spawnSync('./mex', ['scan', ...args], { cwd: root, stdio: 'inherit' });
if (error) console.error(`mex: could not run ${join(root, 'mex')}: ${error.message}`);
if (!args.includes('--format=json') && args[args.indexOf('--format') + 1] !== 'json') {
  console.error(`\nTry next, in ${root}`);
  console.error('  ./mex help     ./mex db import <OSV dumps>, then ./mex scan <any directory>     ./mex engines list');
}
process.exit(status ?? 1);
