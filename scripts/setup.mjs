// Installs what this checkout needs, once per lockfile. Runs on any Node >= 20, before anything is installed.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const stamp = join(root, 'node_modules', '.mex-setup');
const bins = join(root, 'node_modules', '.bin');

/** Environment in which the pinned Node and pnpm come first on PATH. */
export function projectEnv() {
  return {
    ...process.env,
    PATH: `${bins}${delimiter}${process.env.PATH ?? ''}`,
    TURBO_TELEMETRY_DISABLED: '1',
    DO_NOT_TRACK: '1',
  };
}

/** Runs a command in the checkout; on failure ends this process with the command's exit code. */
export function run(command, args, options = {}) {
  try {
    execFileSync(command, args, { cwd: root, stdio: 'inherit', env: projectEnv(), ...options });
  } catch (error) {
    if (error.status === undefined || error.status === null)
      console.error(`mex: could not run ${command}: ${error.message}`);
    process.exit(error.status ?? 1);
  }
}

export function install() {
  const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const wanted = createHash('sha256')
    .update(readFileSync(join(root, 'pnpm-lock.yaml')))
    .update(packageManager)
    .digest('hex');
  let have = '';
  try {
    have = readFileSync(stamp, 'utf8');
  } catch {
    console.error('mex: first run in this checkout: installing dependencies');
  }
  if (have === wanted) return;
  run('npx', ['-y', packageManager, 'install', '--frozen-lockfile', '--reporter=append-only', '--loglevel=warn']);
  writeFileSync(stamp, wanted);
}

/** Where MEX looks for bubblewrap (packages/runtime/src/sandbox/jail/requirements.ts). */
const BWRAP = ['/usr/bin/bwrap', '/bin/bwrap', '/usr/local/bin/bwrap', '/run/current-system/sw/bin/bwrap'];

/**
 * The process tier needs bubblewrap. Where this is a Debian and the user is root, as on CI machines, it is installed;
 * elsewhere it is only asked for: tests of the tier are then skipped, and their names say so.
 */
export function ensureSandbox() {
  if (process.platform !== 'linux' || BWRAP.some((path) => existsSync(path))) return;
  if (process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
    console.error('mex: installing bubblewrap, for the process tier');
    const install = () => aptGet('install', '-y', '--no-install-recommends', 'bubblewrap');
    if (install() || (aptGet('update') && install())) return;
  }
  console.error(
    'mex: bubblewrap is missing: tests of the process tier are skipped. Install it: apt-get install bubblewrap',
  );
}

function aptGet(...args) {
  try {
    execFileSync('apt-get', args, {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
    return true;
  } catch {
    return false;
  }
}

export function build() {
  run('turbo', ['run', 'build', '--output-logs=errors-only', '--no-update-notifier']);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  install();
  ensureSandbox();
  build();
}
